"""An inverted index over sparse vectors, and what of it some of the documents see."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.vectors import Ragged, Scores

# Cells of the term-by-document block that is laid out at once: 8 MB.
_MAX_CELLS = 2_000_000
# Terms whose frequency among some of the documents is remembered.
_MAX_REMEMBERED = 1_024


@dataclass(frozen=True, slots=True)
class Postings:
    """Which documents have each term, and with what weight.

    Attributes:
        n_documents: How many documents there are.
        terms: The different terms, ascending.
        starts: Where the list of each term begins, and where the last one ends.
        owners: The documents of each list, ascending.
        weights: The term's weight in each of them.
    """

    n_documents: int
    terms: NDArray[np.uint32]
    starts: NDArray[np.int64]
    owners: NDArray[np.int32]
    weights: Scores

    @classmethod
    def of(cls, terms: Ragged[np.uint32], weights: Scores) -> "Postings":
        """Invert the terms of each document, and their weights."""
        owners = np.repeat(np.arange(len(terms), dtype=np.int32), terms.lengths)
        order = np.argsort(terms.values, kind="stable")
        different, starts = np.unique(terms.values[order], return_index=True)
        return cls(
            len(terms), different, np.append(starts, len(order)), owners[order], np.asarray(weights[order])
        )

    def positions(self, terms: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Where terms stand; -1 for those that no document has."""
        if not len(self.terms):
            return np.full(len(terms), -1)
        at = np.minimum(np.searchsorted(self.terms, terms), len(self.terms) - 1)
        return np.where(self.terms[at] == terms, at, -1)


class PostingsIndex:
    """Documents scored by the terms they have, with inverse document frequencies of their own.

    Args:
        postings: All documents.
        columns: For each of them its column in scores, -1 where it is not one of those that are searched;
            None for all of them. The others have no part in frequencies.
        n_columns: How many are searched, where it is not all of them.
        background: An index to take the document frequencies from, when these are only the candidates of a
            larger catalog.
    """

    def __init__(
        self,
        postings: Postings,
        columns: NDArray[np.int32] | None = None,
        *,
        n_columns: int = 0,
        background: "PostingsIndex | None" = None,
    ) -> None:
        self._postings = postings
        self._columns = columns
        self._n_documents = postings.n_documents if columns is None else n_columns
        self._background = background
        self._counted: dict[int, int] = {}

    def _entries(self, positions: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32], Scores]:
        """The entries of some lists, one after the other: which of these, column and weight of each."""
        begin, end = self._postings.starts[positions], self._postings.starts[positions + 1]
        lists = [slice(*one) for one in zip(begin.tolist(), end.tolist(), strict=True)]
        owners, weights = (
            np.concatenate([values[one] for one in lists])
            for values in (self._postings.owners, self._postings.weights)
        )
        which = np.repeat(np.arange(len(positions)), end - begin)
        if self._columns is None:
            return which, owners, weights
        columns = self._columns[owners]
        is_searched = columns >= 0
        return which[is_searched], columns[is_searched], weights[is_searched]

    def _frequencies(self, terms: NDArray[np.uint32]) -> NDArray[np.int64]:
        """How many of the documents that are searched have each term."""
        return self._frequencies_at(self._postings.positions(terms))

    def _frequencies_at(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        if self._columns is None:
            starts = self._postings.starts
            return np.where(at < 0, 0, starts[at + 1] - starts[at])
        return np.array([self._frequency(one) if one >= 0 else 0 for one in at.tolist()], np.int64)

    def _frequency(self, position: int) -> int:
        """The same of a term, counted once: a search asks for it several times."""
        found = self._counted.get(position)
        if found is None:
            found = len(self._entries(np.array([position]))[0])
            if len(self._counted) >= _MAX_REMEMBERED:
                self._counted = {}
            self._counted[position] = found
        return found

    def idf(self, terms: NDArray[np.uint32]) -> Scores:
        """Inverse document frequency of any terms; of those no document has, as for frequency 0."""
        return self._rarity(terms, None)

    def _rarity(self, terms: NDArray[np.uint32], frequency: NDArray[np.int64] | None) -> Scores:
        """The same, where frequencies of these documents were counted already."""
        if self._background is not None:
            return self._background.idf(terms)
        if frequency is None:
            frequency = self._frequencies(terms)
        # Qdrant's Modifier.IDF, so that both give the same scores.
        idf = np.log(1 + (self._n_documents - frequency + 0.5) / (frequency + 0.5))
        return np.asarray(idf, np.float32)

    def unknown(self, query: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which terms of a query no document has."""
        return np.asarray(self._frequencies(query) == 0)

    def score(self, queries: Sequence[NDArray[np.uint32]]) -> Scores:
        """Sum of weight times IDF, ``[len(queries), n_documents]``, over the best attainable sum.

        Terms that no document has do not count as attainable: a wordy query is not punished for
        words that are not about tools.
        """
        scores = np.zeros((len(queries), self._n_documents), np.float32)
        wanted = np.concatenate([np.empty(0, np.uint32), *queries])
        if not len(wanted):
            return scores
        asked_by = np.repeat(np.arange(len(queries)), [len(query) for query in queries])
        different, term = np.unique(wanted, return_inverse=True)
        positions = self._postings.positions(different)
        frequencies = self._frequencies_at(positions)
        is_known = frequencies > 0
        if not is_known.any():
            return scores
        positions = positions[is_known]
        row = np.cumsum(is_known) - 1
        holds = np.zeros((len(queries), len(positions)), np.float32)
        asked = is_known[term]
        holds[asked_by[asked], row[term[asked]]] = 1
        idf = self._rarity(different[is_known], frequencies[is_known])
        # Sub-queries share most of their terms: each posting list is laid out once for all.
        step = max(1, _MAX_CELLS // self._n_documents)
        for start in range(0, len(positions), step):
            chunk = slice(start, start + step)
            scores += holds[:, chunk] @ self._rows(positions[chunk], idf[chunk])
        # Not a matrix product: BLAS may raise a spurious "invalid value" flag for one this thin.
        attainable = (holds * idf).sum(axis=1)
        scores /= np.maximum(attainable, 1e-6)[:, None]
        return scores

    def _rows(self, positions: NDArray[np.int64], idf: Scores) -> Scores:
        rows = np.zeros((len(positions), self._n_documents), np.float32)
        which, columns, weights = self._entries(positions)
        rows.ravel()[which * self._n_documents + columns] = weights * idf[which]
        return rows
