"""``toolshed eval sentences``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolshed.commands.output import print_json, progress_bar

if TYPE_CHECKING:
    from toolshed_evals.legal.segmentation import HoldOut


@click.command()
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--segmenter",
    "segmenters",
    multiple=True,
    help="legal, legal:precise, legal:strict, nupunkt, charboundary, regex, nltk, pysbd, sentencex, spacy or "
    "langchain; may be repeated.  [default: all that are installed]",
)
@click.option(
    "--hold-out",
    default="document",
    show_default=True,
    type=click.Choice(["document", "genre"]),
    help="What the weights of 'legal' are fitted without, where it was fitted on PATH.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def sentences(path: Path | None, segmenters: tuple[str, ...], hold_out: "HoldOut", as_json: bool) -> None:
    """Score sentence segmenters on the gold sentences of PATH.

    PATH is a JSON Lines file of {"id", "text", "spans": [[start, end], ...]}, or a folder of such files;
    without PATH, the contracts, statutes, terms, letters and decisions that we wrote and kept are used.
    Precision, recall and F1 count starts and ends of spans, matched exactly; cut is the share of gold
    sentences with a boundary inside. Documents that the segmenter 'legal' was fitted on are scored by weights
    fitted without them.

    \b
    Examples:
      toolshed eval sentences
      toolshed eval sentences gold.jsonl
      toolshed eval sentences gold/ --segmenter legal --segmenter nltk --json
      toolshed eval sentences gold/ --segmenter legal --hold-out genre
    """
    from toolshed_evals.legal.segmentation import evaluate_segmenters

    with progress_bar("segmenters") as tick:
        report = evaluate_segmenters(path, segmenters, hold_out=hold_out, tick=tick)
    if report.n_overlapping:
        click.echo(
            f"{report.n_overlapping} spans begin within the gold sentence before; they are left out", err=True
        )
    if report.n_refitted:
        click.echo(
            f"{report.n_refitted} of the documents were used to fit 'legal'; "
            f"each is scored by weights fitted without {'its genre' if hold_out == 'genre' else 'it'}",
            err=True,
        )
    if as_json:
        print_json(report.to_json())
    else:
        click.echo(report.table())
