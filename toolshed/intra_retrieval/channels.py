"""Channel scores: how similar every tool is to every sub-query, channel by channel."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.lexical import as_query_vector
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.soft_words import SoftWords
from toolshed.knowledge_base.engine import VectorQuery
from toolshed.knowledge_base.store import Channel
from toolshed.knowledge_base.tools import TOOL_LAYOUT, VIEWS, ToolRecord
from toolshed.queries import Encodings
from toolshed.vectors import Scores, SparseVector, Vectors

# Cells of the term-by-document block that is laid out at once: 8 MB.
_MAX_CELLS = 2_000_000
ChannelScores = dict[str, Scores]


class PostingsIndex:
    """An inverted index over sparse vectors, with inverse document frequencies.

    Args:
        vectors: One sparse vector per document.
        background: An index to take the document frequencies from, when ``vectors`` are only the
            candidates of a larger catalog.
    """

    def __init__(self, vectors: Sequence[SparseVector], *, background: "PostingsIndex | None" = None) -> None:
        owners = np.repeat(np.arange(len(vectors)), [len(v.indices) for v in vectors])
        indices = np.concatenate([v.indices for v in vectors])
        values = np.concatenate([v.values for v in vectors])
        order = np.argsort(indices, kind="stable")
        self._n_documents = len(vectors)
        self._terms, starts = np.unique(indices[order], return_index=True)
        self._starts = np.append(starts, len(indices))
        lengths = np.diff(self._starts)
        self._idf = self._own_idf(lengths) if background is None else background.idf(self._terms)
        self._owners = owners[order]
        self._weights = values[order] * np.repeat(self._idf, lengths)

    def _own_idf(self, frequency: NDArray[np.int64]) -> Scores:
        # Qdrant's Modifier.IDF, so that both give the same scores.
        idf = np.log(1 + (self._n_documents - frequency + 0.5) / (frequency + 0.5))
        return np.asarray(idf, np.float32)

    def idf(self, terms: NDArray[np.uint32]) -> Scores:
        """Inverse document frequency of any terms; of those no document has, as for frequency 0."""
        idf = np.full(len(terms), self._own_idf(np.zeros(1, np.int64))[0], np.float32)
        known = ~self.unknown(terms)
        idf[known] = self._idf[np.searchsorted(self._terms, terms[known])]
        return idf

    def score(self, queries: Sequence[NDArray[np.uint32]]) -> Scores:
        """Sum of weight times IDF, ``[len(queries), n_documents]``, over the best attainable sum.

        Terms that no document has do not count as attainable: a wordy query is not punished for
        words that are not about tools.
        """
        scores = np.zeros((len(queries), self._n_documents), np.float32)
        wanted = np.concatenate([np.empty(0, np.uint32), *queries])
        asked_by = np.repeat(np.arange(len(queries)), [len(query) for query in queries])
        known = ~self.unknown(wanted)
        positions, term = np.unique(np.searchsorted(self._terms, wanted[known]), return_inverse=True)
        if not len(positions):
            return scores
        holds = np.zeros((len(queries), len(positions)), np.float32)
        holds[asked_by[known], term] = 1
        # Sub-queries share most of their terms: each posting list is laid out once for all.
        step = max(1, _MAX_CELLS // self._n_documents)
        for start in range(0, len(positions), step):
            chunk = slice(start, start + step)
            scores += holds[:, chunk] @ self._rows(positions[chunk])
        # Not a matrix product: BLAS may raise a spurious "invalid value" flag for one this thin.
        attainable = (holds * self._idf[positions]).sum(axis=1)
        scores /= np.maximum(attainable, 1e-6)[:, None]
        return scores

    def _rows(self, positions: NDArray[np.int64]) -> Scores:
        rows = np.zeros((len(positions), self._n_documents), np.float32)
        for row, position in zip(rows, positions, strict=True):
            postings = slice(self._starts[position], self._starts[position + 1])
            row[self._owners[postings]] = self._weights[postings]
        return rows

    def unknown(self, query: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which terms of a query no document has."""
        if not len(self._terms):
            return np.ones(len(query), dtype=bool)
        at = np.minimum(np.searchsorted(self._terms, query), len(self._terms) - 1)
        return np.asarray(self._terms[at] != query)


