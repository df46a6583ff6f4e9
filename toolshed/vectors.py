"""The vectors that texts become, dense and sparse."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# float32, one row a text, or one vector.
Vectors = NDArray[np.float32]
# float32 [n_sub_queries, n_tools]
Scores = NDArray[np.float32]


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
