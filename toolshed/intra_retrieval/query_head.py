"""A small head on the frozen encoder: it moves a request towards the tools that such requests need."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from toolshed.backbones.embedding import DenseEncoder, normalise, space_of
from toolshed.queries import Encodings
from toolshed.vectors import Vectors

# Written by ``python -m toolshed_evals.fitting``, for the vectors of this encoder alone.
WEIGHTS = Path(__file__).with_name("query_head.npy")
_SPACE = "all-MiniLM-L6-v2"


@dataclass(frozen=True, slots=True)
class QueryHead:
    """A residual linear map of requests; the vectors of tools stay as they are.

    Attributes:
        matrix: float32 ``[dimension, dimension]``; zero changes nothing.
    """

    matrix: Vectors

    def vectors(self, vectors: Vectors) -> Vectors:
        """``normalise(v + v A)``, row by row."""
        return normalise(vectors + vectors @ self.matrix)

    def apply(self, encodings: Encodings) -> Encodings:
        """The encodings with the dense vectors moved."""
        moved = {**encodings.vectors, "dense": self.vectors(encodings.vectors["dense"])}
        return replace(encodings, vectors=moved)


def head_for(encoders: Mapping[str, DenseEncoder]) -> QueryHead | None:
    """The head that was fitted for this dense encoder; None where there is none."""
    dense = encoders.get("dense")
    return (
        _shipped() if dense is not None and space_of(dense.model_id) == _SPACE and WEIGHTS.exists() else None
    )


@cache
def _shipped() -> QueryHead:
    return QueryHead(np.load(WEIGHTS).astype(np.float32))
