"""``toolshed eval load``."""

from pathlib import Path

import click

from toolshed.commands.output import print_json, progress_bar, say

# As in toolshed_evals.load.Load.
_COLUMNS = (
    ("requests/s", "per_second", "{:.0f}"),
    ("one core", "one_core_per_second", "{:.0f}"),
    ("of cores", "share_of_cores", "{:.2f}"),
    ("of free cores", "share_of_free_cores", "{:.2f}"),
    ("p50 ms", "p50_ms", "{:.0f}"),
    ("p99 ms", "p99_ms", "{:.0f}"),
    ("refused", "refused", "{}"),
    ("errors", "errors", "{}"),
    ("cores: clients", "clients_cores", "{:.2f}"),
    ("service", "service_cores", "{:.2f}"),
    ("CPU ms", "cpu_ms", "{:.1f}"),
    ("one core", "one_core_cpu_ms", "{:.1f}"),
    ("memory", "memory_growth", "{:.3f}"),
    ("load average", "load_average", "{:.1f}"),
)


@click.command()
@click.option(
    "--clients", default=64, show_default=True, type=click.IntRange(1, 1024), help="How many at once."
)
@click.option(
    "--seconds",
    default=60.0,
    show_default=True,
    type=click.FloatRange(3, 3600),
    help="How long all of them ask.",
)
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes that search."
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
def load(
    clients: int, seconds: float, workers: int, pipelines: tuple[str, ...], cache: Path | None, as_json: bool
) -> None:
    """Ask a service on loopback with many clients at once, each again as soon as it has its answer (Linux).

    In turn with it, a service of one process that is held to one core is asked, and the throughput of one is
    told in that of the other. The clients take CPU time of the same machine, which is told too: "of cores"
    counts all cores, "of free cores" those that the clients left. Searches that are refused since too many
    wait (503) are counted apart from errors. The tools are Seal-Tools, the requests its test-in split.

    \b
    Example:
      toolshed eval load --workers 2 --pipeline instant
    """
    from dataclasses import asdict

    from toolshed_evals.dev_catalogs import cache_folder
    from toolshed_evals.load import load as measured
    from toolshed_evals.scale import BASE_TOOLS, enlarged, kept_folder

    cache = cache or cache_folder()
    with progress_bar("Indexing") as progress, enlarged(BASE_TOOLS, cache, progress=progress) as (dataset, _):
        queries = [*dataset.queries.values()]
    folder = kept_folder(BASE_TOOLS, cache)
    results = [
        measured(folder, one, queries, n_clients=clients, seconds=seconds, n_workers=workers)
        for one in pipelines
    ]
    if as_json:
        print_json([asdict(one) for one in results])
        return
    say(" | ".join(["pipeline", *(title for title, _, _ in _COLUMNS)]))
    for one in results:
        say(" | ".join([one.pipeline, *(form.format(getattr(one, name)) for _, name, form in _COLUMNS)]))
