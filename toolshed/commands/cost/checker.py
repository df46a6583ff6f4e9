"""The command ``toolshed cost checker``."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from toolshed.commands.cost.replay import read_outcomes, tell_left_out
from toolshed.commands.output import print_json, progress_bar, say

if TYPE_CHECKING:
    from toolshed.economics.replay.checkers import CheckedCascade


def _numbers(_context: click.Context, _parameter: click.Parameter, value: str) -> list[float]:
    try:
        return [float(one) for one in value.split(",") if one.strip()]
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no list of numbers, such as 0,0.1,0.2") from error


@click.command()
@click.argument("table")
@click.option(
    "--false-accept",
    default="0,0.1,0.2,0.4",
    show_default=True,
    callback=_numbers,
    metavar="SHARE,...",
    help="Shares of wrong replies that the checker lets pass.",
)
@click.option(
    "--price", default="0,0.0002,0.001", show_default=True, callback=_numbers, metavar="USD,...",
    help="What a check costs.",
)  # fmt: skip
@click.option("--judge", metavar="MODEL", help="Price a check as what this model of TABLE costs a query.")
@click.option("--arms", metavar="MODEL,...", help="Models on offer.")
@click.option("--seeds", default=6, show_default=True, type=click.IntRange(2, 1000), help="Streams to run.")
@click.option("--first-seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option("--requests", default=3400, show_default=True, type=click.IntRange(1, 1_000_000))
@click.option(
    "--failure-price", default=0.05, show_default=True, type=click.FloatRange(min=0, min_open=True),
    help="Dollars that a failure costs.",
)  # fmt: skip
@click.option("--prices", type=click.Path(dir_okay=False), help="Price file, for tables without prices.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def checker(
    table: str,
    false_accept: list[float],
    price: list[float],
    judge: str | None,
    arms: str | None,
    seeds: int,
    first_seed: int,
    requests: int,
    failure_price: float,
    prices: str | None,
    as_json: bool,
) -> None:
    """When is a checker worth its price? Replays our policy on TABLE, as in 'toolshed cost replay'.

    A checker, such as a model that judges, sees every reply; after one that it refuses the next best backbone
    is tried, once.

    \b
    Examples:
      toolshed cost checker bfcl_2024-08-11 --false-accept 0,0.2 --price 0.0005
      toolshed cost checker outcomes.csv --judge gpt-4o-mini --json
    """
    from toolshed.economics.replay.checkers import compare_checkers
    from toolshed.economics.replay.simulation import StreamOptions
    from toolshed.economics.replay.tables import with_arms

    outcomes = read_outcomes(table, prices, 0.5)
    outcomes = with_arms(outcomes, [name.strip() for name in (arms or "").split(",") if name.strip()])
    tell_left_out(outcomes)
    if judge is not None:
        price = [float(outcomes.cost_usd[:, outcomes.columns([judge])].mean())]
    with progress_bar("replaying") as progress:
        found = compare_checkers(
            outcomes,
            false_accept=false_accept,
            check_usd=price,
            seeds=range(first_seed, first_seed + seeds),
            options=StreamOptions(requests=requests, failure_usd=failure_price),
            progress=progress,
        )
    if as_json:
        print_json([{**asdict(one), "is_worth_it": one.is_worth_it} for one in found])
        return
    say(
        f"{outcomes.name}: {len(outcomes.arms)} arms, {requests:,} requests, ${failure_price:g} a failure, "
        f"{seeds} streams; dollars per 1,000 requests, 95 % intervals over streams"
    )
    heads = f"{'passed':>16}{'spent':>16}{'in all':>16}{'saved':>16}"
    say(f"{'false accept':>12}{'$ a check':>12}{heads}   worth it")
    for one in found:
        say(_line(one))


def _line(one: "CheckedCascade") -> str:
    shares = f"{one.pass_rate.value:.1%} ± {one.pass_rate.half_width:.1%}"
    spent, total = (f"{each.value:.3f} ± {each.half_width:.3f}" for each in (one.spend_usd, one.total_usd))
    if one.saved_usd is None:
        return f"{'no checker':>12}{'':>12}{shares:>16}{spent:>16}{total:>16}"
    saved = f"{one.saved_usd.value:.3f} ± {one.saved_usd.half_width:.3f}"
    worth = f"up to ${one.worth_usd:.5f} a check" if one.worth_usd > 0 else "at no price"
    verdict = f"{'yes' if one.is_worth_it else 'no'}, {worth}"
    kind = f"{one.false_accept:>12.0%}{one.check_usd:>12.5f}"
    return f"{kind}{shares:>16}{spent:>16}{total:>16}{saved:>16}   {verdict}"
