"""The commands ``toolshed cost ...``: what was spent, what it bought, and what another choice would have."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolshed.cli import print_json, progress_bar

if TYPE_CHECKING:
    from toolshed.economics.replay.simulation import StreamResult


@click.group()
def cost() -> None:
    """What model calls cost, what they passed, and which backbone makes a pass cheapest.

    \b
    Examples:
      toolshed cost report --by model
      toolshed cost explain TASK
      toolshed cost replay bfcl_2024-08-11 --policies ours,thompson,best_single
    """


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
    from toolshed.economics.pricing import PriceSheet
    from toolshed.economics.replay.simulation import StreamOptions
    from toolshed.economics.replay.simulation import replay as run_replay
    from toolshed.economics.replay.tables import named_table, read_table, with_arms

    sheet = PriceSheet.from_file(prices) if prices else PriceSheet()
    path = named_table(table, Path(os.environ.get("TOOLSHED_DATA", "data")))
    outcomes = with_arms(read_table(path, prices=sheet, pass_at=pass_at), arms, drift)
    options = StreamOptions(
        requests=requests,
        delay=delay,
        failure_price=failure_price,
        golden=golden,
        price_change=None if price_change is None else (price_change[0], _factor(price_change[1])),
        floor=floor,
        pace_usd=pace,
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
        print_json(
            {
                "table": outcomes.name,
                "requests": requests,
                "failure_price": failure_price,
                "arms": list(outcomes.arms),
                "seeds": list(range(first_seed, first_seed + seeds)),
                "scenarios": {
                    scenario: {
                        policy: {
                            "dollars_per_1000": [one.dollars_per_1000 for one in runs],
                            "pass_rate": [one.pass_rate for one in runs],
                            "spend": [one.spend for one in runs],
                        }
                        for policy, runs in by_policy.items()
                    }
                    for scenario, by_policy in results.items()
                },
            }
        )
        return
    click.echo(
        f"{outcomes.name}: {len(outcomes.arms)} arms, {requests:,} requests, ${failure_price:g} a failure, "
        f"{seeds} streams; 95 % intervals over streams"
    )
    for scenario, by_policy in results.items():
        click.echo(f"\n{scenario}")
        click.echo(f"  {'policy':<16}{'total $ per 1,000':>22}{'passed':>18}{'spent $ per 1,000':>20}")
        for policy, runs in by_policy.items():
            click.echo(_replay_line(policy, runs, requests))


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = -1.0
    if factor <= 0:
        raise click.BadParameter(f"the factor {text!r} of --price-change is not a number above 0")
    return factor


def _replay_line(policy: str, runs: "list[StreamResult]", requests: int) -> str:
    from toolshed.economics.intervals import mean_interval

    totals = mean_interval([one.dollars_per_1000 for one in runs])
    passed = mean_interval([one.pass_rate for one in runs])
    spent = mean_interval([1000 * one.spend / requests for one in runs])
    return (
        f"  {policy:<16}{totals.value:>12.2f} ± {totals.half_width:<7.2f}"
        f"{passed.value:>9.1%} ± {passed.half_width:<6.1%}{spent.value:>11.3f} ± {spent.half_width:.3f}"
    )
