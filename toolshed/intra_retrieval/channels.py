"""Channel scores: how similar every tool is to every sub-query, channel by channel."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.lexical import as_query_vector
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.postings import PostingsIndex
from toolshed.intra_retrieval.reading_tools import arrays_of, spread_of
from toolshed.intra_retrieval.soft_words import SoftWords
from toolshed.intra_retrieval.tool_matrices import ChosenTools, ToolMatrices
from toolshed.knowledge_base.engine import VectorQuery
from toolshed.knowledge_base.store import Channel
from toolshed.knowledge_base.tools import VIEWS, ToolRecord
from toolshed.queries import Encodings
from toolshed.types import ToolDefinition
from toolshed.vectors import CompactVectors, Ragged, Scores, Vectors

# Of fewer tools mean and deviation are quicker measured than foretold.
_MEASURED = 2_000
# Most that the frequencies of one tool's words take.
_WORD_BYTES = 500
ChannelScores = dict[str, Scores]


class TopicVectors:
    """The key topics of the tools that have several; a tool is matched by the best of them.

    Args:
        starts: Where those of each tool begin, and where the last ones end.
        vectors: The topics.
    """

    def __init__(self, starts: NDArray[np.int64], vectors: CompactVectors) -> None:
        self._n_tools = len(starts) - 1
        self._tools = np.flatnonzero(np.diff(starts))
        self._starts = starts[self._tools]
        self.vectors = vectors

    def score(self, queries: Vectors, whole: Scores | None) -> Scores:
        """Best inner product of each tool, the one with its ``whole`` document included (MaxSim)."""
        if whole is None:
            whole = np.full((len(queries), self._n_tools), -np.inf, np.float32)
        if not len(self.vectors):
            return whole
        best = np.maximum.reduceat(self.vectors.products(queries), self._starts, axis=1)
        scores = whole.copy()
        scores[:, self._tools] = np.maximum(scores[:, self._tools], best)
        return scores


class ViewVectors:
    """One view of every tool, compared with a request for a few tools at a time.

    Mean and deviation of the cosine over all tools follow from those of the vectors, E[q.v] = q.E[v] and
    Var(q.v) = q' Cov(v) q, so that no product over a large catalog is needed.

    Args:
        vectors: Gives the vectors.
        spread: Gives their mean and covariance.
    """

    def __init__(
        self, vectors: Callable[[], CompactVectors], spread: Callable[[], tuple[Vectors, Vectors]]
    ) -> None:
        self._give_vectors, self._give_spread = vectors, spread

    @cached_property
    def vectors(self) -> CompactVectors:
        """The vectors."""
        return self._give_vectors()

    @cached_property
    def _spread(self) -> tuple[Vectors, Vectors]:
        return self._give_spread()

    def cosines(self, query: Vectors, columns: NDArray[np.int64]) -> Scores:
        """Cosine of one request, ``[dimension]``, with these tools."""
        return np.asarray(self.vectors.take(columns).floats() @ query)

    def standard(self, query: Vectors) -> tuple[float, float]:
        """Mean and standard deviation of the request's cosine over all tools."""
        if len(self.vectors) <= _MEASURED:
            cosines = self.vectors.products(query[None])
            return float(cosines.mean()), float(cosines.std())
        mean, covariance = self._spread
        variance = float(query @ covariance @ query)
        return float(mean @ query), max(variance, 0.0) ** 0.5


