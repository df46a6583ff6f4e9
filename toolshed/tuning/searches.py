"""Judged queries searched by one state of a pipeline after another; each is read and encoded once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.english import is_english
from toolshed.options import PipelineName
from toolshed.pipelines import Ingredients, Learned, ask_stages, learned_of, score_stages
from toolshed.post_retrieval.confidence import best_columns, odd_share, request_row, tool_rows
from toolshed.presets import PIPELINES
from toolshed.queries import Query, asked_text, checked_text
from toolshed.rankings import ScoredTools
from toolshed.stages import run_blocking
from toolshed.tuning.head import Pairs
from toolshed.tuning.judged import JudgedQuery
from toolshed.tuning.listwise import JudgedCandidates

_DEPTH, _N_SURE = 10, 5
_MIN_CHANCE = 1e-6


@dataclass(frozen=True, slots=True)
class JudgedSearch:
    """One query, searched.

    Attributes:
        candidates: Its candidates; None where words of another language are ranked by fixed weights.
        ranks: The places of the tools that serve it, the first is 1.
        log_odds: Of the confidence of the first five tools, as shipped.
        is_right: Which of them serve it.
        any_log_odds: Of the chance that one of them does, as shipped.
    """

    candidates: JudgedCandidates | None
    ranks: NDArray[np.int64]
    log_odds: NDArray[np.float64]
    is_right: NDArray[np.bool_]
    any_log_odds: float

    @property
    def ndcg(self) -> float:
        """nDCG@10."""
        found = self.ranks[self.ranks <= _DEPTH]
        ideal = 1 / np.log2(1 + np.arange(1, min(len(self.ranks), _DEPTH) + 1))
        return float((1 / np.log2(1 + found)).sum() / ideal.sum())

    @property
    def recall(self) -> float:
        """Recall@5."""
        return float((self.ranks <= _N_SURE).mean())


class JudgedSearches:
    """Judged queries on one knowledge base.

    Args:
        name: The pipeline.
        made_of: Tools and encoders.
        queries: The queries; tools that are not there have no part.

    Raises:
        InvalidQueryError: If the text of one is empty or too long.
    """

    def __init__(self, name: PipelineName, made_of: Ingredients, queries: Sequence[JudgedQuery]) -> None:
        self._preset, self._made_of = PIPELINES[name], made_of
        self.queries = queries
        self.shipped = learned_of(name, Ingredients(made_of.index, made_of.encoders))
        reading = ask_stages(self._preset, made_of, is_learned=True)
        self._asked = [run_blocking(reading, Query(checked_text(one.text))) for one in queries]
        lead = "dense" if "dense" in made_of.encoders else "static"
        self.vectors = np.stack([one.encodings.vectors[lead][0] for one in self._asked])
        self._row = {tool_id: row for row, tool_id in enumerate(made_of.index.all_tools().tool_ids)}

    def searched(self, learned: Learned, rows: Sequence[int]) -> list[JudgedSearch]:
        """Search some of the queries."""
        scoring = score_stages(self._preset, self._made_of, learned=learned.ranking, head=learned.head)
        return [self._judged(run_blocking(scoring, self._asked[row]), self.queries[row]) for row in rows]

    def _judged(self, scored: ScoredTools, query: JudgedQuery) -> JudgedSearch:
        assert scored.candidates is not None
        relevant = np.array([tool.tool_id in query.tool_ids for tool in scored.tools])
        # Ties count against.
        own = scored.scores[relevant]
        ranks = np.sort((scored.scores[None] >= own[:, None]).sum(axis=1))
        best = best_columns(scored.scores, _N_SURE)
        text = asked_text(scored.asked.plan.sub_queries)
        confidence = self.shipped.confidence
        assert confidence is not None
        rows = tool_rows(scored, best)
        row = request_row(scored, best, rows, odd_share(text))
        judged = JudgedCandidates(scored.candidates, relevant[scored.candidates.columns], int(relevant.sum()))
        return JudgedSearch(
            judged if is_english(text) else None,
            np.pad(ranks, (0, len(query.tool_ids) - len(ranks)), constant_values=len(relevant) + 1),
            _log_odds(confidence.tool.probabilities(rows)),
            relevant[best],
            float(_log_odds(confidence.request.probabilities(row[None]))[0]),
        )

    def pairs(self, rows: Sequence[int]) -> Pairs | None:
        """What a head is fitted to; None where no transformer reads requests, or too many tools are there."""
        if "dense" not in self._made_of.encoders:
            return None
        needed = [[self._row[one] for one in self.queries[row].tool_ids if one in self._row] for row in rows]
        known = [(row, np.array(own)) for row, own in zip(rows, needed, strict=True) if own]
        if not known:
            return None
        tools = self._made_of.index.all_tools().whole_vectors("dense").floats()
        return Pairs(self.vectors[[row for row, _ in known]], [own for _, own in known], tools)


def _log_odds(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(chances, _MIN_CHANCE, 1 - _MIN_CHANCE)
    return np.asarray(np.log(clipped / (1 - clipped)))
