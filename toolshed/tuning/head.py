"""Fit the head of requests: a residual linear map that starts at the identity.

The loss is that of a choice: each relevant tool against the irrelevant ones of its catalog, by cosine over a
temperature. Catalogs count the same whatever their size; the penalty on the map keeps it near the identity.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.intra_retrieval.query_head import QueryHead
from toolshed.tuning.listwise import adam_step
from toolshed.vectors import Vectors

_TEMPERATURE = 0.05
_PENALTY = 0.01
_N_STEPS = 150
_RATE = 1e-3
_BATCH, _MAX_TOOLS = 128, 800
_SEED = 7


@dataclass(frozen=True, slots=True)
class Pairs:
    """Requests of one catalog and the tools that they need.

    Attributes:
        requests: float32 ``[n_requests, dimension]``.
        relevant: Rows of ``tools`` for each request; at least one.
        tools: float32 ``[n_tools, dimension]``.
    """

    requests: Vectors
    relevant: Sequence[NDArray[np.int64]]
    tools: Vectors


def fit_head(
    catalogs: Sequence[Pairs],
    *,
    n_steps: int = _N_STEPS,
    penalty: float = _PENALTY,
    start: QueryHead | None = None,
) -> QueryHead:
    """Fit one head to all catalogs; the same data always gives the same head.

    Args:
        catalogs: What it is fitted to.
        n_steps: Steps of the gradient.
        penalty: What a squared deviation from the start costs.
        start: The head that it starts at; the identity where there is none.
    """
    size = catalogs[0].requests.shape[1]
    first = np.zeros((size, size), np.float32) if start is None else start.matrix
    matrix = first
    moments = np.zeros((2, size, size), np.float32)
    random = np.random.default_rng(_SEED)
    for step in range(1, n_steps + 1):
        gradient = 2 * penalty * (matrix - first)
        for pairs in catalogs:
            gradient += _gradient(matrix, *_batch(pairs, random)) / len(catalogs)
        rate = _RATE * (1 - (step - 1) / n_steps)
        matrix = matrix - rate * adam_step(moments, gradient, step)
    return QueryHead(matrix)


def _batch(pairs: Pairs, random: np.random.Generator) -> tuple[Vectors, Vectors, NDArray[np.bool_]]:
    """Some requests, some tools with all that these requests need, and which need which."""
    chosen = random.permutation(len(pairs.requests))[:_BATCH]
    needed = np.unique(np.concatenate([pairs.relevant[row] for row in chosen]))
    others = np.setdiff1d(random.permutation(len(pairs.tools))[:_MAX_TOOLS], needed)
    tools = np.concatenate([needed, others])
    position = np.full(len(pairs.tools), -1)
    position[tools] = np.arange(len(tools))
    is_relevant = np.zeros((len(chosen), len(tools)), dtype=bool)
    for at, row in enumerate(chosen):
        is_relevant[at, position[pairs.relevant[row]]] = True
    return pairs.requests[chosen], pairs.tools[tools], is_relevant


def _gradient(matrix: Vectors, requests: Vectors, tools: Vectors, is_relevant: NDArray[np.bool_]) -> Vectors:
    """Gradient of the mean of log(1 + sum over irrelevant of e^(s - s_relevant)) over relevant pairs."""
    moved = requests + requests @ matrix
    norms = np.linalg.norm(moved, axis=1, keepdims=True)
    directions = moved / norms
    scores = directions @ tools.T / _TEMPERATURE
    top = scores.max(axis=1, keepdims=True)
    irrelevant = np.where(is_relevant, 0, np.exp(scores - top))
    total = irrelevant.sum(axis=1, keepdims=True)
    # 1 - P(relevant | relevant or any irrelevant), for each relevant pair.
    lost = np.where(is_relevant, total / (total + np.exp(scores - top)), 0)
    upstream = lost.sum(axis=1, keepdims=True) * irrelevant / np.maximum(total, 1e-30) - lost
    upstream /= is_relevant.sum()
    towards = upstream @ tools / _TEMPERATURE
    towards -= directions * (directions * towards).sum(axis=1, keepdims=True)
    return np.asarray(requests.T @ (towards / norms), np.float32)
