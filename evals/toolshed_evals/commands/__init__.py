"""The commands of ``toolshed eval``, one file each."""

from toolshed_evals.commands.group import evaluate

__all__ = ["evaluate"]
