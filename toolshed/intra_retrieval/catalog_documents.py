"""What is known of tools beside their scores, looked up for the few that may be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.channels import ScoringIndex
from toolshed.intra_retrieval.soft_words import AskedWords
from toolshed.rankings import SoftMatches
from toolshed.vectors import Scores, Vectors

_MIN_DEVIATION = 1e-3


@dataclass(frozen=True, slots=True)
class IndexedDocuments:
    """The documents of the columns of a ranking.

    Attributes:
        indexes: Where they are: all tools, or a sample of the catalog and the candidates that it lacks. The
            first one supplies means, deviations and frequencies.
        owner: Which index each column is of.
        row: Its row there.
    """

    indexes: Sequence[ScoringIndex]
    owner: NDArray[np.int64]
    row: NDArray[np.int64]

    @classmethod
    def of(cls, index: ScoringIndex) -> "IndexedDocuments":
        """The columns as the index has them."""
        return cls((index,), np.zeros(len(index), np.int64), np.arange(len(index)))

    def joined(self, more: ScoringIndex, order: Sequence[int]) -> "IndexedDocuments":
        """With the columns of another index after these, and then in a new order."""
        owner = np.append(self.owner, np.full(len(more), len(self.indexes), np.int64))
        row = np.append(self.row, np.arange(len(more)))
        return IndexedDocuments((*self.indexes, more), owner[list(order)], row[list(order)])

    def views(self) -> list[str]:
        """The views that these documents have; those of older knowledge bases have none."""
        return [*self.indexes[0].views]

    def view(self, name: str, query: Vectors, columns: NDArray[np.int64]) -> Scores:
        """Standardised cosine of a request with one view of these tools."""
        mean, deviation = self.indexes[0].views[name].standard(query)
        cosines = np.zeros(len(columns), np.float32)
        for at, index in enumerate(self.indexes):
            own = np.flatnonzero(self.owner[columns] == at)
            cosines[own] = index.views[name].cosines(query, self.row[columns[own]])
        return (cosines - np.float32(mean)) / np.float32(deviation + _MIN_DEVIATION)

    def meanings(self, query: Vectors) -> Scores | None:
        """Cosine of a request, as the encoder for other languages reads it, with all columns.

        None where the tools were not encoded by it.
        """
        if "meaning" not in self.indexes[0].channels:
            return None
        return np.asarray(self.products("meaning", query[None])[0])

    def enhanced_share(self) -> float:
        """Share of all tools that something was written of besides."""
        return self.indexes[0].enhanced_share

    def soft_matches(self, text: str, columns: NDArray[np.int64], encoder: StaticEncoder) -> SoftMatches:
        """How the words of a request and of these tools match."""
        asked = AskedWords.of(text, encoder)
        found = SoftMatches(*np.zeros((6, len(columns)), np.float32))
        for at, index in enumerate(self.indexes):
            own = np.flatnonzero(self.owner[columns] == at)
            if len(own):
                matches = index.soft_words(encoder).match(asked, self.row[columns[own]])
                for name in SoftMatches.__slots__:
                    getattr(found, name)[own] = getattr(matches, name)
        return found

    def is_unknown(self, terms: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which terms no tool has."""
        return self.indexes[0].unknown_terms(terms)

    def idf(self, terms: NDArray[np.uint32]) -> Scores:
        """Inverse document frequency of terms."""
        return self.indexes[0].term_idf(terms)

    def operations(self, columns: NDArray[np.int64]) -> NDArray[np.int16]:
        """What these tools do."""
        done = np.zeros(len(columns), np.int16)
        for at, index in enumerate(self.indexes):
            own = np.flatnonzero(self.owner[columns] == at)
            done[own] = index.operations(self.row[columns[own]])
        return done

    def tool_ids(self, columns: Sequence[int]) -> Sequence[str]:
        """The ids of the tools of these columns."""
        chosen = np.asarray(columns, np.int64)
        if len(self.indexes) == 1:
            return self.indexes[0].ids_of(self.row[chosen])
        owners, rows = self.owner[chosen].tolist(), self.row[chosen]
        return [self.indexes[owner].ids_of(rows[at : at + 1])[0] for at, owner in enumerate(owners)]

    def columns_of(self, tool_ids: Sequence[str]) -> NDArray[np.int64]:
        """The columns of tools; -1 of one that is not among them."""
        columns = np.full(len(tool_ids), -1, np.int64)
        for at, index in enumerate(self.indexes):
            here = np.flatnonzero(self.owner == at)
            # One more, so that -1 stays -1.
            column = np.full(len(index) + 1, -1, np.int64)
            column[self.row[here]] = here
            columns = np.maximum(columns, column[index.rows_of(tool_ids)])
        return columns

    def whole(self, channel: str, columns: NDArray[np.int64]) -> Vectors:
        """The vectors of the whole documents of these tools."""
        dimension = self.indexes[0].whole_vectors(channel).numbers.shape[1]
        vectors = np.empty((len(columns), dimension), np.float32)
        for at, index in enumerate(self.indexes):
            own = np.flatnonzero(self.owner[columns] == at)
            vectors[own] = index.whole_vectors(channel).take(self.row[columns[own]]).floats()
        return vectors

    def products(self, channel: str, queries: Vectors) -> Scores:
        """Inner products of any vectors with the whole documents of all columns."""
        scores = np.empty((len(queries), len(self.row)), np.float32)
        for at, index in enumerate(self.indexes):
            own = self.owner == at
            scores[:, own] = index.whole_vectors(channel).products(queries)[:, self.row[own]]
        return scores
