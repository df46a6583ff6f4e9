"""The command ``toolshed cost outcome``."""

from typing import TYPE_CHECKING

import click

from toolshed.commands.cost.books import Books, books_options
from toolshed.commands.output import say

if TYPE_CHECKING:
    from toolshed.economics.ledger.records import OutcomeSource
    from toolshed.economics.running.terms import OutcomeDetails


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
@click.option("--outcome-id", help="Id of the report; the same report under it is one, however often sent.")
@books_options
def outcome(
    books: Books,
    task: str,
    passed: bool,
    decision: str | None,
    source: "OutcomeSource",
    outcome_id: str | None,
) -> None:
    """Report whether TASK passed; a later report revises an earlier one.

    \b
    Example:
      toolshed cost outcome 3f0c2a... --failed --source human
    """
    with books.opened() as account:
        details: OutcomeDetails = {"decision_id": decision, "source": source}
        if outcome_id is not None:
            details["outcome_id"] = outcome_id
        booked = account.report(task, passed, **details)
    say(f"booked as {booked.outcome_id}")
