"""``toolshed eval scale``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolshed.commands.output import print_json, say

if TYPE_CHECKING:
    from toolshed.options import PipelineName

_SIZES = (4_076, 20_000, 48_000, 100_000)


@click.command()
@click.option(
    "--tools",
    "sizes",
    multiple=True,
    default=_SIZES,
    show_default=True,
    type=click.IntRange(4_076, 300_000),
    help="Tools in all; the first is what the others are compared with.",
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
    "--queries", default=100, show_default=True, type=click.IntRange(1, 700), help="How many queries."
)
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="TOOLSHED_EVAL_CACHE",
    help="Where indexed catalogs are kept between runs; the user's cache folder if none.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def scale(
    sizes: tuple[int, ...],
    pipelines: "tuple[PipelineName, ...]",
    queries: int,
    cache: Path | None,
    as_json: bool,
) -> None:
    """Search ever larger catalogs: CPU time, memory a tool, and what the first search of a process takes.

    The tools are Seal-Tools, and seeded recombinations of them where more are wanted (100,000 take some
    minutes and 2 GB, once); the requests are its test-in split. Each size has a process of its own.

    \b
    Example:
      toolshed eval scale --tools 4076 --tools 100000 --pipeline instant
    """
    from toolshed_evals.dev_catalogs import cache_folder
    from toolshed_evals.scale import measure_size, summary

    place = cache or cache_folder()
    results = {
        name: summary([measure_size(size, name, queries, place) for size in sizes]) for name in pipelines
    }
    if as_json:
        print_json(results)
        return
    for name, figures in results.items():
        for what, value in figures.items():
            say(f"{name:<8} {what:<50} {value:,.3f}")
