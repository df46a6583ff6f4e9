"""Selection: from scored tools to the few an agent is given, or to the answer that none fits."""

import json
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.post_retrieval.budget import within_budget
from toolshed.presets import Calibration
from toolshed.rankings import FoundTool, ScoredTools, Selection
from toolshed.stages import Stage
from toolshed.types import ToolDefinition

# Characters a token, for whole catalogs. An estimate, and named so; budgets are counted more closely.
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True, repr=False)
class Select(Stage[ScoredTools, Selection]):
    """Take the best tools, or none."""

    calibration: Calibration

    def __repr__(self) -> str:
        return "Select()"

    async def run(self, scored: ScoredTools, /) -> Selection:
        """Return the selection for the query's k, floor and budget."""
        query = scored.asked.plan.query
        wanted = query.options["abstain_below"]
        return select(
            scored,
            self.calibration,
            k=query.k,
            min_confidence=query.options["min_confidence"],
            abstain_below=self.calibration.abstain_below if wanted is None else wanted,
            max_tokens=query.options["max_tokens"],
        )


def select(
    scored: ScoredTools,
    calibration: Calibration,
    *,
    k: int,
    min_confidence: float,
    abstain_below: float,
    max_tokens: int | None,
) -> Selection:
    """Take the best ``k`` tools that pass the floor and fit the budget, or say that nothing fits.

    Equal scores are ordered by tool id. The budget keeps the order: see
    :func:`~toolshed.post_retrieval.budget.within_budget`.
    """
    best = _found(scored, calibration, _best_columns(scored.scores, k))
    confidence = max((found.confidence for found in best), default=0.0)
    confident = [found for found in best if found.confidence >= min_confidence]
    if confidence < abstain_below:
        confident = []
    budgeted = within_budget(confident, max_tokens)
    return Selection(
        asked=scored.asked,
        tools=budgeted.tools,
        sub_queries=scored.sub_queries,
        confidence=confidence,
        status="ok" if budgeted.tools else "no_match",
        n_tools=scored.n_tools,
        n_below_floor=len(best) - len(confident),
        n_over_budget=len(confident) - len(budgeted.tools),
        n_tokens=budgeted.n_tokens,
        tokens_counted_by=budgeted.counted_by,
    )


def _best_columns(scores: NDArray[np.float32], k: int) -> list[int]:
    if k < len(scores):
        threshold = np.partition(scores, -k)[-k]
        columns = np.flatnonzero(scores >= threshold)
    else:
        columns = np.arange(len(scores))
    # Columns are ordered by tool id, so a stable sort breaks ties by it.
    order = columns[np.argsort(-scores[columns], kind="stable")][:k]
    return [int(column) for column in order if np.isfinite(scores[column])]


def _found(scored: ScoredTools, calibration: Calibration, columns: list[int]) -> list[FoundTool]:
    """Describe the chosen columns: the sub-query that speaks most for each, and the confidence."""
    if not columns:
        return []
    weights = np.array([one.weight for one in scored.sub_queries], np.float32)[:, None]
    fused = np.where(weights > 0, scored.fused[:, columns] * weights, -np.inf)
    rows = fused.argmax(axis=0)
    # A tool may serve the whole query better than the sub-query it was found by.
    evidence = {
        name: np.maximum(values[rows, columns], values[0, columns])
        for name, values in scored.evidence.items()
    }
    confidences = np.broadcast_to(calibration.probabilities(evidence), len(columns))
    return [
        FoundTool(
            tool=scored.tools[column],
            score=float(scored.scores[column]),
            confidence=float(confidences[at]),
            sub_query=scored.sub_queries[row].text,
            channels={name: float(values[at]) for name, values in evidence.items()},
        )
        for at, (row, column) in enumerate(zip(rows.tolist(), columns, strict=True))
    ]


def estimated_tokens(tool: ToolDefinition) -> int:
    """Tokens a definition takes in a prompt: a quarter of its characters, an estimate."""
    text = json.dumps([tool.name, tool.description, tool.parameters], ensure_ascii=False)
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)
