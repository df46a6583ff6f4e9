"""The commands ``toolshed cost ...``: what was spent, what it bought, and what another choice would have."""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from toolshed.commands.output import print_json, progress_bar
from toolshed.errors import SourceError

if TYPE_CHECKING:
    from toolshed.economics.replay.simulation import StreamOptions, StreamResult
    from toolshed.economics.replay.tables import OutcomeTable
    from toolshed.economics.running.account import CostAccount

    Results = dict[str, dict[str, list[StreamResult]]]

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group()
def cost() -> None:
    """What model calls cost, what they passed, and which backbone makes a pass cheapest.

    \b
    Examples:
      toolshed cost report --by model
      toolshed cost explain TASK
      toolshed cost replay bfcl_2024-08-11 --policies ours,thompson,best_single
    """


def _ledger_options(command: Command) -> Callable[..., Any]:
    """Where the ledger is; arrives as the argument ``at``."""

    @click.option(
        "--kb",
        default="./shed",
        show_default=True,
        envvar="TOOLSHED_KB",
        help="Folder of the knowledge base; its ledger.db is read.",
    )
    @click.option("--ledger", envvar="TOOLSHED_LEDGER", help="Another ledger: a file or a SQLAlchemy URL.")
    @click.option(
        "--prices",
        envvar="TOOLSHED_PRICES",
        type=click.Path(dir_okay=False),
        help="Price file, beside the public list.",
    )
    @functools.wraps(command)
    def with_options(*, kb: str, ledger: str | None, prices: str | None, **options: Any) -> Any:
        return command(at=(ledger or str(Path(kb) / "ledger.db"), prices), **options)

    return with_options


@contextmanager
def _opened(at: tuple[str, str | None], *, tenant: str | None = None) -> "Iterator[CostAccount]":
    """The account of a ledger that exists."""
    from toolshed.economics.ledger.ledger import Ledger
    from toolshed.economics.prices.pricing import PriceSheet
    from toolshed.economics.running.account import CostAccount

    location, prices = at
    if "://" not in location and not Path(location).is_file():
        raise SourceError(
            f"there is no ledger at {location!r}; it is made by the first task that is booked. Name another "
            "with --ledger, or its knowledge base with --kb"
        )
    sheet = PriceSheet() if prices is None else PriceSheet.from_file(prices)
    account = CostAccount(Ledger(location), sheet, tenant or "default")
    try:
        yield account
    finally:
        account.close()


