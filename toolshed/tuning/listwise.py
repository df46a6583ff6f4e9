"""The listwise loss over the candidates of judged requests, and the steps that make it smaller."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from toolshed.rankings import Candidates

Numbers = TypeVar("Numbers", NDArray[np.float32], NDArray[np.float64])


@dataclass(frozen=True, slots=True)
class JudgedCandidates:
    """The candidates of one request.

    Attributes:
        candidates: What the ranking looks at.
        is_relevant: bool ``[n_candidates]``.
        n_relevant: Relevant tools there are, among the candidates or not.
    """

    candidates: Candidates
    is_relevant: NDArray[np.bool_]
    n_relevant: int


def used_of(judged: Sequence[JudgedCandidates]) -> list[JudgedCandidates]:
    """The requests whose candidates differ in relevance: the others say nothing of their order."""
    return [one for one in judged if one.is_relevant.any() and not one.is_relevant.all()]


@dataclass(frozen=True, slots=True)
class Lists:
    """All requests as one array, padded with candidates that do not count.

    Attributes:
        rows: Features, ``[n_requests, n_candidates, n_features]``.
        is_there: Which candidates count, ``[n_requests, n_candidates]``.
        is_relevant: Which of them are relevant.
        weights: What each request counts.
    """

    rows: NDArray[np.float64]
    is_there: NDArray[np.bool_]
    is_relevant: NDArray[np.bool_]
    weights: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        judged: Sequence[JudgedCandidates],
        rows_of: Callable[[JudgedCandidates], NDArray[np.float64]],
        weights: NDArray[np.float64],
    ) -> "Lists":
        """Measure the candidates of each request, ``[n_candidates, n_features]``, and pad them."""
        measured = [rows_of(one) for one in judged]
        shape = (len(judged), max(len(rows) for rows in measured))
        rows = np.zeros((*shape, measured[0].shape[1]))
        is_there, is_relevant = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        for at, (one, own) in enumerate(zip(judged, measured, strict=True)):
            rows[at, : len(own)], is_there[at, : len(own)] = own, True
            is_relevant[at, : len(own)] = one.is_relevant
        return cls(rows, is_there, is_relevant, weights)


def listwise(scores: NDArray[np.float64], lists: Lists) -> tuple[float, NDArray[np.float64]]:
    """log(1 + sum over irrelevant of e^(s - s_relevant)), its mean over relevant, and the gradient."""
    top = scores.max(axis=1, keepdims=True)
    raised = np.exp(scores - top)
    irrelevant = np.where(lists.is_relevant, 0, raised)
    total = irrelevant.sum(axis=1, keepdims=True)
    per_pair = (lists.weights / lists.is_relevant.sum(axis=1))[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        losses = np.where(lists.is_relevant, np.log1p(total / raised), 0)
        lost = np.where(lists.is_relevant, total / (total + raised), 0) * per_pair
    upstream = lost.sum(axis=1, keepdims=True) * irrelevant / np.maximum(total, 1e-300) - lost
    return float((losses * per_pair).sum()), upstream


def adam_step(moments: Numbers, gradient: Numbers, step: int) -> Numbers:
    """The step of Adam (Kingma & Ba, 2015) with its usual constants; keeps the moments in place."""
    moments[0] += 0.1 * (gradient - moments[0])
    moments[1] += 0.001 * (gradient**2 - moments[1])
    first, second = moments[0] / (1 - 0.9**step), moments[1] / (1 - 0.999**step)
    return np.asarray(first / (np.sqrt(second) + 1e-8))
