"""``toolshed eval legalbench-rag``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolshed.commands.output import print_json, progress_bar

if TYPE_CHECKING:
    from toolshed.options import PipelineName

_PASSAGE_PIPELINES: "tuple[PipelineName, ...]" = ("default", "instant")


@click.command("legalbench-rag")
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
    gold spans; or that of Legal RAG Bench, corpus.jsonl and qa.jsonl, where whole passages are the gold.
    Without FOLDER our own texts are used, whose questions are in 'dev' and 'test'; a fourth of those have no
    answer there, and AUROC says how well the confidence tells them apart.

    \b
    Examples:
      toolshed eval legalbench-rag
      toolshed eval legalbench-rag ./legalbench-rag --benchmark cuad --pipeline default --json
    """
    from toolshed_evals.legal.legal_rag_bench import is_legal_rag_bench, load_legal_rag_bench
    from toolshed_evals.legal.legalbench_rag import (
        RetrievalScores,
        evaluate_retrieval,
        load_benchmark,
        own_benchmark,
        scores_table,
    )

    if folder is None:
        loaded = own_benchmark(benchmark)
    elif is_legal_rag_bench(folder):
        loaded = load_legal_rag_bench(folder)
    else:
        loaded = load_benchmark(folder, benchmark)
    results: dict[str, RetrievalScores] = {}
    for pipeline in pipelines or _PASSAGE_PIPELINES:
        for chunker in chunkers or ("legal", "recursive"):
            with progress_bar(f"{pipeline} {chunker}") as tick:
                results[f"{pipeline}/{chunker}"] = evaluate_retrieval(
                    loaded, pipeline, chunker=chunker, tick=tick
                )
    if as_json:
        scores = {name: result.to_json() for name, result in results.items()}
        print_json({"benchmark": loaded.name, "n_queries": len(loaded.queries), "results": scores})
    else:
        click.echo(scores_table(loaded, results))
