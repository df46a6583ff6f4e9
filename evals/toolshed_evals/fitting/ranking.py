"""Fit the learned ranking: a listwise loss over candidates, catalogs counting the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from toolshed.intra_retrieval.learned_fusion import LinearRanking
from toolshed.intra_retrieval.ranking_features import feature_rows
from toolshed.tuning.listwise import JudgedCandidates, Lists, listwise, used_of

_L2 = 3e-3
# Few catalogs are enhanced: what they add stays near to nothing. Chosen by leaving one out.
_ENHANCED_L2 = 5e-2
# A feature that is the same for all candidates of every request has no scale.
_MIN_SCALE = 1e-6


@dataclass(frozen=True, slots=True)
class Form:
    """Which features a ranking has.

    Attributes:
        features: Features of a candidate.
        varied: Those whose weight depends on the request.
        asked: Features of the request that it depends on.
    """

    features: Sequence[str]
    varied: Sequence[str]
    asked: Sequence[str]


def fit_ranking(
    catalogs: Sequence[Sequence[JudgedCandidates]], form: Form, *, l2: float = _L2
) -> LinearRanking:
    """Fit one ranking to all catalogs."""
    centres = {
        name: float(np.mean([np.mean([q.candidates.asked[name] for q in catalog]) for catalog in catalogs]))
        for name in form.asked
    }
    lists = _lists(catalogs, form, centres)
    scale = np.maximum(lists.rows[lists.is_there].std(axis=0), _MIN_SCALE)
    rows = lists.rows / scale

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = np.where(lists.is_there, rows @ theta, -np.inf)
        value, upstream = listwise(scores, lists)
        gradient = np.einsum("qc,qcf->f", upstream, rows) + 2 * l2 * theta
        return value + l2 * float(theta @ theta), gradient

    fitted = minimize(loss, np.zeros(rows.shape[2]), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    theta = fitted.x / scale
    n = len(form.features)
    return LinearRanking(
        dict(zip(form.features, theta[:n].tolist(), strict=True)),
        form.varied,
        centres,
        theta[n:].reshape(len(form.varied), len(form.asked)),
    )


def fit_enhanced(
    ranking: LinearRanking, catalogs: Sequence[Sequence[JudgedCandidates]], *, l2: float = _ENHANCED_L2
) -> LinearRanking:
    """Fit what enhancements add to the weights of a ranking, which themselves stay."""
    return replace(ranking, enhanced=fit_more(ranking, catalogs, list(ranking.features), l2=l2))


def fit_more(
    ranking: LinearRanking,
    catalogs: Sequence[Sequence[JudgedCandidates]],
    names: Sequence[str],
    *,
    l2: float,
) -> dict[str, float]:
    """Fit weights that are added to a ranking which itself stays, by the names of the features."""
    lists = _lists(catalogs, Form(names, (), ()), {})
    plain = np.full(lists.is_there.shape, -np.inf)
    for at, query in enumerate(query for catalog in catalogs for query in used_of(catalog)):
        plain[at, : len(query.is_relevant)] = ranking.scores(query.candidates)
    scale = np.maximum(lists.rows[lists.is_there].std(axis=0), _MIN_SCALE)
    rows = lists.rows / scale

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, upstream = listwise(plain + rows @ theta, lists)
        gradient = np.einsum("qc,qcf->f", upstream, rows) + 2 * l2 * theta
        return value + l2 * float(theta @ theta), gradient

    fitted = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return dict(zip(names, (fitted.x / scale).tolist(), strict=True))


def recall_at_5(ranking: LinearRanking, catalog: Sequence[JudgedCandidates]) -> float:
    """Mean share of the relevant tools among the first five."""
    return float(
        np.mean(
            [
                q.is_relevant[np.argsort(-ranking.scores(q.candidates), kind="stable")[:5]].sum()
                / q.n_relevant
                for q in catalog
            ]
        )
    )


def _lists(catalogs: Sequence[Sequence[JudgedCandidates]], form: Form, centres: dict[str, float]) -> Lists:
    def rows(query: JudgedCandidates) -> NDArray[np.float64]:
        plain = feature_rows(query.candidates, form.features)
        varied = feature_rows(query.candidates, form.varied)
        asked = np.array([query.candidates.asked[name] - centres[name] for name in form.asked])
        return np.hstack([plain, (varied[:, :, None] * asked).reshape(len(plain), -1)])

    used = [used_of(catalog) for catalog in catalogs]
    weights = np.concatenate([np.full(len(c), 1 / (len(used) * len(c))) for c in used])
    return Lists.of([query for catalog in used for query in catalog], rows, weights)
