"""Small talk: what is said to an assistant and asks for no tool, whatever the catalog.

The best of a catalog's tools may be little like a request because it is worded oddly, or because there is
nothing to be done. Features of the ranking do not tell the two apart, what is said does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from toolshed.backbones.embedding import DenseEncoder, space_of
from toolshed.vectors import Vectors

# The vectors of these encoders alone are read.
_SPACES = {"dense": "all-MiniLM-L6-v2", "static": "wordllama:l2_supercat_256"}
# Written by ``python -m toolshed_evals.fitting``.
WEIGHTS = {name: Path(__file__).with_name(f"small_talk_{name}.npy") for name in _SPACES}


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """What tells small talk from requests to tools.

    Attributes:
        encoder: Whose vectors it reads, ``dense`` or ``static``.
        weights: float32 ``[dimension + 1]``, the constant first.
    """

    encoder: str
    weights: Vectors

    def log_odds(self, vectors: Mapping[str, Vectors]) -> float:
        """Log odds that a request is small talk, where as much is small talk as is not.

        Args:
            vectors: Of the sub-queries of a request, by encoder, the whole request first.
        """
        return float(self.weights[0] + self.weights[1:] @ vectors[self.encoder][0])


def small_talk_for(encoders: Mapping[str, DenseEncoder], lead: str) -> SmallTalk | None:
    """What was fitted for the encoder that a pipeline leads with, or else for static vectors.

    None where nothing was.
    """
    for name in dict.fromkeys((lead, "static")):
        encoder = encoders.get(name)
        if encoder is not None and space_of(encoder.model_id) == _SPACES[name] and WEIGHTS[name].exists():
            return _shipped(name)
    return None


@cache
def _shipped(encoder: str) -> SmallTalk:
    return SmallTalk(encoder, np.load(WEIGHTS[encoder]))