class ScoringIndex:
    """The vectors of a set of tools as matrices, scored exactly.

    Standardising needs every tool's score, and a product over all of them is quicker than one index query
    for each sub-query and channel.

    Args:
        matrices: Tools, at least one.
        rows: Those of them that are scored, ascending; None for all. The others have no part in anything:
            scores, means, deviations and frequencies are those of an index of nothing but these tools.
        background: An index to take document frequencies from, when these are only the candidates of a
            larger catalog.
    """

    def __init__(
        self,
        matrices: ToolMatrices,
        rows: NDArray[np.int64] | None = None,
        *,
        background: "ScoringIndex | None" = None,
    ) -> None:
        self.definitions: Sequence[ToolDefinition] = (
            matrices.definitions if rows is None else ChosenTools(matrices.definitions, rows)
        )
        self._matrices, self._rows = matrices, rows
        is_enhanced = matrices.is_enhanced if rows is None else matrices.is_enhanced[rows]
        self.enhanced_share = float(is_enhanced.mean())
        self._channels = {channel.name: channel for channel in matrices.channels}
        self._read: dict[str, CompactVectors | TopicVectors] = {}
        self.views = {name: self._view(name) for name in VIEWS if name in self._channels}
        columns = None if rows is None else _columns(rows, len(matrices))
        self._sparse: dict[str, PostingsIndex] = {
            name: PostingsIndex(
                matrices.sparse(name),
                columns,
                n_columns=len(self.definitions),
                background=None if background is None else background._sparse[name],
            )
            for name, channel in self._channels.items()
            if channel.kind == "sparse"
        }
        self._vocabulary: PostingsIndex = (background or self)._sparse["words"]
        self._background = background
        self._lock = threading.Lock()
        self._soft_words: SoftWords | None = None

    @classmethod
    def of(cls, records: Sequence[ToolRecord], *, background: "ScoringIndex | None" = None) -> "ScoringIndex":
        """An index of these tools."""
        arrays = arrays_of(records)
        assert arrays is not None
        return cls(ToolMatrices(arrays), background=background)

    def __len__(self) -> int:
        return len(self.definitions)

    @property
    def tool_ids(self) -> Sequence[str]:
        """The ids of the tools, ascending."""
        ids = self._matrices.tool_ids
        return ids if self._rows is None else ids.take(self._rows)

    def ids_of(self, columns: NDArray[np.int64]) -> list[str]:
        """The ids of some of them."""
        return self._matrices.tool_ids.of_rows(columns if self._rows is None else self._rows[columns])

    def operations(self, columns: NDArray[np.int64]) -> NDArray[np.int16]:
        """What tools do; see :func:`~toolshed.intra_retrieval.verbs.operations_of`."""
        return self._matrices.operations(columns if self._rows is None else self._rows[columns])

    @property
    def n_bytes(self) -> int:
        """Most that these tools will take in memory, beside the matrices of all."""
        sizes = (self._matrices.dense(c.name).n_bytes for c in self._channels.values() if c.kind != "sparse")
        share = len(self) / len(self._matrices)
        return int(share * sum(sizes)) + 4 * len(self._matrices) + _WORD_BYTES * len(self)

    def _dense(self, name: str) -> CompactVectors:
        """The vectors of a channel of one vector a tool, gathered when they are first needed."""
        found = self._read.get(name)
        if not isinstance(found, CompactVectors):
            every = self._matrices.dense(name)
            found = self._read[name] = every if self._rows is None else every.take(self._rows)
        return found

    def _multi(self, name: str) -> TopicVectors:
        """Those of a channel of several."""
        found = self._read.get(name)
        if not isinstance(found, TopicVectors):
            starts, vectors = self._matrices.starts(name), self._matrices.dense(name)
            if self._rows is not None:
                places = Ragged(starts, np.arange(len(vectors))).take(self._rows)
                starts, vectors = places.starts, vectors.take(places.values)
            found = self._read[name] = TopicVectors(starts, vectors)
        return found

    def _view(self, name: str) -> ViewVectors:
        if self._rows is None:
            return ViewVectors(lambda: self._dense(name), lambda: self._matrices.spread(name))
        return ViewVectors(lambda: self._dense(name), lambda: spread_of(self._dense(name)))

    def soft_words(self, encoder: StaticEncoder) -> SoftWords:
        """The words of the tools, read when they are first needed."""
        with self._lock:
            if self._soft_words is None:
                background = self._background.soft_words(encoder) if self._background else None
                table = self._matrices.words(encoder)
                self._soft_words = SoftWords(table, self._rows, background=background)
            return self._soft_words

    @property
    def channels(self) -> Collection[str]:
        """The channels that there are."""
        return self._channels.keys()

    @property
    def whole_channels(self) -> Sequence[str]:
        """The channels of whole documents."""
        return [
            name
            for name, channel in self._channels.items()
            if channel.kind == "dense" and name not in (*VIEWS, "meaning")
        ]

    def whole_vectors(self, channel: str) -> CompactVectors:
        """The vectors of a channel of whole documents, one row a tool."""
        return self._dense(channel)

    def rows_of(self, tool_ids: Sequence[str]) -> NDArray[np.int64]:
        """The rows of tools; -1 of one that is not among them."""
        found = self._matrices.rows_of_ids(tool_ids)
        if self._rows is None:
            return found
        at = np.minimum(np.searchsorted(self._rows, found), len(self._rows) - 1)
        return np.where(self._rows[at] == found, at, -1)

    def unknown_terms(self, terms: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which terms of a query no tool has."""
        return self._vocabulary.unknown(terms)

    def term_idf(self, terms: NDArray[np.uint32]) -> Scores:
        """Inverse document frequency of any terms."""
        return self._vocabulary.idf(terms)

    def score(self, encodings: Encodings, channels: Sequence[str]) -> ChannelScores:
        """Scores of the wanted channels, each float32 ``[n_sub_queries, n_tools]``.

        A channel that adds to one of the whole document needs that before it.
        """
        scores: ChannelScores = {}
        for name in channels:
            channel = self._channels[name]
            match channel.kind:
                case "dense":
                    scores[name] = self._dense(name).products(encodings.vectors[channel.encoding])
                case "multi":
                    whole = None if channel.whole is None else scores[channel.whole]
                    scores[name] = self._multi(name).score(encodings.vectors[channel.encoding], whole)
                case "sparse":
                    scores[name] = self._sparse[name].score(self._terms(channel, encodings))
        return scores

    def queries(self, encodings: Encodings, channels: Sequence[str]) -> Iterator[VectorQuery]:
        """What a store is asked to find candidates for every sub-query on these channels."""
        for name in channels:
            channel = self._channels[name]
            if channel.kind == "sparse":
                terms = self._terms(channel, encodings)
                yield from (VectorQuery(name, as_query_vector(own)) for own in terms if len(own))
            else:
                yield from (VectorQuery(name, vector) for vector in encodings.vectors[channel.encoding])

    def _terms(self, channel: Channel, encodings: Encodings) -> list[NDArray[np.uint32]]:
        """The terms of each sub-query that a sparse channel is asked for.

        Words that some tool has are found by the words themselves; only those that no tool has, misspelt
        ones among them, are looked for by their n-grams.
        """
        if channel.encoding == "words":
            return [words.terms for words in encodings.words]
        unknown = self._vocabulary.unknown(np.concatenate([words.terms for words in encodings.words]))
        if not unknown.any():
            return [np.empty(0, np.uint32)] * len(encodings.words)
        ends = np.cumsum([len(words.terms) for words in encodings.words])
        own = np.split(unknown, ends[:-1])
        return [words.ngrams_where(one) for words, one in zip(encodings.words, own, strict=True)]


def _columns(rows: NDArray[np.int64], n_tools: int) -> NDArray[np.int32]:
    columns = np.full(n_tools, -1, np.int32)
    columns[rows] = np.arange(len(rows), dtype=np.int32)
    return columns
