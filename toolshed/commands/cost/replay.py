"""The command ``toolshed cost replay``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolshed.commands.output import print_json, progress_bar, say
from toolshed.settings import read_settings

if TYPE_CHECKING:
    from toolshed.economics.replay.simulation import StreamOptions, StreamResult
    from toolshed.economics.replay.tables import OutcomeTable

    Results = dict[str, dict[str, list[StreamResult]]]


def data_folder() -> Path:
    """Where official data lie."""
    return read_settings().data


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


def _price_change(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[str, float] | None:
    pair = _pair(context, parameter, value)
    if pair is None:
        return None
    try:
        factor = float(pair[1])
    except ValueError:
        factor = -1.0
    if not 0 < factor < float("inf"):
        raise click.BadParameter(f"the factor {pair[1]!r} of --price-change is not a number above 0")
    return pair[0], factor


@click.command()
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
    callback=_price_change,
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
    failure_price: float,
    drift: tuple[str, str] | None,
    pace: float | None,
    pass_at: float,
    prices: str | None,
    as_json: bool,
    **stream: Any,  # Any: fields of StreamOptions by their names, checked by click
) -> None:
    """Replay the choice of backbones on TABLE, in which every model has answered every query.

    TABLE is a folder, a CSV file, or the name of a table in $TOOLSHED_DATA/outcomes. Exploration and golden
    queries are charged; "spend" is the dollars of a whole stream.

    \b
    Examples:
      toolshed cost replay bfcl_2024-08-11 --policies ours,thompson,best_single
      toolshed cost replay bfcl_2024-08-11 --requests 1700 --seeds 4 --json
      toolshed cost replay outcomes.csv --failure-price 1 --drift gpt-4o-mini=mistral-tiny
    """
    from toolshed.economics.replay import simulation
    from toolshed.economics.replay.tables import with_arms

    outcomes = with_arms(read_outcomes(table, prices, pass_at), arms, drift)
    tell_left_out(outcomes)
    options = simulation.StreamOptions(failure_usd=failure_price, pace_usd=pace, **stream)
    of_seeds = range(first_seed, first_seed + seeds)
    with progress_bar("replaying") as progress:
        results = simulation.replay(
            outcomes, policies, seeds=of_seeds, scenarios=scenarios, options=options, progress=progress
        )
    if as_json:
        print_json(_replay_json(outcomes, options, of_seeds, results))
    else:
        _echo_replay(outcomes, options, results)


def read_outcomes(table: str, prices: str | None, pass_at: float) -> "OutcomeTable":
    """The table that a command names, priced by a price file where it has no prices."""
    from toolshed.economics.prices.pricing import PriceSheet
    from toolshed.economics.replay.tables import named_table, read_table

    sheet = PriceSheet.from_file(prices) if prices else PriceSheet()
    return read_table(named_table(table, data_folder()), prices=sheet, pass_at=pass_at)


def tell_left_out(table: "OutcomeTable") -> None:
    """Say on stderr which models of a table cannot be offered, and why."""
    by_reason: dict[str, list[str]] = {}
    for model, why in table.left_out.items():
        by_reason.setdefault(why, []).append(model)
    for why, models in by_reason.items():
        say(f"left out, {why}: {', '.join(models)}", err=True)


def _replay_json(
    table: "OutcomeTable", options: "StreamOptions", seeds: range, results: "Results"
) -> dict[str, Any]:
    return {
        "table": table.name,
        "requests": options.requests,
        "failure_price": options.failure_usd,
        "arms": list(table.arms),
        "left_out": dict(table.left_out),
        "seeds": list(seeds),
        "scenarios": {
            scenario: {
                policy: {
                    "dollars_per_1000": [one.usd_per_1000 for one in runs],
                    "pass_rate": [one.pass_rate for one in runs],
                    "spend": [one.spend_usd for one in runs],
                    **({} if options.floor is None else _floor_json(runs)),
                }
                for policy, runs in by_policy.items()
            }
            for scenario, by_policy in results.items()
        },
    }


def _echo_replay(table: "OutcomeTable", options: "StreamOptions", results: "Results") -> None:
    n_streams = len(next(iter(next(iter(results.values())).values())))
    say(
        f"{table.name}: {len(table.arms)} arms, {options.requests:,} requests, ${options.failure_usd:g} a "
        f"failure, {n_streams} streams; 95 % intervals over streams"
    )
    for scenario, by_policy in results.items():
        say(f"\n{scenario}")
        say(f"  {'policy':<16}{'total $ per 1,000':>22}{'passed':>18}{'spent $ per 1,000':>20}")
        for policy, runs in by_policy.items():
            say(_replay_line(policy, runs, options.requests))
            if options.floor is not None and policy == "ours":
                say(_floor_line(options.floor, len(table.arms) * len(table.classes), runs))


def _floor_line(floor: float, n_cells: int, runs: "list[StreamResult]") -> str:
    n_certified = sum(one.certified for one in runs) / len(runs)
    n_broken = sum(one.broken > 0 for one in runs)
    return (
        f"  certified at {floor:.0%}: {n_certified:.1f} of {n_cells} arms in classes a stream; "
        f"wrongly in {n_broken} of {len(runs)} streams"
    )


def _floor_json(runs: "list[StreamResult]") -> dict[str, list[int]]:
    return {"certified": [one.certified for one in runs], "broken": [one.broken for one in runs]}


def _replay_line(policy: str, runs: "list[StreamResult]", requests: int) -> str:
    from toolshed.economics.reporting.intervals import mean_interval

    totals = mean_interval([one.usd_per_1000 for one in runs])
    passed = mean_interval([one.pass_rate for one in runs])
    spent = mean_interval([1000 * one.spend_usd / requests for one in runs])
    return (
        f"  {policy:<16}{totals.value:>12.2f} ± {totals.half_width:<7.2f}"
        f"{passed.value:>9.1%} ± {passed.half_width:<6.1%}{spent.value:>11.3f} ± {spent.half_width:.3f}"
    )
