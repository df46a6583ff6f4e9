"""The command ``toolshed cost explain``."""

from typing import Any

import click

from toolshed.commands.cost.books import Books, books_options
from toolshed.commands.output import print_json, say


@click.command()
@click.argument("task")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@books_options
def explain(books: Books, task: str, as_json: bool) -> None:
    """What was decided for TASK and why, what it cost, and what came of it.

    \b
    Example:
      toolshed cost explain 3f0c2a...
    """
    from toolshed.economics.reporting.explain import explain_task

    with books.opened() as account:
        if as_json:
            print_json(_readable(account.ledger.task(task)))
        else:
            say(explain_task(account.ledger, task))


def _readable(value: Any) -> Any:
    """Money and times as text."""
    if isinstance(value, dict):
        return {key: _readable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_readable(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
