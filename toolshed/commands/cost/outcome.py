"""The command ``toolshed cost outcome``."""

from typing import TYPE_CHECKING

import click

from toolshed.commands.cost.books import Books, books_options
from toolshed.commands.output import say

if TYPE_CHECKING:
    from toolshed.economics.ledger.records import OutcomeSource


@click.command()
@click.argument("task")
@click.option("--passed/--failed", required=True, help="What came of it.")
@click.option("--decision", help="Id of one attempt, when the outcome is not that of the whole task.")
@click.option(
    "--source",
    default="human",
    show_default=True,
    type=click.Choice(["test", "schema", "user", "judge", "golden", "human"]),
    help="Who says so.",
)
@books_options
def outcome(books: Books, task: str, passed: bool, decision: str | None, source: "OutcomeSource") -> None:
    """Report whether TASK passed; a later report revises an earlier one.

    \b
    Example:
      toolshed cost outcome 3f0c2a... --failed --source human
    """
    with books.opened() as account:
        booked = account.report(task, passed, decision_id=decision, source=source)
    say(f"booked as {booked.outcome_id}")
