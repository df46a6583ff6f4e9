"""Classes of tasks that are alike: found by clustering, or by how hard a sub-query looks."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from toolshed.errors import TooLittleEvidenceError, missing_extra

Difficulty = Literal["easy", "medium", "hard"]
Vectors = NDArray[np.float32]
# Retrieval features weigh about as much as a third of the embedding's length.
_FEATURE_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class RetrievalFeatures:
    """What retrieval says of a request, or of one of its sub-queries.

    Attributes:
        n_parts: Sub-queries it was split into.
        n_tools: Tools that were found.
        confidence: Calibrated confidence in the best of them.
        n_required: Arguments that the best of them requires.
        n_words: Words of the text.
    """

    n_parts: int = 1
    n_tools: int = 1
    confidence: float = 1.0
    n_required: int = 0
    n_words: int = 0

    def vector(self) -> Vectors:
        """Float32 ``[5]``, each about 0 to 1."""
        return np.array(
            [
                min(self.n_parts, 6) / 6,
                min(self.n_tools, 10) / 10,
                self.confidence,
                min(self.n_required, 6) / 6,
                min(self.n_words, 60) / 60,
            ],
            np.float32,
        )


def difficulty(features: RetrievalFeatures) -> Difficulty:
    """How hard a sub-query looks, for selective effort (SCALE): a class by which backbones are learnt.

    Signs of difficulty are a doubtful tool, many required arguments and a long text. The rating only sorts;
    whether the cheap backbone does for "easy", and the large one is needed for "hard", is learnt.
    """
    signs = (features.confidence < 0.5) + (features.n_required >= 3) + (features.n_words > 25)
    signs += features.confidence < 0.1
    return "easy" if signs == 0 else "medium" if signs == 1 else "hard"


@dataclass(frozen=True)
class TaskClasses:
    """Clusters of requests; the name of a cluster is the class of a task.

    Attributes:
        centres: float32 ``[class, dimension + 5]``.
        version: Part of the names, so that evidence of another clustering is never mixed in.
    """

    centres: Vectors
    version: int = 1

    @classmethod
    def fit(
        cls,
        embeddings: Vectors,
        features: Sequence[RetrievalFeatures],
        *,
        n_classes: int | None = None,
        version: int = 1,
        seed: int = 0,
    ) -> "TaskClasses":
        """Cluster requests by k-means.

        Args:
            embeddings: Vectors of length one, ``[request, dimension]``.
            features: Of the same requests.
            n_classes: How many; the square root of half the requests, 12 at most, when not given.
            version: Of the clustering.
            seed: Equal seeds give equal classes.

        Raises:
            TooLittleEvidenceError: If there are fewer requests than classes.
        """
        try:
            from scipy.cluster.vq import kmeans2
        except ModuleNotFoundError as error:
            raise missing_extra("scipy", "economics") from error
        wanted = n_classes or max(1, min(12, round((len(embeddings) / 2) ** 0.5)))
        if len(embeddings) < wanted:
            raise TooLittleEvidenceError(f"{len(embeddings)} requests are too few for {wanted} classes")
        points = _points(embeddings, features)
        with warnings.catch_warnings():
            # An empty cluster is dropped.
            warnings.simplefilter("ignore", UserWarning)
            generator = np.random.default_rng(seed)
            centres, labels = kmeans2(points, wanted, minit="++", seed=generator)
        return cls(np.asarray(centres[np.unique(labels)], np.float32), version)

    def class_of(self, embedding: Vectors, features: RetrievalFeatures) -> str:
        """Name of the nearest class."""
        point = _points(embedding[None, :], [features])
        return f"cluster-{self.version}-{int(((self.centres - point) ** 2).sum(1).argmin())}"


def _points(embeddings: Vectors, features: Sequence[RetrievalFeatures]) -> Vectors:
    described = np.array([one.vector() for one in features], np.float32)
    return np.hstack([np.asarray(embeddings, np.float32), _FEATURE_WEIGHT * described])
