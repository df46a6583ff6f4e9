"""All tasks."""

from toolshed_evals.agents.sets.multi import MULTI
from toolshed_evals.agents.sets.single import SINGLE
from toolshed_evals.agents.sets.unserved import UNSERVED

TASKS = (*SINGLE, *MULTI, *UNSERVED)
