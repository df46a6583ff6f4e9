"""Fusion: from channel scores for every sub-query to one score for every tool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.lexical import terms
from toolshed.errors import ConfigurationError
from toolshed.presets import RankingPreset, SubQueryWeights
from toolshed.queries import SubQuery, asked_text
from toolshed.rankings import ScoredCatalog, ScoredTools, Standard, WeighedSubQuery
from toolshed.stages import Stage
from toolshed.types import ToolDefinition
from toolshed.vectors import Scores

_MAX_PROBABILITY = 0.999
# A tool is as good as the best one for what is forbidden from this share of its chance on.
_NEARLY_BEST = 0.3


@dataclass(frozen=True, slots=True, repr=False)
class Fuse(Stage[ScoredCatalog, ScoredTools]):
    """Fuse channels, then sub-queries, into one score for each tool."""

    preset: RankingPreset

    def __repr__(self) -> str:
        return f"Fuse(temperature={self.preset.temperature}, whole_weight={self.preset.whole_weight})"

    async def run(self, scored: ScoredCatalog, /) -> ScoredTools:
        """Return the scored tools."""
        sub_queries = scored.asked.plan.sub_queries
        weights = sub_query_weights(sub_queries, self.preset.sub_queries)
        ranking = scored.ranking
        if ranking is None:
            return nothing_scored(scored, weights)
        fused = fuse_channels(ranking.scores, self.preset.channels, ranking.standards)
        scores = fuse_sub_queries(fused, weights, self.preset)
        forbidden = forbidden_tools(fused, sub_queries, ranking.tools, self.preset.temperature)
        scores = np.where(forbidden, scores - np.ptp(scores) - 1, scores)
        return ScoredTools(
            scored.asked,
            ranking.tools,
            scores,
            weighed(sub_queries, weights),
            fused,
            ranking.scores,
            ranking.n_tools,
            forbidden,
            documents=ranking.documents,
        )


def weighed(sub_queries: Sequence[SubQuery], weights: NDArray[np.float32]) -> list[WeighedSubQuery]:
    """The sub-queries with the say of each."""
    return [
        WeighedSubQuery(one.text, one.kind, float(weight))
        for one, weight in zip(sub_queries, weights, strict=True)
    ]


def forbidden_tools(
    fused: Scores, sub_queries: Sequence[SubQuery], tools: Sequence[ToolDefinition], temperature: float
) -> NDArray[np.bool_]:
    """The tools that would do what the query says must not be done.

    The best one for the rest of the query is none of them, unless its name says what only the negation says.
    """
    rows = [row for row, one in enumerate(sub_queries) if one.kind == "negated"]
    is_forbidden = np.zeros(fused.shape[1], dtype=bool)
    for row in rows:
        nearly = np.exp((fused[row] - fused[row].max()) / np.float32(temperature))
        is_forbidden |= nearly >= _NEARLY_BEST
    best = int(fused[0].argmax()) if rows else 0
    if rows and not _is_named_by(sub_queries, rows, tools[best].name):
        is_forbidden[best] = False
    return is_forbidden


def _is_named_by(sub_queries: Sequence[SubQuery], negated: Sequence[int], name: str) -> bool:
    """Whether a name has words that only the negated parts of a query have."""
    only_negated = {term for row in negated for term in terms(sub_queries[row].text)}
    return bool(only_negated.difference(terms(asked_text(sub_queries))).intersection(terms(name)))


def nothing_scored(scored: ScoredCatalog, weights: NDArray[np.float32]) -> ScoredTools:
    """What fusion makes of a catalog without tools."""
    sub_queries = scored.asked.plan.sub_queries
    nothing = np.empty((len(sub_queries), 0), np.float32)
    return ScoredTools(scored.asked, (), nothing[0], weighed(sub_queries, weights), nothing, {}, n_tools=0)


def fuse_channels(
    scores: Mapping[str, Scores],
    weights: Mapping[str, float],
    standards: Mapping[str, Standard],
) -> Scores:
    """Weighted mean of the standardised channels, ``[n_sub_queries, n_tools]``.

    Standard scores make the channels comparable whatever the catalog: a cosine of 0.4 is much among
    tools of many domains and nothing among siblings. Score fusion beats rank fusion by far here.
    """
    total = np.float32(sum(weights[channel] for channel in scores))
    fused: Scores | None = None
    for channel, values in scores.items():
        standard = standards[channel]
        term = values - standard.mean
        term *= np.float32(weights[channel]) / (total * standard.deviation)
        fused = term if fused is None else np.add(fused, term, out=fused)
    if fused is None:
        raise ConfigurationError("a ranking needs at least one channel")
    return fused


def sub_query_weights(
    sub_queries: Sequence[SubQuery], weights: SubQueryWeights | None
) -> NDArray[np.float32]:
    """The say of each sub-query, 0 to 1; a query that is not split has all of it."""
    is_split = any(one.kind not in ("whole", "negated") for one in sub_queries)
    if weights is None or not is_split:
        return np.array([1.0, *([0.0] * (len(sub_queries) - 1))], np.float32)
    by_kind = {"whole": weights.whole, "sentence": weights.sentence, "negated": 0.0}
    return np.array(
        [
            by_kind.get(one.kind, weights.verb_clause if one.opens_with_verb else weights.clause)
            for one in sub_queries
        ],
        np.float32,
    )


def fuse_sub_queries(fused: Scores, weights: NDArray[np.float32], preset: RankingPreset) -> Scores:
    """One score per tool: the chance that some sub-query calls for it, and the whole query's view.

    Each sub-query spreads one unit of probability over the tools (softmax), and a tool is wanted unless
    every sub-query passes it over (noisy-or):

        p(t|q) = w_q softmax_t(z_qt / T)        wanted(t) = 1 - prod_q (1 - p(t|q))

    A sub-query's near-twins share its one unit, so they cannot fill all the places, and a tool that is
    mediocre for every sub-query does not beat the best tool of one.
    """
    if len(fused) == 1:
        return np.asarray(fused[0])
    wanted = chosen_by_parts(fused, weights, preset.temperature)
    return standardised(wanted) + np.float32(preset.whole_weight) * standardised(fused[0])


def chosen_by_parts(fused: Scores, weights: NDArray[np.float32], temperature: float) -> Scores:
    """The chance of each tool that some sub-query calls for it: ``wanted`` of :func:`fuse_sub_queries`."""
    return chosen_by_any(log_misses(fused, weights, temperature))


def log_misses(fused: Scores, weights: NDArray[np.float32], temperature: float) -> Scores:
    """The logarithm of the chance of each tool that a sub-query passes it over: ``log(1 - p(t|q))``."""
    shifted = (fused - fused.max(axis=1, keepdims=True)) / np.float32(temperature)
    chances = np.exp(shifted)
    chances *= (weights / chances.sum(axis=1))[:, None]
    np.minimum(chances, _MAX_PROBABILITY, out=chances)
    misses: Scores = np.log1p(-chances)
    return misses


def chosen_by_any(misses: Scores) -> Scores:
    """The chance of each tool that some of these sub-queries calls for it."""
    return np.asarray(1 - np.exp(misses.sum(axis=0)))


def standardised(values: Scores) -> Scores:
    """Standard scores of one row over all tools."""
    # As ``mean`` and ``std`` do it, without what they do before.
    n = np.float32(len(values))
    off_mean = values - np.add.reduce(values) / n
    deviation = np.sqrt(np.add.reduce(off_mean * off_mean) / n)
    off_mean /= deviation + np.float32(1e-6)
    return np.asarray(off_mean)
