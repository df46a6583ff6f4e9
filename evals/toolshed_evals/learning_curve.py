"""Learning curves: how well requests are served after so many past requests for each tool."""

import hashlib
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

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
        dataset: What is measured: a fixed fifth of its requests where the others are the history, else all.
        history: Where past requests come from.
        sizes: Most past requests of each tool.
        pipeline: The named pipeline.
        limit: Most requests that are measured.
        enhancements: File of enhancements of the tools.
        tick: Told after each request.
    """
    with PastRequests.opened(
        dataset, history, max(sizes), pipeline=pipeline, limit=limit, enhancements=enhancements
    ) as past:
        points = []
        for done, size in enumerate(sizes):
            past.write([past.example(row) for row in past.rows(size)])
            points.append(past.measured_point(size, tick, done, len(sizes)))
        return points


class PastRequests:
    """Requests to measure, and past ones with the tools that served them; see :func:`learning_curve`."""

    def __init__(self, shed: Toolshed, dataset: Dataset, history: Dataset, *, most: int, limit: int) -> None:
        self.shed, self.dataset = shed, dataset
        # Where past requests come from elsewhere, all that was not tuned on is measured.
        is_split = history is dataset
        self.queries = _measured(dataset, limit, is_split=is_split)
        self.ids = {dataset_tool_id(tool): tool.tool_id for tool in shed.tools.definitions()}
        held = {dataset.queries[query] for query in self.queries}
        self.requests = list(_past(history, held, self.ids, most, is_split=is_split))
        self._known = _encoded(shed, [text for text, _, _ in self.requests])
        self._asked = _encoded(shed, [dataset.queries[query] for query in self.queries])
        self._lead = "dense" if "dense" in self._known else "static"
        self._is_copy = np.zeros(len(self.requests), dtype=bool)
        for at in range(0, len(self.requests), 512):
            near = self._known[self._lead][at : at + 512] @ self._asked[self._lead].T
            self._is_copy[at : at + 512] = near.max(axis=1) >= _COPY
        self._written: list[int] = []

    @classmethod
    @contextmanager
    def opened(
        cls,
        dataset: Dataset,
        history: Dataset,
        most: int,
        *,
        pipeline: PipelineName,
        limit: int,
        enhancements: str | None = None,
    ) -> Iterator[Self]:
        """Index the tools in a folder of their own, and read the requests."""
        with (
            tempfile.TemporaryDirectory(prefix="toolshed-eval-") as folder,
            Toolshed(Path(folder) / "shed", pipeline=pipeline, multilingual=False) as shed,
        ):
            shed.sync_catalogs([dataset.catalog], skip_invalid=True, enhancements=enhancements)
            yield cls(shed, dataset, history, most=most, limit=limit)

    def rows(self, size: int) -> list[int]:
        """Past requests that are no copies, at most so many of each tool."""
        nths = enumerate(nth for _, _, nth in self.requests)
        return [row for row, nth in nths if nth < size and not self._is_copy[row]]

    def example(
        self, row: int, *, tool_id: str = "", reporter: str = "history", serves: bool = True
    ) -> UsageExample:
        """The example that a past request makes, of its own tool unless another is given."""
        return UsageExample(
            f"{row:032x}",
            tool_id or self.requests[row][1],
            reporter,
            int(time.time()),
            {name: vectors[row] for name, vectors in self._known.items()},
            serves=serves,
        )

    def write(self, examples: Sequence[UsageExample]) -> None:
        """Make these the examples that there are."""
        self.shed.usage.forget(everything=True)
        for start in range(0, len(examples), 500):
            self.shed.usage.keep(examples[start : start + 500])
        self._written = [int(one.example_id, 16) for one in examples]

    def measured_point(self, size: int, tick: Progress, done: int, n_points: int) -> CurvePoint:
        """Search what is measured, with the examples that were written."""
        run = {}
        for n, query in enumerate(self.queries):
            found = self.shed.search(self.dataset.queries[query], DEPTH).tools
            run[query] = [dataset_tool_id(one.tool) for one in found]
            tick(done * len(self.queries) + n + 1, n_points * len(self.queries))
        nearest = np.zeros(len(self.queries))
        if self._written:
            nearest = (self._asked[self._lead] @ self._known[self._lead][self._written].T).max(axis=1)
        return _point(self.dataset, self.queries, run, size, len(self._written), nearest < _CLOSE)


def _measured(dataset: Dataset, limit: int, *, is_split: bool) -> list[str]:
    texts = dataset.queries
    chosen = [q for q in dataset.qrels if not (is_split and _fold(texts[q])) and not is_dev(texts[q])]
    return sorted(chosen, key=lambda query: _shuffled(dataset.queries[query]))[:limit]


def _fold(text: str) -> int:
    return int(_shuffled(text), 16) % 5


def _shuffled(text: str) -> str:
    return hashlib.sha256(f"curve:{text.lower()}".encode()).hexdigest()


def _past(
    history: Dataset, measured: set[str], ids: dict[str, str], most: int, *, is_split: bool
) -> Iterator[tuple[str, str, int]]:
    """Past requests with the id of their tool, and which one of the tool's it is."""
    held = {text.lower() for text in measured}
    counts: Counter[str] = Counter()
    for query in sorted(history.qrels, key=lambda query: _shuffled(history.queries[query])):
        text = history.queries[query]
        if text.lower() in held or (is_split and _fold(text) == 0 and not is_dev(text)):
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
