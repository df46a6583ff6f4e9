"""The command ``toolshed cost export``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolshed.commands.cost.books import Books, books_options
from toolshed.commands.output import say

if TYPE_CHECKING:
    from toolshed.economics.ledger.export import ExportFormat


@click.command()
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--format", "kind", default="csv", show_default=True, type=click.Choice(["csv", "parquet"]))
@books_options
def export(books: Books, folder: str, kind: "ExportFormat") -> None:
    """Write tasks, decisions, calls and outcomes into FOLDER, a file each.

    \b
    Example:
      toolshed cost export ./books --format parquet
    """
    from toolshed.economics.ledger.export import export_ledger

    with books.opened() as account:
        for path in export_ledger(account.ledger, Path(folder), kind=kind):
            say(path)
