"""The vectors that texts become, dense and sparse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

# float32, one row a text, or one vector.
Vectors = NDArray[np.float32]
# float32 [n_sub_queries, n_tools]
Scores = NDArray[np.float32]
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Indices (uint32, ascending, unique) and their weights (float32)."""

    indices: NDArray[np.uint32]
    values: NDArray[np.float32]

    @classmethod
    def from_weights(cls, weights: Mapping[int, float]) -> "SparseVector":
        """Build a sorted sparse vector from a mapping of index to weight."""
        order = sorted(weights)
        return cls(
            np.array(order, dtype=np.uint32),
            np.array([weights[index] for index in order], dtype=np.float32),
        )


@dataclass(frozen=True, slots=True)
class QueryWords:
    """The different words of a query; repeating one does not make it more important.

    Attributes:
        terms: uint32 ``[n_words]``, the index term of each word.
        ngrams: The n-gram indices of each word; none for a word too short to be recognised by them.
    """

    terms: NDArray[np.uint32]
    ngrams: tuple[frozenset[int], ...]

    def ngrams_where(self, chosen: NDArray[np.bool_]) -> NDArray[np.uint32]:
        """The different n-grams of the chosen words."""
        picked = (self.ngrams[position] for position in np.flatnonzero(chosen))
        return np.fromiter(frozenset().union(*picked), dtype=np.uint32)


@dataclass(frozen=True, slots=True)
class Ragged(Generic[Number]):
    """Rows of different lengths, one after the other.

    Attributes:
        starts: Where each row begins in the values, and where the last one ends.
        values: The values of all rows.
    """

    starts: NDArray[np.int64]
    values: NDArray[Number]

    @classmethod
    def of(cls, rows: Sequence[NDArray[Number]], empty: NDArray[Number]) -> "Ragged[Number]":
        """Put rows together.

        Args:
            rows: The rows.
            empty: What a row without values is.
        """
        starts = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        return cls(starts, np.concatenate([empty, *rows]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many values each row has."""
        return np.diff(self.starts)

    def row(self, at: int) -> NDArray[Number]:
        """The values of one row."""
        return self.values[self.starts[at] : self.starts[at + 1]]

    def take(self, rows: NDArray[np.int64]) -> "Ragged[Number]":
        """Some of the rows, in this order."""
        begin = self.starts[rows]
        lengths = self.starts[rows + 1] - begin
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        places = np.repeat(begin - starts[:-1], lengths) + np.arange(starts[-1])
        return Ragged(starts, self.values[places])