class TopicVectors:
    """The key topics of the tools that have several; a tool is matched by the best of them."""

    def __init__(self, topics: Sequence[Vectors]) -> None:
        self._n_tools = len(topics)
        self._tools = np.array([row for row, vectors in enumerate(topics) if len(vectors)], np.int64)
        lengths = [len(topics[row]) for row in self._tools]
        self._starts = np.cumsum([0, *lengths[:-1]]) if lengths else np.empty(0, np.int64)
        self._vectors = _columns([v for row in self._tools for v in topics[row]]) if lengths else None

    def score(self, queries: Vectors, whole: Scores | None) -> Scores:
        """Best inner product of each tool, the one with its ``whole`` document included (MaxSim)."""
        if whole is None:
            whole = np.full((len(queries), self._n_tools), -np.inf, np.float32)
        if self._vectors is None:
            return whole
        best = np.maximum.reduceat(queries @ self._vectors, self._starts, axis=1)
        scores = whole.copy()
        scores[:, self._tools] = np.maximum(scores[:, self._tools], best)
        return scores


class ViewVectors:
    """One view of every tool, compared with a request for a few tools at a time.

    Mean and deviation of the cosine over all tools follow from those of the vectors, E[q.v] = q.E[v] and
    Var(q.v) = q' Cov(v) q, so that no product over the catalog is needed.
    """

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._mean = vectors.mean(axis=0)
        self._covariance = vectors.T @ vectors / np.float32(len(vectors)) - np.outer(self._mean, self._mean)

    def cosines(self, query: Vectors, columns: NDArray[np.int64]) -> Scores:
        """Cosine of one request, ``[dimension]``, with these tools."""
        return np.asarray(self._vectors[columns] @ query)

    def standard(self, query: Vectors) -> tuple[float, float]:
        """Mean and standard deviation of the request's cosine over all tools."""
        variance = float(query @ self._covariance @ query)
        return float(self._mean @ query), max(variance, 0.0) ** 0.5

    def all_cosines(self, queries: Vectors) -> Scores:
        """Cosines with every tool, ``[n_queries, n_tools]``."""
        return np.asarray(queries @ self._vectors.T)


class ScoringIndex:
    """The vectors of a set of tools as matrices, scored exactly.

    Below some tens of thousands of tools one matrix product over all of them is quicker than one
    index query for each sub-query and channel, and standardising needs every tool's score.

    Args:
        records: The tools, at least one.
        background: An index to take document frequencies from, when these are only the candidates of a
            larger catalog.
    """

    def __init__(self, records: Sequence[ToolRecord], *, background: "ScoringIndex | None" = None) -> None:
        ordered = sorted(records, key=lambda record: record.tool_id)
        self.tool_ids = [record.tool_id for record in ordered]
        self.definitions = [record.definition for record in ordered]
        self._channels = {c.name: c for c in TOOL_LAYOUT.channels if c.name in ordered[0].vectors}
        self._dense: dict[str, Vectors] = {}
        self.views: dict[str, ViewVectors] = {}
        self._multi: dict[str, TopicVectors] = {}
        self._sparse: dict[str, PostingsIndex] = {}
        for name, channel in self._channels.items():
            vectors: list[Any] = [record.vectors[name] for record in ordered]
            match channel.kind:
                case "dense" if name in VIEWS:
                    self.views[name] = ViewVectors(np.stack(vectors))
                case "dense":
                    self._dense[name] = _columns(vectors)
                case "multi":
                    self._multi[name] = TopicVectors(vectors)
                case "sparse":
                    frequencies = None if background is None else background._sparse[name]
                    self._sparse[name] = PostingsIndex(vectors, background=frequencies)
        self._vocabulary: PostingsIndex = (background or self)._sparse["words"]
        self._background = background
        self._lock = threading.Lock()
        self._soft_words: SoftWords | None = None

    def __len__(self) -> int:
        return len(self.tool_ids)

    def soft_words(self, encoder: StaticEncoder) -> SoftWords:
        """The words of the tools, read when they are first needed."""
        with self._lock:
            if self._soft_words is None:
                background = self._background.soft_words(encoder) if self._background else None
                self._soft_words = SoftWords(self.definitions, encoder, background=background)
            return self._soft_words

    def whole_vectors(self, channel: str) -> Vectors:
        """The vectors of a channel of whole documents, one row a tool."""
        return np.ascontiguousarray(self._dense[channel].T)

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
                case "dense" if name in VIEWS:
                    scores[name] = self.views[name].all_cosines(encodings.vectors[channel.encoding])
                case "dense":
                    scores[name] = encodings.vectors[channel.encoding] @ self._dense[name]
                case "multi":
                    whole = None if channel.whole is None else scores[channel.whole]
                    scores[name] = self._multi[name].score(encodings.vectors[channel.encoding], whole)
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
        return [words.ngrams_where(self._vocabulary.unknown(words.terms)) for words in encodings.words]


def _columns(vectors: Sequence[Vectors]) -> Vectors:
    # One tool a column: with few query rows BLAS is twice as quick this way round.
    return np.ascontiguousarray(np.stack(vectors).T)
