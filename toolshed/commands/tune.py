"""``toolshed tune``: what judged requests change of the ranking and its confidence."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolshed.commands.knowledge_base import KnowledgeBaseOptions, knowledge_base_options, open_shed
from toolshed.commands.output import print_json, say
from toolshed.errors import ConfigurationError

if TYPE_CHECKING:
    from toolshed.shed.shed import Toolshed
    from toolshed.tuning.judged import JudgedQuery
    from toolshed.tuning.tuning import Tuning

_PARTS = ("weights", "head", "confidence")


@click.command()
@click.argument("qrels", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--queries",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Texts of the queries, JSON Lines with id and text; queries.jsonl beside QRELS if none.",
)
@click.option(
    "--only",
    "parts",
    multiple=True,
    type=click.Choice(_PARTS),
    help="Change only these; several times for several.",
)
@click.option("--reset", is_flag=True, help="Go back to what ships.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@knowledge_base_options
def tune(
    qrels: Path | None,
    queries: Path | None,
    parts: tuple[str, ...],
    reset: bool,
    as_json: bool,
    at: KnowledgeBaseOptions,
) -> None:
    """Tune the pipeline to judged requests, where that gains on requests that were held back.

    QRELS is tab-separated with the first line query_id, tool_id, relevance. Without it the requests are those
    whose outcome was reported, where their texts are kept. What may change are the weights of the ranking,
    the head of requests, and the confidence.

    \b
    Examples:
      toolshed tune qrels.tsv --kb ./shed
      toolshed tune --only confidence
      toolshed tune --reset
    """
    from toolshed.tuning.tuning import PARTS

    with open_shed(at, must_exist=True) as shed:
        if reset:
            say("back to what ships" if shed.tuning.reset(at.pipeline) else "nothing was tuned")
            return
        judged = _judged(shed, qrels, queries)
        chosen = [part for part in PARTS if not parts or part in parts]
        found = shed.tuning.tune(judged, pipeline=at.pipeline, parts=chosen)
    if as_json:
        print_json(
            {
                "n_queries": found.n_queries,
                "comparisons": [asdict(one) for one in found.comparisons],
                "changes": found.state.changes if found.state else [],
            }
        )
    else:
        _tell(found)


def _judged(shed: "Toolshed", qrels: Path | None, queries: Path | None) -> "list[JudgedQuery]":
    from toolshed.tuning.judged import from_examples, read_judged

    if qrels is None:
        if queries is not None:
            raise ConfigurationError("--queries has the texts of what QRELS judges; give that too")
        return from_examples(shed.usage.examples())
    read = read_judged(qrels, queries, shed.list_tools())
    if read.n_unknown:
        say(f"left out {read.n_unknown:,} judgements of tools that are not there", err=True)
    return list(read.queries)


def _tell(found: "Tuning") -> None:
    say(f"{found.n_queries:,} judged requests, each held back once")
    say(f"{'changed':<16} {'measure':<9} before -> after  Recall@5          gain / standard error")
    for one in found.comparisons:
        recalls = f"{one.recall_before:.4f} -> {one.recall_after:.4f}"
        say(
            f"{'+'.join(one.changes):<16} {one.measure:<9} {one.before:.4f} -> {one.after:.4f}  {recalls}  "
            f"{one.z:+.2f}{'' if one.gains else '  does not serve'}"
        )
    gained = any(one.gains for one in found.comparisons)
    changes = ", ".join(found.state.changes) if found.state else ""
    is_new = gained and changes
    say(f"serves from now on: {changes}" if is_new else "nothing gained: what served goes on serving")
