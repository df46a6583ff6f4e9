"""What finding exactly what was granted to a caller costs, and whether it is as in an index of his own."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from toolshed.indexing.tools import unwatched
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.tools import ToolRecord, ToolStore
from toolshed.options import PipelineName, Progress
from toolshed.pipelines import Ingredients, build_pipeline
from toolshed.queries import Query
from toolshed.rankings import FoundTool, Selection
from toolshed.shed.tool_library import reads_dense_vectors
from toolshed.stages import Stage, run_blocking
from toolshed.visibility import EVERYTHING, Visibility
from toolshed_evals.datasets import Dataset, dataset_tool_id

_K = 5


@dataclass(frozen=True, slots=True)
class Caller:
    """Someone to whom a slice of the tools is granted, with a request.

    Attributes:
        visible: His tools: those that the request needs, and others by chance.
        query_id: The request.
    """

    visible: Visibility
    query_id: str


@dataclass(slots=True)
class Rights:
    """What was measured for one pipeline; milliseconds one search, in the order of the callers.

    Attributes:
        n_tools: Tools in the knowledge base.
        n_granted: Tools of each caller.
        unlimited_ms: The same requests by one who may find everything.
        first_ms: The first search of each caller.
        again_ms: His second one, with another request.
        recall: Recall@5 of what he finds.
        private_recall: That of an index of nothing but his tools.
        n_different: Callers whose tools, scores or confidences differ in any bit from those of that index.
    """

    n_tools: int
    n_granted: int
    unlimited_ms: list[float] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)
    again_ms: list[float] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)
    private_recall: list[float] = field(default_factory=list)
    n_different: int = 0

    def summary(self) -> Mapping[str, float]:
        """The figures."""
        unlimited, first, again = (
            float(np.median(times)) for times in (self.unlimited_ms, self.first_ms, self.again_ms)
        )
        return {
            "callers": len(self.recall),
            "tools": self.n_tools,
            "tools of each caller": self.n_granted,
            "search without rights p50 ms": unlimited,
            "first search of a caller p50 ms": first,
            "first search / search without rights (bar 1.3)": first / unlimited,
            "next search / search without rights (bar 1.3)": again / unlimited,
            "Recall@5 of the callers": float(np.mean(self.recall)),
            "Recall@5 in private indexes": float(np.mean(self.private_recall)),
            "callers with another answer than in a private index (bar 0)": self.n_different,
        }


def draw_callers(dataset: Dataset, tool_ids: Sequence[str], n_callers: int, share: float) -> list[Caller]:
    """Callers with slices of their own, drawn by seed 0."""
    draw = random.Random(0)  # noqa: S311  # samples, no secrets
    known, n_granted = set(tool_ids), max(1, round(share * len(tool_ids)))
    of_dataset = {tool_id.partition(":")[2]: tool_id for tool_id in tool_ids}
    queries = [query for query, needed in dataset.qrels.items() if needed <= of_dataset.keys()]
    callers = []
    for n in range(n_callers):
        query_id = queries[n % len(queries)]
        granted = {of_dataset[tool] for tool in dataset.qrels[query_id]}
        granted |= set(draw.sample(sorted(known - granted), max(0, n_granted - len(granted))))
        callers.append(Caller(Visibility(frozenset(), frozenset(granted)), query_id))
    return callers


def measure_rights(
    made_of: Ingredients,
    pipeline: PipelineName,
    dataset: Dataset,
    callers: Sequence[Caller],
    progress: Progress = unwatched,
) -> Rights:
    """Search for every caller in turn, each time beside one who may find everything."""
    made_of = read_by(pipeline, made_of)
    # Pipelines of their own: each remembers the encodings of what it was asked.
    unlimited, limited = (build_pipeline(pipeline, made_of) for _ in range(2))
    records = {record.tool_id: record for record in made_of.index.store.scan()}
    measured = Rights(len(records), len(callers[0].visible.tool_ids))
    run_blocking(unlimited, Query("warm up"))
    for n, caller in enumerate(callers):
        text = dataset.queries[caller.query_id]
        other = dataset.queries[callers[n - 1].query_id] + " Please."
        _timed(unlimited, Query(text, _K, visible=EVERYTHING), measured.unlimited_ms)
        found = _timed(limited, Query(text, _K, visible=caller.visible), measured.first_ms)
        _timed(limited, Query(other, _K, visible=caller.visible), measured.again_ms)
        private = build_pipeline(pipeline, _private(made_of, records, caller.visible))
        alone = run_blocking(private, Query(text, _K))
        measured.n_different += _said(found) != _said(alone)
        needed = dataset.qrels[caller.query_id]
        measured.recall.append(_recall(found.tools, needed))
        measured.private_recall.append(_recall(alone.tools, needed))
        progress(n + 1, len(callers))
    return measured


def read_by(pipeline: PipelineName, made_of: Ingredients) -> Ingredients:
    """With the encoders alone that a pipeline reads."""
    if reads_dense_vectors(pipeline):
        return made_of
    return replace(made_of, encoders={"static": made_of.encoders["static"]})


def _timed(pipeline: Stage[Query, Selection], query: Query, times: list[float]) -> Selection:
    started = time.perf_counter()
    found = run_blocking(pipeline, query)
    times.append((time.perf_counter() - started) * 1000)
    return found


def _private(made_of: Ingredients, records: Mapping[str, ToolRecord], visible: Visibility) -> Ingredients:
    """An index of nothing but some tools."""
    store = made_of.index.store
    own = ToolStore(MemoryEngine(store.layout.schema, store.manifest))
    own.upsert([records[tool_id] for tool_id in sorted(visible.tool_ids)])
    return Ingredients(CatalogIndex(own), made_of.encoders)


def _said(found: Selection) -> Sequence[tuple[object, ...]]:
    return [
        (found.n_tools, found.status, found.answerable),
        *((one.tool.tool_id, one.score, one.confidence, one.channels) for one in found.tools),
    ]


def _recall(found: Sequence[FoundTool], needed: frozenset[str]) -> float:
    return len(needed & {dataset_tool_id(one.tool) for one in found}) / len(needed)
