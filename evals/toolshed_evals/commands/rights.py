"""``toolshed eval rights``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolshed.commands.output import print_json, progress_bar, say

if TYPE_CHECKING:
    from toolshed.options import PipelineName


@click.command()
@click.option(
    "--tools", default=5_000, show_default=True, type=click.IntRange(4_076, 300_000), help="Tools in all."
)
@click.option(
    "--callers", default=1_000, show_default=True, type=click.IntRange(1, 100_000), help="How many callers."
)
@click.option(
    "--share",
    default=0.01,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True),
    help="Share of the tools that each may find.",
)
@click.option(
    "--pipeline",
    "pipelines",
    multiple=True,
    default=("default", "instant"),
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
def rights(
    tools: int,
    callers: int,
    share: float,
    pipelines: "tuple[PipelineName, ...]",
    cache: Path | None,
    as_json: bool,
) -> None:
    """Search for callers to each of whom other tools are granted, beside one who may find all of them.

    What each finds is compared with what a private index of his tools finds, bit by bit. The tools are
    Seal-Tools, and recombinations of them where more are wanted; the requests are its test-in split.

    \b
    Example:
      toolshed eval rights --callers 100 --pipeline instant
    """
    from toolshed_evals.dev_catalogs import cache_folder
    from toolshed_evals.rights import draw_callers, measure_rights
    from toolshed_evals.scale import enlarged

    results = {}
    with enlarged(tools, cache or cache_folder()) as (dataset, made_of):
        tool_ids = [tool.tool_id for tool in made_of.index.store.stored_tools()]
        drawn = draw_callers(dataset, tool_ids, callers, share)
        for name in pipelines:
            with progress_bar(name, show=not as_json) as advance:
                results[name] = measure_rights(made_of, name, dataset, drawn, advance).summary()
    if as_json:
        print_json(results)
        return
    for name, figures in results.items():
        for what, value in figures.items():
            say(f"{name:<8} {what:<66} {value:,.3f}")
