"""``toolshed eval compare``."""

from pathlib import Path

import click

from toolshed.commands.output import print_json
from toolshed_evals.commands.run import PIPELINE_NAMES, run_and_save


@click.command()
@click.argument("dataset")
@click.argument("pipelines", nargs=-1)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N queries, for a quick look.")
@click.option(
    "--threads", default=1, show_default=True, type=click.IntRange(1, 64), help="Threads of the encoder."
)
@click.option(
    "--out",
    default="runs",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where runs and per-query values go.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare(
    dataset: str, pipelines: tuple[str, ...], limit: int | None, threads: int, out: Path, as_json: bool
) -> None:
    """Run several PIPELINES over DATASET and test each against the last one.

    \b
    Example:
      toolshed eval compare sealtools-dev default instant hybrid bm25-paper
    """
    from toolshed_evals.reports import comparison, comparison_table

    names = pipelines or ("default", "hybrid")
    unknown = [name for name in names if name not in PIPELINE_NAMES]
    if unknown or len(names) < 2:
        raise click.UsageError(f"give two or more of {', '.join(PIPELINE_NAMES)}")
    experiments = [run_and_save(dataset, name, limit=limit, threads=threads, out=out) for name in names]
    if as_json:
        print_json(comparison(experiments))
    else:
        click.echo(comparison_table(experiments))
