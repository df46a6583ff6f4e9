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
    type=click.Choice(["model", "class", "pipeline", "tenant", "team", "day"]),
    help="What is a row.",
)
@click.option("--tenant", help="Only this tenant.")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="Only tasks since then, in UTC."
)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="Only tasks before then, in UTC."
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
    help="Also draw into this file: pass rate over cost with our policy, or spend over time with --by day.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@books_options
def report(
    books: Books,
    by: str,
    tenant: str | None,
    since: datetime | None,
    until: datetime | None,
    human: float | None,
    table: str | None,
    plot: str | None,
    as_json: bool,
) -> None:
    """What was spent, and what a pass cost: mean cost over pass rate, with an interval where enough is known.

    \b
    Examples:
      toolshed cost report --by class
      toolshed cost report --by day --since 2026-11-01 --until 2026-12-01 --plot spend.png
      toolshed cost report --human 2.50 --plot costs.png
      toolshed cost report --table bfcl_2024-08-11 --json
    """
    from toolshed.economics.replay.tables import named_table, read_table
    from toolshed.economics.reporting.plots import plot_report, policy_as_run, replayed_policy
    from toolshed.economics.reporting.report import build_report, table_report
    from toolshed.economics.reporting.trials import Scope

    if table is not None and (tenant or since or until):
        raise click.UsageError("--tenant, --since and --until are of the ledger; leave them out with --table")
    outcomes = None if table is None else read_table(named_table(table, data_folder()))
    if outcomes is not None:
        tell_left_out(outcomes)
        made = table_report(outcomes, human_usd=human)
    else:
        scope = Scope(tenant, _utc(since), _utc(until))
        with books.opened() as account:
            made = build_report(
                account.ledger, by=by, tenant=tenant, since=scope.since, until=scope.until, human_usd=human
            )
            policies = policy_as_run(account.ledger, scope) if plot is not None and by == "model" else []
    if plot is not None:
        if outcomes is not None:
            with progress_bar("replaying") as progress:
                policies = replayed_policy(outcomes, progress=progress)
        plot_report(made, Path(plot), policies=policies)
    if as_json:
        print_json(made.to_json())
    else:
        say(made.to_text())


def _utc(told: datetime | None) -> datetime | None:
    return None if told is None else told.replace(tzinfo=UTC)
