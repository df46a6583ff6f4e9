"""``toolshed eval run``, and the run that ``compare`` repeats."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolshed.commands.output import print_json, progress_bar, say
from toolshed.errors import MissingReplyError

if TYPE_CHECKING:
    from toolshed_evals.experiments import Experiment

# As in toolshed_evals.retrievers, whose import is too heavy for --help.
PIPELINE_NAMES = ("default", "instant", "hybrid", "dense", "bm25", "bm25-paper")


@click.command()
@click.argument("dataset")
@click.option(
    "--pipeline",
    default="default",
    show_default=True,
    type=click.Choice(PIPELINE_NAMES),
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
@click.option(
    "--enhancements",
    type=click.Path(exists=True, dir_okay=False),
    help="File of enhancements that the tools are indexed with.",
)
@click.option(
    "--plans",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of plans that the queries are searched by: query_id and sub_queries a line.",
)
@click.option(
    "--replay",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Recorded replies of a model, which plans, reranks and reflects (toolshed eval prompts).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def run(
    dataset: str,
    pipeline: str,
    limit: int | None,
    threads: int,
    out: Path | None,
    enhancements: str | None,
    plans: Path | None,
    replay: Path | None,
    as_json: bool,
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
    experiment = run_and_save(
        dataset,
        pipeline,
        limit=limit,
        threads=threads,
        out=out,
        enhancements=enhancements,
        plans=plans,
        replay=replay,
    )
    if as_json:
        print_json(experiment.summary())
    else:
        from toolshed_evals.reports import summary_table

        say(summary_table([experiment]))


def run_and_save(
    dataset: str,
    pipeline: str,
    *,
    limit: int | None,
    threads: int,
    out: Path | None,
    enhancements: str | None = None,
    plans: Path | None = None,
    replay: Path | None = None,
) -> "Experiment":
    """Run one pipeline with a progress bar; warnings go to stderr.

    Raises:
        MissingReplyError: If a recording lacks a reply; says which command writes the prompts.
    """
    from toolshed_evals.datasets import load_dataset
    from toolshed_evals.experiments import run_experiment, save_experiment

    loaded = load_dataset(dataset)
    for reason in loaded.catalog.invalid:
        say(f"left out: {reason}", err=True)
    with progress_bar(f"{loaded.name} {pipeline}") as tick, _advice(dataset, replay):
        experiment = run_experiment(
            loaded,
            pipeline,
            tick=tick,
            index_threads=threads,
            limit=limit,
            enhancements=enhancements,
            plans=plans,
            replay=replay,
        )
    if out is not None:
        save_experiment(experiment, out)
    return experiment


@contextmanager
def _advice(dataset: str, replay: Path | None) -> Iterator[None]:
    """Say of a reply that is missing which command writes its prompt."""
    try:
        yield
    except MissingReplyError as error:
        raise MissingReplyError(
            f"{error}. Prompts without a reply are written by: toolshed eval prompts {dataset} "
            f"--replay {replay} --out FILE, with the same options"
        ) from error
