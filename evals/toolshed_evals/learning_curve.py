"""Learning curves: how well requests are served after so many past requests for each tool."""

import hashlib
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toolshed.knowledge_base.examples import UsageExample
from toolshed.options import PipelineName, Progress
from toolshed.shed.shed import Toolshed
from toolshed.vectors import Vectors
from toolshed_evals.datasets import Dataset, dataset_tool_id, is_dev
from toolshed_evals.measures import DEPTH, measure

# A past request nearer than this to one that is measured is a copy of it, and is left out of the history.
_COPY = 0.95
# A request that has none nearer than this in the history has no close twin there.
_CLOSE = 0.8
_MEASURES = ("recall@5", "ndcg@5", "completeness@5")


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One history.

    Attributes:
        per_tool: Most past requests of each tool.
        n_examples: Past requests there were.
        n_queries: Requests that were measured.
        metrics: Means over them.
        far: The same over those without a close twin in the history.
        n_far: How many those are.
    """

    per_tool: int
    n_examples: int
    n_queries: int
    metrics: dict[str, float]
    far: dict[str, float]
    n_far: int


def learning_curve(
    dataset: Dataset,
    history: Dataset,
    sizes: Sequence[int],
    *,
    pipeline: PipelineName,
    limit: int,
    enhancements: str | None = None,
    tick: Progress,
) -> list[CurvePoint]:
    """Measure requests that were not tuned on after histories of other requests, copies held out.

    Args:
        dataset: What is measured: a fixed fifth of its requests.
        history: Where past requests come from: the rest where it is the same one, all of it otherwise.
        sizes: Most past requests of each tool.
        pipeline: The named pipeline.
        limit: Most requests that are measured.
        enhancements: File of enhancements of the tools.
        tick: Told after each request.
    """
    measured = _measured(dataset, limit)
    with (
        tempfile.TemporaryDirectory(prefix="toolshed-eval-") as folder,
        Toolshed(Path(folder) / "shed", pipeline=pipeline, multilingual=False) as shed,
    ):
        shed.sync_catalogs([dataset.catalog], skip_invalid=True, enhancements=enhancements)
        ids = {dataset_tool_id(tool): tool.tool_id for tool in shed.tools.definitions()}
        past = list(_past(history, {dataset.queries[query] for query in measured}, ids, max(sizes)))
        known = _encoded(shed, [text for text, _, _ in past])
        asked = _encoded(shed, [dataset.queries[query] for query in measured])
        lead = "dense" if "dense" in known else "static"
        is_copy = np.zeros(len(past), dtype=bool)
        for at in range(0, len(past), 512):
            is_copy[at : at + 512] = (known[lead][at : at + 512] @ asked[lead].T).max(axis=1) >= _COPY
        points = []
        for done, size in enumerate(sizes):
            rows = [at for at, (_, _, nth) in enumerate(past) if nth < size and not is_copy[at]]
            _write(shed, past, known, rows)
            run = {}
            for n, query in enumerate(measured):
                found = shed.search(dataset.queries[query], DEPTH).tools
                run[query] = [dataset_tool_id(one.tool) for one in found]
                tick(done * len(measured) + n + 1, len(sizes) * len(measured))
            nearest = (asked[lead] @ known[lead][rows].T).max(axis=1) if rows else np.zeros(len(measured))
            points.append(_point(dataset, measured, run, size, len(rows), nearest < _CLOSE))
    return points


def _measured(dataset: Dataset, limit: int) -> list[str]:
    chosen = [q for q in dataset.qrels if _fold(dataset.queries[q]) == 0 and not is_dev(dataset.queries[q])]
    return sorted(chosen, key=lambda query: _shuffled(dataset.queries[query]))[:limit]


def _fold(text: str) -> int:
    return int(_shuffled(text), 16) % 5


def _shuffled(text: str) -> str:
    return hashlib.sha256(f"curve:{text.lower()}".encode()).hexdigest()


def _past(
    history: Dataset, measured: set[str], ids: dict[str, str], most: int
) -> Iterator[tuple[str, str, int]]:
    """Past requests with the id of their tool, and which one of the tool's it is."""
    held = {text.lower() for text in measured}
    counts: Counter[str] = Counter()
    for query in sorted(history.qrels, key=lambda query: _shuffled(history.queries[query])):
        text = history.queries[query]
        if text.lower() in held or (_fold(text) == 0 and not is_dev(text)):
            continue
        for tool in sorted(history.qrels[query] & ids.keys()):
            if counts[tool] < most:
                yield text, ids[tool], counts[tool]
                counts[tool] += 1


def _encoded(shed: Toolshed, texts: Sequence[str]) -> dict[str, Vectors]:
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    vectors = {}
    for name, encoder in shed.encoders.read.items():
        rows = np.zeros((len(texts), encoder.dimension), np.float32)
        for start in range(0, len(order), 64):
            some = order[start : start + 64]
            rows[some] = encoder.encode([texts[at] for at in some])
        vectors[name] = rows
    return vectors


def _write(
    shed: Toolshed, past: Sequence[tuple[str, str, int]], known: dict[str, Vectors], rows: Sequence[int]
) -> None:
    shed.usage.forget(everything=True)
    now = int(time.time())
    examples = [
        UsageExample(
            f"{at:032x}",
            past[at][1],
            "history",
            now,
            {name: vectors[at] for name, vectors in known.items()},
            serves=True,
        )
        for at in rows
    ]
    for start in range(0, len(examples), 500):
        shed.usage.keep(examples[start : start + 500])


def _point(
    dataset: Dataset,
    measured: Sequence[str],
    run: dict[str, list[str]],
    per_tool: int,
    n_examples: int,
    is_far: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> CurvePoint:
    values = measure(run, {query: dataset.qrels[query] for query in measured})
    far = [query for query, own in zip(measured, is_far, strict=True) if own]

    def mean(name: str, queries: Sequence[str]) -> float:
        return float(np.mean([values[name][query] for query in queries])) if queries else float("nan")

    return CurvePoint(
        per_tool,
        n_examples,
        len(measured),
        {name: mean(name, measured) for name in _MEASURES},
        {name: mean(name, far) for name in _MEASURES},
        len(far),
    )
