"""``toolshed eval report``."""

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default="runs")
@click.option(
    "--out",
    default="reports",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the report goes.",
)
@click.option("--catalog-sizes", "sizes_of", help="Also measure quality over catalog size on this data set.")
def report(folder: Path, out: Path, sizes_of: str | None) -> None:
    """Write the Markdown table and the plots of the runs in FOLDER.

    \b
    Examples:
      toolshed eval report runs --out reports
      toolshed eval report runs --catalog-sizes sealtools-dev
    """
    from toolshed_evals.reports import write_report

    click.echo(str(write_report(folder, out, sizes_of=sizes_of)))