@cost.command()
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
@_ledger_options
def report(
    at: tuple[str, str | None],
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

    outcomes = None if table is None else read_table(named_table(table, _data_folder()))
    if outcomes is not None:
        made = table_report(outcomes, human_usd=human)
    else:
        began = None if since is None else since.replace(tzinfo=UTC)
        with _opened(at) as account:
            made = build_report(account.ledger, by=by, tenant=tenant, since=began, human_usd=human)
    if plot is not None:
        from toolshed.economics.reporting.plots import plot_report, replayed_policy

        with progress_bar("replaying") as progress:
            policies = [] if outcomes is None else replayed_policy(outcomes, progress=progress)
        plot_report(made, Path(plot), policies=policies)
    if as_json:
        print_json(made.to_json())
    else:
        click.echo(made.to_text())


@cost.command()
@click.argument("task")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_ledger_options
def explain(at: tuple[str, str | None], task: str, as_json: bool) -> None:
    """What was decided for TASK and why, what it cost, and what came of it.

    \b
    Example:
      toolshed cost explain 3f0c2a...
    """
    from toolshed.economics.reporting.explain import explain_task

    with _opened(at) as account:
        if as_json:
            print_json(_readable(account.ledger.task(task)))
        else:
            click.echo(explain_task(account.ledger, task))


def _readable(value: Any) -> Any:
    """Money and times as text."""
    if isinstance(value, dict):
        return {key: _readable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_readable(one) for one in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


@cost.command()
@click.argument("task_class")
@click.argument("models", nargs=-1, required=True)
@click.option("--failure-price", type=click.FloatRange(min=0), help="Dollars that a failed task costs.")
@click.option(
    "--floor",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Pass rate that a model must be certified at.",
)
@click.option("--incumbent", help="Model to use while none is certified.")
@click.option("--input-tokens", type=click.IntRange(min=0), help="Tokens of the prompt, if known.")
@click.option("--check", type=click.FloatRange(min=0), help="Dollars of a check that allows another attempt.")
@click.option("--tenant", help="Whose evidence counts.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_ledger_options
def select(
    at: tuple[str, str | None],
    task_class: str,
    models: tuple[str, ...],
    failure_price: float | None,
    floor: float | None,
    incumbent: str | None,
    input_tokens: int | None,
    check: float | None,
    tenant: str | None,
    as_json: bool,
) -> None:
    """Which of MODELS would be called for a task of TASK_CLASS, and why. Books nothing.

    \b
    Examples:
      toolshed cost select billing gpt-4o-mini gpt-4o --failure-price 0.05
      toolshed cost select billing gpt-4o-mini gpt-4o --floor 0.9 --incumbent gpt-4o
    """
    from decimal import Decimal

    from toolshed.economics.choosing.candidates import StepFeatures

    features = StepFeatures(
        input_tokens=input_tokens, check_usd=None if check is None else Decimal(str(check))
    )
    with _opened(at, tenant=tenant) as account:
        chosen = account.select(task_class, models, features, floor, failure_price, incumbent=incumbent)
    if as_json:
        print_json(
            {
                "model": chosen.model,
                "cascade": list(chosen.cascade),
                "cost_usd": chosen.cost_usd,
                "pass_probability": chosen.pass_probability,
                "propensity": chosen.propensity,
                "is_explored": chosen.is_explored,
                "reason": chosen.reason,
                "candidates": [asdict(one) for one in chosen.weighed],
            }
        )
        return
    click.echo(chosen.reason)
    width = max(len(one.arm) for one in chosen.weighed)
    for one in chosen.weighed:
        click.echo(
            f"  {one.arm:<{width}}  {one.verdict:<13}  ${one.cost_usd:.6f}  "
            f"passes {one.pass_probability:>6.1%}  in all ${one.expected_usd:.6f}  "
            f"chosen {one.probability:>6.1%}" + (f"  {one.why_not}" if one.why_not else "")
        )


@cost.command()
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
@_ledger_options
def outcome(at: tuple[str, str | None], task: str, passed: bool, decision: str | None, source: Any) -> None:
    """Report whether TASK passed; a later report revises an earlier one.

    \b
    Example:
      toolshed cost outcome 3f0c2a... --failed --source human
    """
    with _opened(at) as account:
        booked = account.report(task, passed, decision_id=decision, source=source)
    click.echo(f"booked as {booked.outcome_id}")


@cost.command()
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--format", "kind", default="parquet", show_default=True, type=click.Choice(["parquet", "csv"]))
@_ledger_options
def export(at: tuple[str, str | None], folder: str, kind: Literal["parquet", "csv"]) -> None:
    """Write tasks, decisions, calls and outcomes into FOLDER, a file each.

    \b
    Example:
      toolshed cost export ./books --format csv
    """
    from toolshed.economics.ledger.export import export_ledger

    with _opened(at) as account:
        for path in export_ledger(account.ledger, Path(folder), kind=kind):
            click.echo(path)


def _data_folder() -> Path:
    return Path(os.environ.get("TOOLSHED_DATA", "data"))


def _names(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> list[str]:
    """Names given as several options, or separated by commas; hyphens and underscores are alike."""
    return [name.strip().replace("-", "_") for one in value for name in one.split(",") if name.strip()]


def _models(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[str]:
    return [name.strip() for name in (value or "").split(",") if name.strip()]


def _pair(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, str] | None:
    if value is None:
        return None
    left, equals, right = value.partition("=")
    if not equals or not left or not right:
        raise click.BadParameter(f"{value!r} is not of the form ARM=VALUE")
    return left, right


@cost.command()
@click.argument("table")
@click.option(
    "--policies",
    multiple=True,
    default=["ours,best_single,per_class_best,cheapest,random,thompson"],
    show_default=True,
    callback=_names,
    metavar="NAME,...",
    help="Policies to compare; also 'paretobandit', where that package is installed.",
)
@click.option("--scenarios", multiple=True, default=["stationary,drift"], show_default=True, callback=_names)
@click.option("--arms", callback=_models, metavar="MODEL,...", help="Models on offer.")
@click.option("--seeds", default=12, show_default=True, type=click.IntRange(1, 1000), help="Streams to run.")
@click.option("--first-seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option("--requests", default=3400, show_default=True, type=click.IntRange(1, 1_000_000))
@click.option(
    "--delay",
    default=50,
    show_default=True,
    type=click.IntRange(min=1),
    help="Requests until an outcome is seen.",
)
@click.option(
    "--failure-price",
    default=0.05,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Dollars that a failure costs.",
)
@click.option(
    "--golden",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Queries run on all arms first.",
)
@click.option(
    "--drift", callback=_pair, metavar="ARM=MODEL", help="From half time ARM passes what MODEL passes."
)
@click.option(
    "--price-change",
    callback=_pair,
    metavar="ARM=FACTOR",
    help="From half time ARM costs FACTOR times as much.",
)
@click.option(
    "--pace",
    type=click.FloatRange(min=0, min_open=True),
    help="Dollars our policy may spend on a request, on average.",
)
@click.option(
    "--floor",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Pass rate our policy's arms must be certified at.",
)
@click.option(
    "--check", "has_check", is_flag=True, help="A check tells at once what failed; ours then escalates, once."
)
@click.option(
    "--pass-at",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Judged reward that counts as passed.",
)
@click.option("--prices", type=click.Path(dir_okay=False), help="Price file, for tables without prices.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(
    table: str,
    policies: list[str],
    scenarios: list[str],
    arms: list[str],
    seeds: int,
    first_seed: int,
    requests: int,
    delay: int,
    failure_price: float,
    golden: int,
    drift: tuple[str, str] | None,
    price_change: tuple[str, str] | None,
    pace: float | None,
    floor: float | None,
    has_check: bool,
    pass_at: float,
    prices: str | None,
    as_json: bool,
) -> None:
    """Replay the choice of backbones on TABLE, in which every model has answered every query.

    TABLE is a folder, a CSV file, or the name of a table in $TOOLSHED_DATA/outcomes. Spend of exploration and
    of golden queries is charged. "spend" is the dollars of a whole stream.

    \b
    Examples:
      toolshed cost replay bfcl_2024-08-11 --policies ours,thompson,best_single
      toolshed cost replay bfcl_2024-08-11 --requests 1700 --seeds 4 --json
      toolshed cost replay outcomes.csv --failure-price 1 --drift gpt-4o-mini=mistral-tiny
    """
    from toolshed.economics.prices.pricing import PriceSheet
    from toolshed.economics.replay.simulation import StreamOptions
    from toolshed.economics.replay.simulation import replay as run_replay
    from toolshed.economics.replay.tables import named_table, read_table, with_arms

    sheet = PriceSheet.from_file(prices) if prices else PriceSheet()
    path = named_table(table, _data_folder())
    outcomes = with_arms(read_table(path, prices=sheet, pass_at=pass_at), arms, drift)
    options = StreamOptions(
        requests=requests,
        delay=delay,
        failure_price=failure_price,
        golden=golden,
        price_change=None if price_change is None else (price_change[0], _factor(price_change[1])),
        floor=floor,
        pace_usd=pace,
        has_check=has_check,
    )
    with progress_bar("replaying") as progress:
        results = run_replay(
            outcomes,
            policies,
            seeds=range(first_seed, first_seed + seeds),
            scenarios=scenarios,
            options=options,
            progress=progress,
        )
    if as_json:
        print_json(_replay_json(outcomes, options, range(first_seed, first_seed + seeds), results))
    else:
        _echo_replay(outcomes, options, results)


def _replay_json(
    table: "OutcomeTable", options: "StreamOptions", seeds: range, results: "Results"
) -> dict[str, Any]:
    return {
        "table": table.name,
        "requests": options.requests,
        "failure_price": options.failure_price,
        "arms": list(table.arms),
        "seeds": list(seeds),
        "scenarios": {
            scenario: {
                policy: {
                    "dollars_per_1000": [one.dollars_per_1000 for one in runs],
                    "pass_rate": [one.pass_rate for one in runs],
                    "spend": [one.spend for one in runs],
                    **({} if options.floor is None else _floor_json(runs)),
                }
                for policy, runs in by_policy.items()
            }
            for scenario, by_policy in results.items()
        },
    }


def _echo_replay(table: "OutcomeTable", options: "StreamOptions", results: "Results") -> None:
    n_streams = len(next(iter(next(iter(results.values())).values())))
    click.echo(
        f"{table.name}: {len(table.arms)} arms, {options.requests:,} requests, ${options.failure_price:g} a "
        f"failure, {n_streams} streams; 95 % intervals over streams"
    )
    for scenario, by_policy in results.items():
        click.echo(f"\n{scenario}")
        click.echo(f"  {'policy':<16}{'total $ per 1,000':>22}{'passed':>18}{'spent $ per 1,000':>20}")
        for policy, runs in by_policy.items():
            click.echo(_replay_line(policy, runs, options.requests))
            if options.floor is not None and policy == "ours":
                click.echo(_floor_line(options.floor, len(table.arms) * len(table.classes), runs))


def _floor_line(floor: float, n_cells: int, runs: "list[StreamResult]") -> str:
    n_certified = sum(one.certified for one in runs) / len(runs)
    n_broken = sum(one.broken > 0 for one in runs)
    return (
        f"  certified at {floor:.0%}: {n_certified:.1f} of {n_cells} arms in classes a stream; "
        f"wrongly in {n_broken} of {len(runs)} streams"
    )


def _floor_json(runs: "list[StreamResult]") -> dict[str, list[int]]:
    return {"certified": [one.certified for one in runs], "broken": [one.broken for one in runs]}


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = -1.0
    if factor <= 0:
        raise click.BadParameter(f"the factor {text!r} of --price-change is not a number above 0")
    return factor


def _replay_line(policy: str, runs: "list[StreamResult]", requests: int) -> str:
    from toolshed.economics.reporting.intervals import mean_interval

    totals = mean_interval([one.dollars_per_1000 for one in runs])
    passed = mean_interval([one.pass_rate for one in runs])
    spent = mean_interval([1000 * one.spend / requests for one in runs])
    return (
        f"  {policy:<16}{totals.value:>12.2f} ± {totals.half_width:<7.2f}"
        f"{passed.value:>9.1%} ± {passed.half_width:<6.1%}{spent.value:>11.3f} ± {spent.half_width:.3f}"
    )
