"""``toolshed eval gateway-delay``."""

from pathlib import Path

import click

from toolshed.commands.output import print_json, say


@click.command("gateway-delay")
@click.option("--streams", default=16, show_default=True, type=click.IntRange(1, 64), help="Clients at once.")
@click.option("--rounds", default=8, show_default=True, type=click.IntRange(1, 100), help="Of each kind.")
@click.option("--events", default=32, show_default=True, type=click.IntRange(1, 10_000), help="Of a stream.")
@click.option(
    "--event-ms",
    default=20.0,
    show_default=True,
    type=click.FloatRange(0, 1_000),
    help="Milliseconds between two events.",
)
@click.option(
    "--pipeline",
    default="default",
    show_default=True,
    type=click.Choice(["default", "instant"]),
    help="What searches.",
)
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="TOOLSHED_EVAL_CACHE",
    help="Where indexed catalogs are kept between runs; the user's cache folder if none.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def gateway_delay(
    streams: int, rounds: int, events: int, event_ms: float, pipeline: str, cache: Path | None, as_json: bool
) -> None:
    """Ask a scripted model through the gateway, with tools of 4,076, and compare its delay with a search.

    Searches, streams of the model and streams through the gateway take turns, by as many clients and as
    often. The delay is the time to the first token through the gateway less the model's own; what an event
    is held back is counted from the moment that the model sent it. Requests are those of Seal-Tools' test-in
    split, each asked once.

    \b
    Example:
      toolshed eval gateway-delay --rounds 4
    """
    import asyncio

    from toolshed_evals.dev_catalogs import cache_folder
    from toolshed_evals.gateway.delay import measure_delay, summary
    from toolshed_evals.gateway.model import Pace

    pace = Pace(events, event_ms / 1_000)
    measured = measure_delay(
        cache or cache_folder(), pace=pace, n_streams=streams, n_rounds=rounds, pipeline=pipeline
    )
    figures = summary(asyncio.run(measured))
    if as_json:
        print_json(figures)
        return
    for what, value in figures.items():
        say(f"{what:<40} {value:,.2f}")
