"""The vectors that texts become, dense and sparse."""

from collections.abc import Iterator, Mapping, Sequence
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


# Vectors that are compared at once: as floats they stay in the processor's cache.
_COMPARED_TOGETHER = 1_024
# Multiplications that BLAS does without copying its operands first, which takes as long as the product.
_SMALL_PRODUCT, _WIDTH = 500_000, 64
_LARGEST = 127


@dataclass(frozen=True, slots=True)
class CompactVectors:
    """Vectors as whole numbers of eight bits, each with a scale of its own: a quarter of the memory.

    Attributes:
        numbers: int8 ``[n_vectors, dimension]``.
        scales: What one unit of a vector's numbers stands for.
    """

    numbers: NDArray[np.int8]
    scales: Scores

    @classmethod
    def of(cls, vectors: Vectors) -> "CompactVectors":
        """Round vectors, ``[n_vectors, dimension]``, by at most half a 127th of their largest number."""
        largest = np.abs(vectors).max(axis=1, initial=0)
        scales = np.where(largest > 0, largest / _LARGEST, 1).astype(np.float32)
        return cls(np.rint(vectors / scales[:, None]).astype(np.int8), scales)

    def __len__(self) -> int:
        return len(self.scales)

    @property
    def n_bytes(self) -> int:
        """What they take in memory."""
        return self.numbers.nbytes + self.scales.nbytes

    def take(self, rows: NDArray[np.int64]) -> "CompactVectors":
        """Some of the vectors, in this order."""
        return CompactVectors(self.numbers[rows], self.scales[rows])

    def floats(self) -> Vectors:
        """The vectors as float32."""
        return self.numbers.astype(np.float32) * self.scales[:, None]

    def chunks(self) -> Iterator["CompactVectors"]:
        """The same vectors, a few at a time."""
        for start in range(0, len(self), _COMPARED_TOGETHER):
            chunk = slice(start, start + _COMPARED_TOGETHER)
            yield CompactVectors(self.numbers[chunk], self.scales[chunk])

    def products(self, queries: Vectors) -> Scores:
        """Inner products, ``[n_queries, n_vectors]``."""
        scores = np.empty((len(queries), len(self)), np.float32)
        dimension = self.numbers.shape[1]
        at_once = _SMALL_PRODUCT // max(1, len(queries) * dimension) // _WIDTH * _WIDTH
        step = min(max(at_once, _WIDTH), _COMPARED_TOGETHER)
        floats = np.empty((min(len(self), step), dimension), np.float32)
        # With few queries BLAS is quicker this way round.
        transposed = np.ascontiguousarray(queries.T)
        for start in range(0, len(self), step):
            chunk = slice(start, start + step)
            own = floats[: min(step, len(self) - start)]
            np.copyto(own, self.numbers[chunk])
            np.multiply((own @ transposed).T, self.scales[chunk], out=scores[:, chunk])
        return scores


# The largest of so many neighbours stands for them where the best of many are looked for.
_BLOCK = 64


def best_places(scores: Scores, most: int) -> NDArray[np.int64]:
    """Where the ``most`` best scores are, in any order; of equal ones at the edge whichever.

    A best score is no lower than the ``most``-th best maximum of blocks, which few others are.
    """
    if len(scores) <= most:
        return np.arange(len(scores))
    n_blocks = len(scores) // _BLOCK
    if n_blocks > most:
        maxima = scores[: n_blocks * _BLOCK].reshape(n_blocks, _BLOCK).max(axis=1)
        places = np.flatnonzero(scores >= np.partition(maxima, -most)[-most])
        if len(places) == most:
            return places
        own = scores[places]
        best = places[np.argpartition(own, -most)[-most:]]
        # Which of equal ones are taken is left to one rule alone.
        if np.count_nonzero(own >= scores[best].min()) == most:
            return best
    return np.argpartition(scores, -most)[-most:]
