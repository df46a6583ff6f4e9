"""The command ``toolshed cost report``."""

from datetime import UTC, datetime
from pathlib import Path

import click

from toolshed.commands.cost.books import Books, books_options
from toolshed.commands.cost.replay import data_folder, tell_left_out
from toolshed.commands.output import print_json, progress_bar, say


@click.command()
@click.option(
    "--by",
    default="model",
    show_default=True,
    type=click.Choice(["model", "class", "pipeline", "tenant"]),
    help="What is a row.",
)
@click.option("--tenant", help="Only this tenant.")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="Only tasks since then, in UTC."
)
@click.option(
    "--human",
    type=click.FloatRange(min=0, min_open=True),
    help="Dollars that a human costs on a problem; bounds the frontier.",
)
@click.option("--table", help="Report on an outcome table instead, as in 'toolshed cost replay'.")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False),
    help="Also draw pass rate over cost into this file; of a --table with our policy, replayed on it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@books_options
def report(
    books: Books,
    by: str,
    tenant: str | None,
    since: datetime | None,
    human: float | None,
    table: str | None,
    plot: str | None,
    as_json: bool,
) -> None:
    """What was spent, and what a pass cost: mean cost over pass rate, with a bootstrap interval.

    \b
    Examples:
      toolshed cost report --by class
      toolshed cost report --human 2.50 --plot costs.png
      toolshed cost report --table bfcl_2024-08-11 --json
    """
    from toolshed.economics.replay.tables import named_table, read_table
    from toolshed.economics.reporting.report import build_report, table_report

    outcomes = None if table is None else read_table(named_table(table, data_folder()))
    if outcomes is not None:
        tell_left_out(outcomes)
        made = table_report(outcomes, human_usd=human)
    else:
        began = None if since is None else since.replace(tzinfo=UTC)
        with books.opened() as account:
            made = build_report(account.ledger, by=by, tenant=tenant, since=began, human_usd=human)
    if plot is not None:
        from toolshed.economics.reporting.plots import plot_report, replayed_policy

        with progress_bar("replaying") as progress:
            policies = [] if outcomes is None else replayed_policy(outcomes, progress=progress)
        plot_report(made, Path(plot), policies=policies)
    if as_json:
        print_json(made.to_json())
    else:
        say(made.to_text())
