"""The commands of ``toolshed bench``."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolshed.commands.output import say

if TYPE_CHECKING:
    from toolshed.options import PipelineName
    from toolshed_evals.bench.results import Part
    from toolshed_evals.scale import AtSize

_SIZES = (4_076, 20_000, 48_000, 100_000, 300_000)

results_option = click.option(
    "--results",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A JSON file whose part is replaced by what is measured.",
)
cache_option = click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="TOOLSHED_EVAL_CACHE",
    help="Where indexed catalogs are kept between runs; the user's cache folder if none.",
)


def queries_option(default: int) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """How many queries are asked."""
    return click.option(
        "--queries",
        default=default,
        show_default=True,
        type=click.IntRange(10, 700),
        help="How many queries.",
    )


@click.group()
def bench() -> None:
    """Measure time and memory, beside peers and over sizes.

    The tools and queries are Seal-Tools test-in, in the folder TOOLSHED_DATA. Times are CPU times, since
    machines are shared, and what counts are ratios of what was measured in one run.
    """


@bench.command()
@queries_option(200)
@cache_option
@results_option
def speed(queries: int, cache: Path | None, results: Path | None) -> None:
    """Search 4,076 tools one query at a time, against one encoding of the query.

    \b
    Example:
      toolshed bench speed --queries 100
    """
    from toolshed_evals.bench.results import speed_part
    from toolshed_evals.bench.speed import measure_speed
    from toolshed_evals.datasets import load_dataset
    from toolshed_evals.scale import BASE

    texts = list(load_dataset(BASE).queries.values())
    step = max(1, len(texts) // queries)
    _give("speed", speed_part(measure_speed(texts[::step][:queries], _place(cache))), results)


@bench.command()
@click.argument("names", nargs=-1, metavar="[PEER]...")
@queries_option(100)
@click.option(
    "--environments",
    default=Path("build/peers"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the environments of the peers are made.",
)
@cache_option
@results_option
def peers(
    names: tuple[str, ...], queries: int, environments: Path, cache: Path | None, results: Path | None
) -> None:
    """Search 4,076 tools with other libraries, in turns with ours.

    Each PEER (all, where none is named) is installed from PyPI into an environment of its own. Those that
    need an encoder get ours, its time is counted with theirs. Peers that are not named keep their results.

    \b
    Example:
      toolshed bench peers bm25s fastmcp
    """
    from toolshed.blas import few_blas_threads
    from toolshed_evals.bench.peers import PeerError, PeerFigures, chosen_peers, measured, own_recall
    from toolshed_evals.bench.results import peers_part, read_results, record, tables
    from toolshed_evals.bench.speed import our_pipelines
    from toolshed_evals.scale import BASE_TOOLS, enlarged

    before = read_results(results).get("peers") if results is not None else None
    found: dict[str, PeerFigures] = {}
    failed: dict[str, str] = {}
    with enlarged(BASE_TOOLS, _place(cache)) as (dataset, made_of), few_blas_threads(1):
        asked = list(dataset.qrels)[:: max(1, len(dataset.qrels) // queries)][:queries]
        encode, own = made_of.encoders["dense"].encode, own_recall(dataset, asked, our_pipelines(made_of))
        ours = partial(our_pipelines, made_of)
        for name, one in measured(chosen_peers(names), environments, dataset, asked, encode, ours):
            if isinstance(one, PeerError):
                failed[name] = str(one)
            else:
                found[name] = one
            part = peers_part(found, failed, own, before=before)
            if results is not None:
                record(results, "peers", part)
    click.echo(tables({"peers": part}))


@bench.command()
@click.option(
    "--tools",
    "sizes",
    multiple=True,
    default=_SIZES,
    show_default=True,
    type=click.IntRange(4_076, 300_000),
    help="Tools in all; the first is what the others are compared with.",
)
@queries_option(100)
@cache_option
@results_option
def sizes(sizes: tuple[int, ...], queries: int, cache: Path | None, results: Path | None) -> None:
    """Search ever larger catalogs, as `toolshed eval scale` does.

    \b
    Example:
      toolshed bench sizes --tools 4076 --tools 20000
    """
    from toolshed_evals.bench.results import sizes_part
    from toolshed_evals.scale import measure_size

    names: tuple[PipelineName, ...] = ("default", "instant")
    place = _place(cache)
    found: dict[str, list[AtSize]] = {
        name: [measure_size(size, name, queries, place) for size in sizes] for name in names
    }
    _give("sizes", sizes_part(found, os.getloadavg()[0]), results)


@bench.command()
@click.option("--runs", default=5, show_default=True, type=click.IntRange(1, 100), help="Starts of each.")
@cache_option
@results_option
def cold(runs: int, cache: Path | None, results: Path | None) -> None:
    """Start `toolshed search` from nothing, and measure the whole process.

    \b
    Example:
      toolshed bench cold --runs 3
    """
    from toolshed_evals.bench.cold import measure_cold
    from toolshed_evals.bench.results import cold_part

    _give("cold", cold_part(measure_cold(runs, _place(cache))), results)


@bench.command()
@click.option(
    "--tools", "n_tools", default=1_000, show_default=True, type=click.IntRange(10, 4_076), help="How many."
)
@results_option
def indexing(n_tools: int, results: Path | None) -> None:
    """Index tools that are new, and the same ones again.

    \b
    Example:
      toolshed bench indexing --tools 200
    """
    from toolshed_evals.bench.indexing import measure_indexing
    from toolshed_evals.bench.results import indexing_part

    _give("indexing", indexing_part(measure_indexing(n_tools)), results)


@bench.command()
@click.argument("results", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder that the plots are written to.",
)
def draw(results: Path, out: Path) -> None:
    """Print a file of results as tables, and plot it.

    \b
    Example:
      toolshed bench draw evals/results/bench.json --out evals/pictures
    """
    from toolshed_evals.bench.drawing import plot_peers, plot_sizes
    from toolshed_evals.bench.results import read_results, tables

    found = read_results(results)
    out.mkdir(parents=True, exist_ok=True)
    click.echo(tables(found))
    for name, plot in (("peers", plot_peers), ("sizes", plot_sizes)):
        if name in found:
            say(str(plot(found, out)))


def _place(cache: Path | None) -> Path:
    from toolshed_evals.dev_catalogs import cache_folder

    return cache or cache_folder()


def _give(name: str, part: "Part", results: Path | None) -> None:
    """Print a part as a table, and put it into a file of results."""
    from toolshed_evals.bench.results import record, tables

    click.echo(tables({name: part}))
    if results is not None:
        record(results, name, part)
