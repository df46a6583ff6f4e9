"""How sure a search is: of each tool, and of there being a right one at all.

Two logistic regressions on features of the ranking. That of a tool looks at how it stands out; that of the
request at the best similarities, which tell a catalog that has nothing from one that is hard. A list's
confidences never rise from one place to the next: pooling adjacent violators keeps their sum.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.english import common_words
from toolshed.presets import MIN_NEED_WEIGHT
from toolshed.rankings import Candidates, ScoredTools
from toolshed.vectors import best_places

# Written by ``python -m toolshed_evals.fitting``: by pipeline.
WEIGHTS = Path(__file__).with_name("confidence.json")
_MAX_MARGIN = 4.0
_MAX_NEEDS = 4
# Whether anything serves a request is read from so many tools.
_N_LOOKED_AT = 5
_WORD = re.compile(r"[^\W\d_]+")
_MIN_LETTERS, _MAX_CHARACTERS = 2, 2_000
# The features of both, in the order that they are computed in. Whether a tool is right is told by how it
# stands among the others: how like the request it is tells more of how requests are worded there.
TOOL_FEATURES = (
    *("soft_query", "soft_query_anywhere", "soft_document", "soft_name", "parts", "part_margin", "words"),
    *("share", "margin", "rank", "needs", "size", "known", "evidence_mean", "surely_talk"),
)
REQUEST_FEATURES = (
    *("evidence", "static_evidence", "soft_query", "soft_document", "whole_score", "margin", "share"),
    *("size", "known", "evidence_mean", "odd", "talk", "surely_talk"),
)
# From these log odds on small talk counts a second time: below it, requests are as likely.
_SURELY_TALK = 0.5
# Where nothing was fitted for the encoder: what most requests have.
_UNKNOWN_TALK = -2.0


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted regression.

    Attributes:
        intercept: Log odds where every feature is zero.
        weights: Log odds for one unit of each feature.
    """

    intercept: float
    weights: NDArray[np.float64]

    def probabilities(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability of each row."""
        return np.asarray(1 / (1 + np.exp(-(self.intercept + rows @ self.weights))))

    def moved(self, intercept: float, slope: float) -> "Logistic":
        """With its log odds l moved to ``intercept + slope l``."""
        return Logistic(intercept + slope * self.intercept, slope * self.weights)


@dataclass(frozen=True, slots=True)
class Confidence:
    """What was fitted for one pipeline.

    Attributes:
        tool: Whether a tool is right, from :data:`TOOL_FEATURES`.
        request: Whether any of the first five is right, from :data:`REQUEST_FEATURES`.
        max_refused: Probability of the request below which nothing is returned, by the share of answerable
            requests that one is ready to lose by it.
    """

    tool: Logistic
    request: Logistic
    max_refused: Mapping[str, float]

    def moved(self, tool: tuple[float, float], request: tuple[float, float]) -> "Confidence":
        """With the log odds of both moved by intercept and slope; what is refused stays the same."""
        intercept, slope = request
        cuts = {
            share: float(1 / (1 + np.exp(-intercept - slope * np.log(cut / (1 - cut)))))
            for share, cut in self.max_refused.items()
        }
        return Confidence(self.tool.moved(*tool), self.request.moved(*request), cuts)

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> "Confidence":
        """Read it as it is kept in JSON."""
        tool, request = (
            Logistic(written[name]["intercept"], np.array([written[name]["weights"][f] for f in features]))
            for name, features in (("tool", TOOL_FEATURES), ("request", REQUEST_FEATURES))
        )
        return cls(tool, request, written["max_refused"])


@cache
def shipped_confidence(pipeline: str) -> Confidence | None:
    """What was fitted for a named pipeline; None where nothing was."""
    fitted = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return Confidence.of(fitted[pipeline]) if pipeline in fitted else None


def tool_rows(scored: ScoredTools, columns: Sequence[int]) -> NDArray[np.float64]:
    """:data:`TOOL_FEATURES` of chosen tools, ``[n_columns, n_features]``, best first."""
    candidates = _candidates(scored)
    scores = scored.scores[candidates.columns].astype(np.float64)
    at = _positions(candidates, columns, _last(scored, scores))
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    best, second = _best_two(scores)
    own = scores[at]
    margins = np.clip(own - np.where(own == best, second, best), -_MAX_MARGIN, _MAX_MARGIN)
    n_needs = sum(one.weight >= MIN_NEED_WEIGHT for one in scored.sub_queries)
    per_tool = [candidates.features[name][at] for name in _FROM_RANKING]
    constants = [
        float(min(max(n_needs, 1), _MAX_NEEDS)),
        _size(scored.n_tools),
        candidates.asked["known"],
        candidates.asked["evidence_mean"],
        max(_talk(candidates) - _SURELY_TALK, 0.0),
    ]
    return np.stack(
        [
            *(*per_tool, shares[at], margins, np.log1p(np.arange(len(columns)))),
            *(np.full(len(columns), value) for value in constants),
        ],
        axis=1,
    )


_FROM_RANKING = TOOL_FEATURES[:7]


def request_row(
    scored: ScoredTools, columns: Sequence[int], rows: NDArray[np.float64], odd: float
) -> NDArray[np.float64]:
    """:data:`REQUEST_FEATURES`.

    Args:
        scored: The tools.
        columns: The chosen ones, best first.
        rows: Their :func:`tool_rows`.
        odd: The :func:`odd_share` of the request.
    """
    rows, columns = rows[:_N_LOOKED_AT], columns[:_N_LOOKED_AT]
    named = {name: rows[:, at] for at, name in enumerate(TOOL_FEATURES)}
    evidence, static_evidence = _evidence(scored, columns)
    # Of more tools the best one is further from their mean by chance alone.
    by_chance = np.sqrt(2 * np.log(max(scored.n_tools, 2)))
    whole = float(scored.fused[0].max()) - by_chance
    return np.array(
        [
            *(evidence.max(), static_evidence.max(), named["soft_query"].max(), named["soft_document"].max()),
            *(whole, named["margin"][0], named["share"][0]),
            *(named["size"][0], named["known"][0], named["evidence_mean"][0], odd),
            *(_talk(_candidates(scored)), named["surely_talk"][0]),
        ]
    )


def _talk(candidates: Candidates) -> float:
    return candidates.asked.get("talk", _UNKNOWN_TALK)


def best_columns(scores: NDArray[np.float32], k: int) -> list[int]:
    """Columns of the ``k`` best scores; ties by column, which are ordered by tool id."""
    columns = np.arange(len(scores))
    if k < len(scores):
        columns = np.flatnonzero(scores >= scores[best_places(scores, k)].min())
    order = columns[np.argsort(-scores[columns], kind="stable")][:k]
    found: list[int] = order[np.isfinite(scores[order])].tolist()
    return found


def odd_share(text: str) -> float:
    """Share of a request's words that are no common English ones: names, other languages, slips."""
    found = [word.lower() for word in _WORD.findall(text[:_MAX_CHARACTERS]) if len(word) > _MIN_LETTERS]
    common = common_words()
    return sum(word not in common for word in found) / len(found) if found else 0.0


def falling(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest values that never rise: neighbours that do are pooled to their mean."""
    pools: list[tuple[float, int]] = []
    for value in values:
        pools.append((float(value), 1))
        while len(pools) > 1 and pools[-1][0] > pools[-2][0]:
            (last, n_last), (before, n_before) = pools.pop(), pools.pop()
            n = n_last + n_before
            pools.append(((last * n_last + before * n_before) / n, n))
    return np.array([mean for mean, n in pools for _ in range(n)])


def _candidates(scored: ScoredTools) -> Candidates:
    assert scored.candidates is not None
    return scored.candidates


def _positions(candidates: Candidates, columns: Sequence[int], last: int) -> NDArray[np.int64]:
    """Where chosen tools are among the candidates; what is none has the last one's features."""
    at = np.minimum(np.searchsorted(candidates.columns, columns), len(candidates.columns) - 1)
    return np.where(candidates.columns[at] == np.asarray(columns), at, last)


def _last(scored: ScoredTools, scores: NDArray[np.float64]) -> int:
    """The worst of the candidates that are not forbidden."""
    forbidden = scored.is_forbidden
    if forbidden is not None:
        scores = np.where(forbidden[_candidates(scored).columns], np.inf, scores)
    return int(scores.argmin())


def _best_two(scores: NDArray[np.float64]) -> tuple[float, float]:
    if len(scores) == 1:
        return float(scores[0]), float(scores[0]) - _MAX_MARGIN
    second, best = np.partition(scores, -2)[-2:]
    return float(best), float(second)


def _size(n_tools: int) -> float:
    # The exact number would tell a catalog from the same one with a tool removed.
    return float(np.round(np.log2(n_tools + 3)))


def _evidence(scored: ScoredTools, columns: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Raw similarity to the request or to the part that speaks most for each tool, whichever is higher."""
    weights = np.array([one.weight for one in scored.sub_queries], np.float32)[:, None]
    chosen = list(columns)
    rows = np.where(weights > 0, scored.fused[:, chosen] * weights, -np.inf).argmax(axis=0)

    def similarity(channel: str) -> NDArray[np.float64]:
        values = scored.evidence[channel]
        return np.maximum(values[rows, chosen], values[0, chosen]).astype(np.float64)

    static = similarity("static_topics")
    return (similarity("topics") if "topics" in scored.evidence else static), static
