"""What a search makes of a query: scored tools, and the few that are chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from toolshed.queries import EncodedQuery
from toolshed.types import ToolDefinition
from toolshed.vectors import Scores

# Keeps a channel in which every tool scores the same (no word matched) at zero, not at infinity.
_MIN_DEVIATION = 1e-3


@dataclass(frozen=True, slots=True)
class Standard:
    """Mean and standard deviation of a channel over the catalog, ``[n_sub_queries, 1]`` each."""

    mean: Scores
    deviation: Scores

    @classmethod
    def of(cls, scores: Scores) -> "Standard":
        """Measure the scores of one channel."""
        mean = scores.mean(axis=1, keepdims=True)
        # Var(x) = E[x²] - E[x]², in one pass; np.std would make two copies of the matrix.
        squares = np.einsum("ij,ij->i", scores, scores)[:, None] / np.float32(scores.shape[1])
        deviation = np.sqrt(np.maximum(squares - mean * mean, 0))
        return cls(mean, deviation + np.float32(_MIN_DEVIATION))


@dataclass(frozen=True, slots=True)
class ChannelRanking:
    """Tools with the scores of every sub-query on every channel.

    Attributes:
        tools: The tools of the columns, ordered by tool id.
        scores: float32 ``[n_sub_queries, n_tools]`` for each channel.
        standards: Mean and deviation of each channel over all the tools that may be found.
        n_tools: How many tools those are; more than columns where the store named candidates.
    """

    tools: Sequence[ToolDefinition]
    scores: Mapping[str, Scores]
    standards: Mapping[str, Standard]
    n_tools: int


@dataclass(frozen=True, slots=True)
class ScoredCatalog:
    """A query and the scores of the tools that may be found; None where there are none."""

    asked: EncodedQuery
    ranking: ChannelRanking | None


@dataclass(frozen=True, slots=True)
class WeighedSubQuery:
    """A sub-query and the say it had in the result, 0 to 1."""

    text: str
    kind: str
    weight: float


@dataclass(frozen=True, slots=True)
class ScoredTools:
    """What selection chooses from; the columns of all arrays are the tools.

    Attributes:
        asked: The query, encoded.
        tools: The candidates.
        scores: float32 ``[n_tools]``; minus infinity excludes a tool.
        sub_queries: The sub-queries and their weights.
        fused: float32 ``[n_sub_queries, n_tools]``, standardised.
        evidence: float32 ``[n_sub_queries, n_tools]`` by channel, not standardised.
        n_tools: How many tools may be found.
    """

    asked: EncodedQuery
    tools: Sequence[ToolDefinition]
    scores: Scores
    sub_queries: Sequence[WeighedSubQuery]
    fused: Scores
    evidence: Mapping[str, Scores]
    n_tools: int


@dataclass(frozen=True, slots=True)
class FoundTool:
    """A tool a search returned.

    Attributes:
        tool: The definition as its source gave it.
        score: What tools are ordered by; comparable within one search only.
        confidence: Estimated probability that the tool serves the query, 0 to 1.
        sub_query: The sub-query that speaks most for this tool.
        channels: Similarity on every channel to that sub-query or to the whole, whichever is higher.
    """

    tool: ToolDefinition
    score: float
    confidence: float
    sub_query: str
    channels: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen tools.

    Attributes:
        asked: The query, encoded.
        tools: Best first; empty when nothing fits.
        sub_queries: The sub-queries and their weights.
        confidence: Estimated probability that the best tool serves the query.
        status: ``no_match`` when nothing fits.
        n_tools: How many tools were searched.
        n_below_floor: Tools among the best k left out for their low confidence.
        n_over_budget: Tools among the best k left out for the token budget.
    """

    asked: EncodedQuery
    tools: Sequence[FoundTool]
    sub_queries: Sequence[WeighedSubQuery]
    confidence: float
    status: Literal["ok", "no_match"]
    n_tools: int
    n_below_floor: int = 0
    n_over_budget: int = 0
