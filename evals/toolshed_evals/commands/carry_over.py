"""``toolshed eval carry-over``."""

from pathlib import Path

import click

from toolshed.commands.output import print_json, say

# As in toolshed_evals.carry_over and dev_catalogs, whose imports are too heavy for --help.
CONTENDER_NAMES = ("default", "instant", "dense+static", "hybrid", "bm25")
CATALOG_NAMES = (
    "apibank_lv12",
    "restbench_tmdb",
    "restbench_spotify",
    "bfcl_v4_nonlive",
    "toolinkos",
    "stabletoolbench",
    "sealtools-dev",
    "toole-single-dev",
    "sample",
)


@click.command(name="carry-over")
@click.option(
    "--catalog", "catalogs", multiple=True, type=click.Choice(CATALOG_NAMES), help="Only these catalogs."
)
@click.option(
    "--pipeline",
    "pipelines",
    multiple=True,
    type=click.Choice(CONTENDER_NAMES),
    help="Only these beside the baseline hybrid.",
)
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="TOOLSHED_EVAL_CACHE",
    help="Where indexed catalogs are kept between runs; the user's cache folder if none.",
)
@click.option(
    "--threads", default=1, show_default=True, type=click.IntRange(1, 64), help="Threads of the encoder."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def carry_over(
    catalogs: tuple[str, ...], pipelines: tuple[str, ...], cache: Path | None, threads: int, as_json: bool
) -> None:
    """Compare pipelines over nine catalogs of different kinds, each counting the same.

    What was fitted is fitted again without the catalog's family before it is judged there (with catalogs of
    one family only, what ships is judged), and nobody abstains. The official files are looked for in the
    folder TOOLSHED_DATA. Cells are Recall@5, Recall@1 and completeness@5; intervals are 95 %, from a paired
    bootstrap over queries within each catalog.

    \b
    Examples:
      toolshed eval carry-over
      toolshed eval carry-over --catalog sample --pipeline instant
    """
    from toolshed_evals.carry_over import BASELINE, CONTENDERS, to_json, to_markdown
    from toolshed_evals.carry_over import carry_over as compare
    from toolshed_evals.dev_catalogs import DEV_CATALOGS, cache_folder

    results = compare(
        [catalog for catalog in DEV_CATALOGS if not catalogs or catalog.name in catalogs],
        {n: make for n, make in CONTENDERS.items() if not pipelines or n in (*pipelines, BASELINE)},
        cache=cache or cache_folder(),
        encoder_threads=threads,
        watcher=lambda done: say(done, err=True),
    )
    if as_json:
        print_json(to_json(results))
    else:
        say(to_markdown(results))
