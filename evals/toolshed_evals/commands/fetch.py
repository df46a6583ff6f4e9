"""``toolshed eval fetch``."""

from pathlib import Path

import click

from toolshed_evals.datasets import data_folder


@click.command()
@click.argument("name", type=click.Choice(["toole", "sealtools"]))
@click.option(
    "--to",
    "folder",
    default=data_folder,
    show_default="TOOLSHED_DATA or ./data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the files go.",
)
@click.option("--base-url", envvar="TOOLSHED_DATA_URL", help="Mirror that serves the repositories' files.")
def fetch(name: str, folder: Path, base_url: str | None) -> None:
    """Download the official files of NAME and check their checksums.

    \b
    Example:
      toolshed eval fetch sealtools --to ./data
    """
    from toolshed_evals.fetching import fetch_dataset

    for path in fetch_dataset(name, folder, base_url=base_url):
        click.echo(str(path))
