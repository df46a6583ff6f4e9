"""The group ``toolshed cost``: what was spent, what it bought, and what another choice would have."""

import click

from toolshed.commands.cost.checker import checker
from toolshed.commands.cost.explain import explain
from toolshed.commands.cost.export import export
from toolshed.commands.cost.outcome import outcome
from toolshed.commands.cost.replay import replay
from toolshed.commands.cost.report import report
from toolshed.commands.cost.select import select


@click.group()
def cost() -> None:
    """What model calls cost, what they passed, and which backbone makes a pass cheapest.

    \b
    Examples:
      toolshed cost report --by model
      toolshed cost explain TASK
      toolshed cost replay bfcl_2024-08-11 --policies ours,thompson,best_single
    """


for _command in (checker, explain, export, outcome, replay, report, select):
    cost.add_command(_command)
