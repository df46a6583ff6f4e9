"""Fusion: from channel scores for every part to one score for every tool."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.errors import ConfigurationError
from toolshed.intra_retrieval.channels import ChannelScores, Scores
from toolshed.intra_retrieval.decomposition import QueryPart
from toolshed.presets import ChannelName, PartWeights, RankingConfig

# Keeps a channel in which every tool scores the same (no word matched) at zero, not at infinity.
_MIN_DEVIATION = 1e-3
_MAX_PROBABILITY = 0.999


@dataclass(frozen=True, slots=True)
class Standard:
    """Mean and standard deviation of a channel over the catalog, ``[n_parts, 1]`` each."""

    mean: Scores
    deviation: Scores

    @classmethod
    def of(cls, scores: Scores) -> "Standard":
        """Measure the scores of one channel."""
        mean = scores.mean(axis=1, keepdims=True)
        # One pass; np.std would make two copies of the matrix.
        squares = np.einsum("ij,ij->i", scores, scores)[:, None] / np.float32(scores.shape[1])
        deviation = np.sqrt(np.maximum(squares - mean * mean, 0))
        return cls(mean, deviation + np.float32(_MIN_DEVIATION))


def fuse_channels(
    scores: ChannelScores,
    weights: Mapping[ChannelName, float],
    standards: Mapping[ChannelName, Standard],
) -> Scores:
    """Weighted mean of the standardised channels, ``[n_parts, n_tools]``.

    Standard scores make the channels comparable whatever the catalog: a cosine of 0.4 is much among
    tools of many domains and nothing among siblings. Score fusion beats rank fusion by far here.
    """
    total = np.float32(sum(weights[channel] for channel in scores))
    fused: Scores | None = None
    for channel, values in scores.items():
        standard = standards[channel]
        factor = np.float32(weights[channel]) / (total * standard.deviation)
        term: Scores = (values - standard.mean) * factor
        fused = term if fused is None else np.add(fused, term, out=fused)
    if fused is None:
        raise ConfigurationError("a ranking needs at least one channel")
    return fused


def part_weights(parts: Sequence[QueryPart], weights: PartWeights | None) -> NDArray[np.float32]:
    """The say of each part, 0 to 1; a query without parts is its own and only part."""
    if weights is None or len(parts) == 1:
        return np.array([1.0, *([0.0] * (len(parts) - 1))], np.float32)
    by_kind = {"whole": weights.whole, "sentence": weights.sentence}
    return np.array(
        [
            by_kind.get(part.kind, weights.request if part.opens_with_verb else weights.phrase)
            for part in parts
        ],
        np.float32,
    )


def fuse_parts(fused: Scores, weights: NDArray[np.float32], config: RankingConfig) -> Scores:
    """One score per tool: the chance that some part calls for it, and the whole query's view.

    Each part spreads one unit of probability over the tools (softmax), and a tool is wanted unless
    every part passes it over (noisy-or). A part's near-twins share its one unit, so they cannot fill
    all the places, and a tool that is mediocre for every part does not beat the best tool of one.
    """
    if len(fused) == 1:
        return np.asarray(fused[0])
    shifted = (fused - fused.max(axis=1, keepdims=True)) / np.float32(config.temperature)
    chances = np.exp(shifted)
    chances *= (weights / chances.sum(axis=1))[:, None]
    np.minimum(chances, _MAX_PROBABILITY, out=chances)
    wanted = 1 - np.exp(np.log1p(-chances).sum(axis=0))
    return _standardised(wanted) + np.float32(config.whole_weight) * _standardised(fused[0])


def _standardised(values: Scores) -> Scores:
    return np.asarray((values - values.mean()) / (values.std() + 1e-6))


def reciprocal_rank_fusion(rankings: Sequence[Sequence[str]], *, k: int = 60) -> list[tuple[str, float]]:
    """Fuse rankings of ids by summed reciprocal ranks (Cormack et al., SIGIR 2009), best first.

    Not the default: a tool that is mediocre in every ranking beats one that is best in a single one.
    Ties keep the order of first appearance.
    """
    scores: defaultdict[str, float] = defaultdict(float)
    for ranking in rankings:
        for rank, tool_id in enumerate(ranking, start=1):
            scores[tool_id] += 1 / (k + rank)
    return sorted(scores.items(), key=lambda item: -item[1])
