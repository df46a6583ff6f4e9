"""``toolshed eval passage-scale``."""

from dataclasses import asdict
from pathlib import Path

import click

from toolshed.commands.output import print_json, progress_bar

_SIZES = (2_000, 10_000, 100_000)


@click.command("passage-scale")
@click.option(
    "--passages",
    "sizes",
    multiple=True,
    default=_SIZES,
    show_default=True,
    type=click.IntRange(500, 2_000_000),
    help="Passages in all, ascending; the first is what the others are compared with.",
)
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="TOOLSHED_EVAL_CACHE",
    help="Where the knowledge bases are kept between runs; the user's cache folder if none.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def passage_scale(sizes: tuple[int, ...], cache: Path | None, as_json: bool) -> None:
    """Search ever more passages: recall, CPU time, memory, and what the first search of a process takes.

    The passages are our own texts and seeded recombinations of sentences of US decisions; a million take
    some 20 minutes and 11 GB. The questions are our own dev questions. Each size is measured in a process of
    its own, by sketches where there are 20,000 or more, and by comparing every vector.

    \b
    Example:
      toolshed eval passage-scale --passages 2000 --passages 1000000
    """
    from toolshed_evals.dev_catalogs import cache_folder
    from toolshed_evals.legal.scale import Measured, crowd, grown, measured

    place = cache or cache_folder()
    sentences = crowd()
    results: list[Measured] = []
    for size in sorted(sizes):
        with progress_bar(f"{size:,} passages") as tick:
            folder = grown(place, size, sentences, progress=tick)
        results.append(measured(folder))
        if not as_json:
            if len(results) == 1:
                click.echo(Measured.HEADER)
            click.echo(results[-1].line(results[0]))
    if as_json:
        print_json([asdict(one) for one in results])
