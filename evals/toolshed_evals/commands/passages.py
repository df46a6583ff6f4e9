"""``toolshed eval passages``."""

from pathlib import Path

import click

from toolshed.commands.output import print_json, progress_bar


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--budget", default=254, show_default=True, type=click.IntRange(16, 8192), help="Tokens of a passage."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def passages(path: Path, budget: int, as_json: bool) -> None:
    """Measure what splitters cut of the gold sentences of PATH, their offsets and their speed.

    PATH is as for 'toolshed eval sentences'. Compares our passages with LangChain's splitters.

    \b
    Example:
      toolshed eval passages gold/ --budget 254
    """
    from toolshed_evals.legal.splitting import evaluate_splitters

    with progress_bar("splitters") as tick:
        report = evaluate_splitters(path, budget=budget, tick=tick)
    if as_json:
        print_json(report.to_json())
    else:
        click.echo(report.table())
