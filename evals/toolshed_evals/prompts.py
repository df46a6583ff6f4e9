"""The prompts that an evaluation would send, for any model to answer."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from toolshed.backbones.recorded import AwaitedReplies, Recording, read_prompts
from toolshed.errors import MissingReplyError
from toolshed.indexing.tools import unwatched
from toolshed.options import Progress
from toolshed_evals.datasets import Dataset
from toolshed_evals.retrievers import make_retriever


@dataclass(frozen=True, slots=True)
class PromptRound:
    """What one round of writing prompts came to.

    Attributes:
        n_whole: Queries that every prompt of is answered.
        n_waiting: Queries that wait for an answer.
        n_written: Prompts that are new in the file.
        by_component: Prompts in the file by what asks: planner, reranker, verifier.
    """

    n_whole: int
    n_waiting: int
    n_written: int
    by_component: dict[str, int]


def write_prompts(
    dataset: Dataset,
    pipeline: str,
    out: Path,
    *,
    model_id: str = "any",
    replay: Path | None = None,
    limit: int | None = None,
    enhancements: str | None = None,
    tick: Progress = unwatched,
) -> PromptRound:
    """Write the next unanswered prompt of every query that a run with all stages of a model would send.

    Args:
        dataset: What is run.
        pipeline: The named pipeline below the stages.
        out: The file; what it has already is not written again.
        model_id: Whose answers are wanted; part of the key.
        replay: Recording with the answers so far.
        limit: Only so many queries.
        enhancements: File of enhancements of the tools.
        tick: Told after every query.
    """
    n_before = len(Recording(out))
    chat = AwaitedReplies(out, replay, model_id=model_id)
    queries = list(dataset.qrels)[:limit]
    n_whole = 0
    with make_retriever(pipeline, enhancements=enhancements, chat=chat) as retriever:
        retriever.index(dataset)
        for done, query in enumerate(queries, start=1):
            try:
                retriever.rank(dataset.queries[query])
                n_whole += 1
            except MissingReplyError:
                # What comes after it depends on its answer.
                pass
            tick(done, len(queries))
    written = read_prompts(out) if out.exists() else []
    return PromptRound(
        n_whole,
        len(queries) - n_whole,
        len(written) - n_before,
        dict(Counter(str(line.get("component")) for line in written)),
    )
