"""What is asked for, on its way through the pipeline: a query, its sub-queries, their encodings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from toolshed.vectors import QueryWords, Vectors

SubQueryKind = Literal["whole", "sentence", "clause"]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for.

    Attributes:
        text: The agent's request.
        k: Most tools to return.
        min_confidence: Tools below it are left out.
        abstain_below: When even the best tool is below it, nothing fits; the calibrated threshold of the
            pipeline when None.
        max_tokens: Budget for the definitions together, or None.
        sources: Search only these sources, or all of them when None.
    """

    text: str
    k: int = 5
    min_confidence: float = 0.0
    abstain_below: float | None = None
    max_tokens: int | None = None
    sources: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class SubQuery:
    """A span of the query that may ask for something of its own.

    Attributes:
        text: The span as it stands in the query.
        start: Offset of the first character in the query.
        end: Offset after the last character.
        kind: The whole query, a sentence of it, or a clause of a sentence.
        sentence: Index of the sentence it belongs to; -1 for the whole query.
        opens_with_verb: Whether it begins as a request or a question does.
    """

    text: str
    start: int
    end: int
    kind: SubQueryKind
    sentence: int
    opens_with_verb: bool


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A query and what it is searched by; ``sub_queries[0]`` is the whole query."""

    query: Query
    sub_queries: Sequence[SubQuery]


@dataclass(frozen=True, slots=True)
class Encodings:
    """Sub-queries in every form that a channel compares with; row i belongs to sub-query i.

    Attributes:
        vectors: float32 ``[n_sub_queries, dimension]`` by the name of the encoder, ``static`` or ``dense``.
        words: The different words of each sub-query.
    """

    vectors: Mapping[str, Vectors]
    words: Sequence[QueryWords]


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """A plan with the encodings of its sub-queries."""

    plan: QueryPlan
    encodings: Encodings
