"""Selection: from scored tools to the few an agent is given, or to the answer that none fits."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from toolshed.types import FoundTool, ToolDefinition, WeighedPart

# Characters a token, for budgets without the model's own tokenizer. An estimate, and named so.
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class ScoredTools:
    """What selection chooses from; the columns of all arrays are the tools.

    Attributes:
        tools: The candidates.
        scores: float32 ``[n_tools]``; minus infinity excludes a tool.
        parts: The parts of the query and their weights.
        fused: float32 ``[n_parts, n_tools]``, standardised.
        evidence: float32 ``[n_parts, n_tools]`` by channel, not standardised.
    """

    tools: Sequence[ToolDefinition]
    scores: NDArray[np.float32]
    parts: Sequence[WeighedPart]
    fused: NDArray[np.float32]
    evidence: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen tools.

    Attributes:
        tools: Best first; empty when nothing fits.
        parts: The parts of the query and their weights.
        confidence: Estimated probability that the best tool serves the query.
        status: ``no_match`` when nothing fits.
        n_below_floor: Tools among the best k left out for their low confidence.
        n_over_budget: Tools among the best k left out for the token budget.
    """

    tools: Sequence[FoundTool]
    parts: Sequence[WeighedPart]
    confidence: float
    status: Literal["ok", "no_match"]
    n_below_floor: int = 0
    n_over_budget: int = 0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Logistic calibration of confidence from a tool's raw similarities.

    Absolute similarities carry over between catalogs, standardised scores do not. How it is fitted:
    ``toolshed_evals.calibration``.

    Attributes:
        intercept: Log odds of a tool without any similarity.
        weights: Log odds for each unit of similarity on a channel.
        abstain_below: Confidence of the best tool below which none is returned, unless a query says
            otherwise; chosen to cost at most a thousandth of Recall@5 on the dev splits.
    """

    intercept: float
    weights: Mapping[str, float]
    abstain_below: float

    def probabilities(self, similarities: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float64]:
        """Probability that tools with these similarities serve the query, in the same shape."""
        logits = self.intercept + sum(w * similarities[name] for name, w in self.weights.items())
        return np.asarray(1 / (1 + np.exp(-logits)))


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

    Equal scores are ordered by tool id. The budget keeps the order: a tool that does not fit is
    passed over, and a shorter one after it may still be taken.
    """
    best = _found(scored, calibration, _best_columns(scored.scores, k))
    confidence = max((found.confidence for found in best), default=0.0)
    confident = [found for found in best if found.confidence >= min_confidence]
    if confidence < abstain_below:
        confident = []
    affordable = list(_within_budget(confident, max_tokens))
    return Selection(
        tools=affordable,
        parts=scored.parts,
        confidence=confidence,
        status="ok" if affordable else "no_match",
        n_below_floor=len(best) - len(confident),
        n_over_budget=len(confident) - len(affordable),
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
    """Describe the chosen columns: the part that speaks most for each, and the confidence."""
    weights = np.array([part.weight for part in scored.parts], np.float32)[:, None]
    fused = np.where(weights > 0, scored.fused[:, columns] * weights, -np.inf)
    rows = fused.argmax(axis=0) if columns else np.empty(0, np.int64)
    # A tool may serve the whole query better than the part it was found by.
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
            part=scored.parts[row].text,
            channels={name: float(values[at]) for name, values in evidence.items()},
        )
        for at, (row, column) in enumerate(zip(rows.tolist(), columns, strict=True))
    ]


def _within_budget(found: Sequence[FoundTool], max_tokens: int | None) -> Iterator[FoundTool]:
    if max_tokens is None:
        yield from found
        return
    spent = 0
    for tool in found:
        cost = estimated_tokens(tool.tool)
        if spent + cost <= max_tokens:
            spent += cost
            yield tool


def estimated_tokens(tool: ToolDefinition) -> int:
    """Tokens a definition takes in a prompt: a quarter of its characters, an estimate."""
    text = json.dumps([tool.name, tool.description, tool.parameters], ensure_ascii=False)
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)
