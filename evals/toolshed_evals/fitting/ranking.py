"""Fit the learned ranking: a listwise loss over candidates, catalogs counting the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from toolshed.intra_retrieval.learned_fusion import LinearRanking
from toolshed.intra_retrieval.ranking_features import feature_rows
from toolshed.rankings import Candidates

_L2 = 3e-3
# Few catalogs are enhanced: what they add stays near to nothing. Chosen by leaving one out.
_ENHANCED_L2 = 5e-2
# A feature that is the same for all candidates of every request has no scale.
_MIN_SCALE = 1e-6


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


@dataclass(frozen=True, slots=True)
class _Lists:
    """All requests as one array, padded with candidates that do not count."""

    rows: NDArray[np.float64]
    is_there: NDArray[np.bool_]
    is_relevant: NDArray[np.bool_]
    weights: NDArray[np.float64]


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
        value, upstream = _listwise(scores, lists)
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
    names = list(ranking.features)
    form = Form(names, (), ())
    lists = _lists(catalogs, form, {})
    plain = np.full(lists.is_there.shape, -np.inf)
    for at, query in enumerate(_used(catalogs)):
        plain[at, : len(query.is_relevant)] = ranking.scores(query.candidates)
    scale = np.maximum(lists.rows[lists.is_there].std(axis=0), _MIN_SCALE)
    rows = lists.rows / scale

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, upstream = _listwise(plain + rows @ theta, lists)
        gradient = np.einsum("qc,qcf->f", upstream, rows) + 2 * l2 * theta
        return value + l2 * float(theta @ theta), gradient

    fitted = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return replace(ranking, enhanced=dict(zip(names, (fitted.x / scale).tolist(), strict=True)))


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


def _used(catalogs: Sequence[Sequence[JudgedCandidates]]) -> list[JudgedCandidates]:
    """The requests whose candidates differ in relevance: the others say nothing of their order."""
    return [q for catalog in catalogs for q in catalog if q.is_relevant.any() and not q.is_relevant.all()]


def _lists(catalogs: Sequence[Sequence[JudgedCandidates]], form: Form, centres: dict[str, float]) -> _Lists:
    used = [[q for q in catalog if q.is_relevant.any() and not q.is_relevant.all()] for catalog in catalogs]
    flat = _used(catalogs)
    most = max(len(q.is_relevant) for q in flat)
    n_features = len(form.features) + len(form.varied) * len(form.asked)
    rows = np.zeros((len(flat), most, n_features))
    is_there = np.zeros((len(flat), most), dtype=bool)
    is_relevant = np.zeros((len(flat), most), dtype=bool)
    for at, query in enumerate(flat):
        size = len(query.is_relevant)
        plain = feature_rows(query.candidates, form.features)
        varied = feature_rows(query.candidates, form.varied)
        asked = np.array([query.candidates.asked[name] - centres[name] for name in form.asked])
        crossed = (varied[:, :, None] * asked).reshape(size, -1)
        rows[at, :size] = np.hstack([plain, crossed])
        is_there[at, :size], is_relevant[at, :size] = True, query.is_relevant
    weights = np.concatenate([np.full(len(c), 1 / (len(used) * len(c))) for c in used])
    return _Lists(rows, is_there, is_relevant, weights)


def _listwise(scores: NDArray[np.float64], lists: _Lists) -> tuple[float, NDArray[np.float64]]:
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
