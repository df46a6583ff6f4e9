"""Learned fusion: a linear ranking of candidates whose weights depend on the request.

    score(t) = sum_i (b_i + e d_i) x_i(t) + sum_jk c_jk x_j(t) (q_k - m_k)

x are features of a candidate, q features of the request, e the share of tools that were enhanced: what
was written of them makes some features better than others. A listwise loss over the catalogs of
``toolshed_evals.dev_catalogs`` fits b and c, then d; boosted trees on the same features carried over less
well.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.english import is_english
from toolshed.backbones.static import StaticEncoder
from toolshed.errors import ConfigurationError
from toolshed.intra_retrieval.fusion import forbidden_tools, nothing_scored, sub_query_weights, weighed
from toolshed.intra_retrieval.ranking_features import (
    candidates_of,
    feature_rows,
    plain_rankings,
    plain_scores,
)
from toolshed.intra_retrieval.small_talk import SmallTalk
from toolshed.presets import RankingPreset
from toolshed.queries import asked_text
from toolshed.rankings import Candidates, ScoredCatalog, ScoredTools
from toolshed.stages import Stage

# Written by ``python -m toolshed_evals.fitting``: by pipeline.
WEIGHTS = Path(__file__).with_name("learned_ranking.json")


@dataclass(frozen=True, slots=True)
class LinearRanking:
    """The fitted numbers.

    Attributes:
        features: Names of x, with b.
        varied: Those of them whose weight depends on the request.
        asked: Names of q, with their centres m.
        interactions: c, ``[len(varied), len(asked)]``.
        enhanced: d by names of x.
    """

    features: Mapping[str, float]
    varied: Sequence[str]
    asked: Mapping[str, float]
    interactions: NDArray[np.float64]
    enhanced: Mapping[str, float] = field(default_factory=dict)

    def scores(self, candidates: Candidates) -> NDArray[np.float64]:
        """One score for each candidate."""
        rows = feature_rows(candidates, list(self.features))
        off_centre = np.array([candidates.asked[name] - m for name, m in self.asked.items()])
        by_request = self.interactions @ off_centre
        scores = rows @ np.array(list(self.features.values()))
        scores = scores + feature_rows(candidates, self.varied) @ by_request
        if candidates.enhanced and self.enhanced:
            more = np.array(list(self.enhanced.values())) * candidates.enhanced
            scores = scores + feature_rows(candidates, list(self.enhanced)) @ more
        return np.asarray(scores)

    def moved(self, more: Mapping[str, float]) -> "LinearRanking":
        """With more added to the weights of features."""
        return replace(self, features={name: b + more.get(name, 0.0) for name, b in self.features.items()})

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> "LinearRanking":
        """Read what :meth:`to_json` wrote."""
        return cls(
            written["features"],
            written["varied"],
            written["asked"],
            np.array(written["interactions"], float).reshape(len(written["varied"]), len(written["asked"])),
            written.get("enhanced", {}),
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON, rounded."""
        return {
            "features": {name: round(b, 5) for name, b in self.features.items()},
            "varied": list(self.varied),
            "asked": {name: round(m, 4) for name, m in self.asked.items()},
            "interactions": [[round(float(c), 5) for c in row] for row in self.interactions],
            "enhanced": {name: round(d, 5) for name, d in self.enhanced.items()},
        }


@cache
def shipped_ranking(pipeline: str) -> LinearRanking:
    """The ranking that was fitted for a named pipeline.

    Raises:
        ConfigurationError: If there is none.
    """
    fitted = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    if pipeline not in fitted:
        raise ConfigurationError(f"no ranking was fitted for {pipeline!r}; only for {', '.join(fitted)}")
    return LinearRanking.of(fitted[pipeline])


@dataclass(frozen=True, slots=True, repr=False)
class FuseLearned(Stage[ScoredCatalog, ScoredTools]):
    """Rank the candidates by what was learnt; the other tools keep their plain order below them.

    Attributes:
        preset: The fixed weights that name the candidates.
        learned: What ranks them.
        static: What the words of tools are encoded with.
        small_talk: What tells small talk from requests; None where nothing was fitted.
    """

    preset: RankingPreset
    learned: LinearRanking
    static: StaticEncoder
    small_talk: SmallTalk | None = None

    def __repr__(self) -> str:
        return f"FuseLearned({len(self.learned.features)} features, {len(self.learned.asked)} of the request)"

    async def run(self, scored: ScoredCatalog, /) -> ScoredTools:
        """Return the scored tools."""
        sub_queries = scored.asked.plan.sub_queries
        weights = sub_query_weights(sub_queries, self.preset.sub_queries)
        ranking = scored.ranking
        if ranking is None:
            return nothing_scored(scored, weights)
        plain = plain_rankings(ranking, weights, self.preset)
        candidates = candidates_of(scored, ranking, plain, weights, self.static, self.small_talk)
        learned = self.learned.scores(candidates).astype(np.float32)
        if not is_english(asked_text(sub_queries)):
            # What was learnt of English words misleads elsewhere.
            learned = plain_scores(ranking)[candidates.columns]
        # Tools beyond the candidates follow in their plain order.
        scores = plain.scores - plain.scores.max() + learned.min() - 1
        scores[candidates.columns] = learned
        forbidden = forbidden_tools(plain.fused, sub_queries, ranking.tools, self.preset.temperature)
        scores = np.where(forbidden, scores - np.ptp(scores) - 1, scores)
        return ScoredTools(
            scored.asked,
            ranking.tools,
            scores,
            weighed(sub_queries, weights),
            plain.fused,
            ranking.scores,
            ranking.n_tools,
            forbidden,
            candidates,
            ranking.documents,
        )
