"""All functions of a world."""

from collections.abc import Callable, Mapping
from typing import Any

from toolshed_evals.agents.functions.business import Business
from toolshed_evals.agents.functions.desk import Desk
from toolshed_evals.agents.functions.home import Home
from toolshed_evals.agents.functions.measures import Measures
from toolshed_evals.agents.functions.money import Money
from toolshed_evals.agents.functions.office import Office
from toolshed_evals.agents.world import World


def functions_of(world: World) -> Mapping[str, Callable[..., Any]]:
    """The functions by their names; they stay those of the world when it is reset."""
    parts = (Office(world), Desk(world), Business(world), Money(world), Home(world), Measures())
    return {
        name: getattr(part, name)
        for part in parts
        for name, value in vars(type(part)).items()
        if callable(value) and not name.startswith("_")
    }
