"""``toolshed eval``: run, compare, report, fetch."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolshed.commands.output import print_json, progress_bar

if TYPE_CHECKING:
    from toolshed.options import PipelineName
    from toolshed_evals.experiments import Experiment
    from toolshed_evals.legal.segmentation import HoldOut

_PASSAGE_PIPELINES: "tuple[PipelineName, ...]" = ("default", "instant")
_PIPELINES = ("default", "instant", "hybrid", "dense", "bm25", "bm25-paper")


@click.group(name="eval")
def evaluate() -> None:
    """Measure retrieval on official and own data sets."""
    # What is left out of a comparison is part of its result; by default only errors are shown.
    logging.getLogger("toolshed_evals").setLevel(logging.WARNING)


@evaluate.command()
@click.argument("dataset")
@click.option(
    "--pipeline",
    default="default",
    show_default=True,
    type=click.Choice(_PIPELINES),
    envvar="TOOLSHED_PIPELINE",
    help="What to run.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N queries, for a quick look.")
@click.option(
    "--threads", default=1, show_default=True, type=click.IntRange(1, 64), help="Threads of the encoder."
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Save the record and the TREC run here."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def run(
    dataset: str, pipeline: str, limit: int | None, threads: int, out: Path | None, as_json: bool
) -> None:
    """Run one pipeline over DATASET.

    DATASET is one of toole-single, toole-multi, sealtools-dev, sealtools-test-in, sealtools-test-out, or a
    folder with tools.jsonl, queries.jsonl and qrels.tsv. The official files are looked for in the folder
    TOOLSHED_DATA.

    \b
    Examples:
      toolshed eval run sealtools-dev
      toolshed eval run ./my-benchmark --pipeline hybrid --json
    """
    experiment = _run(dataset, pipeline, limit=limit, threads=threads, out=out)
    if as_json:
        print_json(experiment.summary())
    else:
        from toolshed_evals.reports import summary_table

        click.echo(summary_table([experiment]))


def _run(dataset: str, pipeline: str, *, limit: int | None, threads: int, out: Path | None) -> "Experiment":
    from toolshed_evals.datasets import load_dataset
    from toolshed_evals.experiments import run_experiment, save_experiment

    loaded = load_dataset(dataset)
    for reason in loaded.catalog.invalid:
        click.echo(f"left out: {reason}", err=True)
    with progress_bar(f"{loaded.name} {pipeline}") as tick:
        experiment = run_experiment(loaded, pipeline, tick=tick, index_threads=threads, limit=limit)
    if out is not None:
        save_experiment(experiment, out)
    return experiment


@evaluate.command()
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
    unknown = [name for name in names if name not in _PIPELINES]
    if unknown or len(names) < 2:
        raise click.UsageError(f"give two or more of {', '.join(_PIPELINES)}")
    experiments = [_run(dataset, name, limit=limit, threads=threads, out=out) for name in names]
    if as_json:
        print_json(comparison(experiments))
    else:
        click.echo(comparison_table(experiments))


@evaluate.command()
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


@evaluate.command()
@click.argument("name", type=click.Choice(["toole", "sealtools"]))
@click.option(
    "--to",
    "folder",
    default=lambda: os.environ.get("TOOLSHED_DATA", "data"),
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


@evaluate.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
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
def sentences(path: Path, segmenters: tuple[str, ...], hold_out: "HoldOut", as_json: bool) -> None:
    """Score sentence segmenters on the gold sentences of PATH.

    PATH is a JSON Lines file of {"id", "text", "spans": [[start, end], ...]}, or a folder of such files.
    Precision, recall and F1 count starts and ends of spans, matched exactly; cut is the share of gold
    sentences with a boundary inside. Documents that the segmenter 'legal' was fitted on are scored by weights
    fitted without them.

    \b
    Examples:
      toolshed eval sentences gold.jsonl
      toolshed eval sentences gold/ --segmenter legal --segmenter nltk --json
      toolshed eval sentences gold/ --segmenter legal --hold-out genre
    """
    from toolshed_evals.legal.segmentation import evaluate_segmenters

    with progress_bar("segmenters") as tick:
        report = evaluate_segmenters(path, segmenters, hold_out=hold_out, tick=tick)
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


@evaluate.command()
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


@evaluate.command("legalbench-rag")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--benchmark",
    default="test",
    show_default=True,
    help="Name of the file of questions, without its suffix.",
)
@click.option(
    "--pipeline",
    "pipelines",
    multiple=True,
    type=click.Choice(_PASSAGE_PIPELINES),
    help="What searches; may be repeated.  [default: both]",
)
@click.option(
    "--chunks",
    "chunkers",
    multiple=True,
    type=click.Choice(["legal", "nupunkt", "recursive"]),
    help="What cuts the text: our passages, or LangChain's recursive splitter at 500 characters; may be "
    "repeated.  [default: legal and recursive]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def legalbench_rag(
    folder: Path | None,
    benchmark: str,
    pipelines: "tuple[PipelineName, ...]",
    chunkers: tuple[str, ...],
    as_json: bool,
) -> None:
    """Score retrieval of passages by characters, as LegalBench-RAG does.

    FOLDER has the public layout: corpus/ with text files and benchmarks/ with JSON files of questions and
    gold spans. Without FOLDER the sample corpus is used, whose questions are in 'dev' and 'test'.

    \b
    Examples:
      toolshed eval legalbench-rag
      toolshed eval legalbench-rag ./legalbench-rag --benchmark cuad --pipeline default --json
    """
    from toolshed_evals.legal.legalbench_rag import (
        RetrievalScores,
        evaluate_retrieval,
        load_benchmark,
        sample_folder,
        scores_table,
    )

    loaded = load_benchmark(folder or sample_folder(), benchmark)
    results: dict[str, RetrievalScores] = {}
    for pipeline in pipelines or _PASSAGE_PIPELINES:
        for chunker in chunkers or ("legal", "recursive"):
            with progress_bar(f"{pipeline} {chunker}") as tick:
                results[f"{pipeline}/{chunker}"] = evaluate_retrieval(
                    loaded, pipeline, chunker=chunker, tick=tick
                )
    if as_json:
        scores = {name: result.to_json() for name, result in results.items()}
        print_json({"benchmark": benchmark, "n_queries": len(loaded.queries), "results": scores})
    else:
        click.echo(scores_table(loaded, results))
