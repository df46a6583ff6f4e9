"""The commands ``toolshed cost ...``, one file each."""

from toolshed.commands.cost.group import cost

__all__ = ["cost"]
