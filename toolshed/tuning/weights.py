"""Fit what judged queries add to the weights of a ranking, and to its confidence."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toolshed.intra_retrieval.learned_fusion import LinearRanking
from toolshed.intra_retrieval.ranking_features import feature_rows
from toolshed.tuning.listwise import JudgedCandidates, Lists, adam_step, listwise, used_of
from toolshed.tuning.searches import JudgedSearch

# What ships counts as much as so many queries.
_PRIOR_QUERIES = 5.0
_N_STEPS, _RATE = 300, 0.05
_MIN_SCALE = 1e-6
_N_NEWTON, _MIN_SLOPE = 20, 0.1


def fit_weights(ranking: LinearRanking, judged: Sequence[JudgedCandidates]) -> dict[str, float]:
    """What is added to each weight: the listwise loss, and a penalty on what moves far; empty for nothing."""
    used = used_of(judged)
    if not used:
        return {}
    names = list(ranking.features)
    lists = Lists.of(used, lambda one: feature_rows(one.candidates, names), np.full(len(used), 1 / len(used)))
    plain = np.full(lists.is_there.shape, -np.inf)
    for at, one in enumerate(used):
        plain[at, : len(one.is_relevant)] = ranking.scores(one.candidates)
    scale = np.maximum(lists.rows[lists.is_there].std(axis=0), _MIN_SCALE)
    rows = lists.rows / scale
    penalty = _PRIOR_QUERIES / len(used)
    moments, theta = np.zeros((2, len(names))), np.zeros(len(names))
    for step in range(1, _N_STEPS + 1):
        _, upstream = listwise(plain + rows @ theta, lists)
        gradient = np.einsum("qc,qcf->f", upstream, rows) + 2 * penalty * theta
        theta = theta - _RATE * (1 - (step - 1) / _N_STEPS) * adam_step(moments, gradient, step)
    return dict(zip(names, (theta / scale).round(5).tolist(), strict=True))


def fit_confidence(searches: Sequence[JudgedSearch]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Intercept and slope that the log odds of tools and of requests are moved by (Platt, 1999)."""
    tools = np.concatenate([one.log_odds for one in searches])
    requests = np.array([one.any_log_odds for one in searches])
    return (
        _moved(tools, np.concatenate([one.is_right for one in searches]), len(searches)),
        _moved(requests, np.array([one.is_right.any() for one in searches]), len(searches)),
    )


def _moved(log_odds: NDArray[np.float64], is_right: NDArray[np.bool_], n_queries: int) -> tuple[float, float]:
    rows = np.stack([np.ones(len(log_odds)), log_odds], axis=1)
    shipped = np.array([0.0, 1.0])
    theta, penalty = shipped.copy(), _PRIOR_QUERIES * len(log_odds) / n_queries
    for _ in range(_N_NEWTON):
        chance = 1 / (1 + np.exp(-rows @ theta))
        gradient = rows.T @ (chance - is_right) + penalty * (theta - shipped)
        curvature = (rows * (chance * (1 - chance))[:, None]).T @ rows + penalty * np.eye(2)
        theta = theta - np.linalg.solve(curvature, gradient)
    return round(float(theta[0]), 4), round(max(float(theta[1]), _MIN_SLOPE), 4)


def confidence_losses(
    searches: Sequence[JudgedSearch], tool: tuple[float, float], request: tuple[float, float]
) -> NDArray[np.float64]:
    """Log loss of each query's confidences, of tools and of the request."""

    def losses(log_odds: NDArray[np.float64], is_right: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.log1p(np.exp(-np.where(is_right, log_odds, -log_odds)))

    tools = [losses(tool[0] + tool[1] * one.log_odds, one.is_right).mean() for one in searches]
    any_right = np.array([one.is_right.any() for one in searches])
    any_log_odds = np.array([one.any_log_odds for one in searches])
    return np.array(tools) + losses(request[0] + request[1] * any_log_odds, any_right)
