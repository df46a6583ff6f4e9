"""Fit the confidence of tools and of requests, on answerable and unanswerable requests of every dev catalog.

A catalog is asked as it is, with slips of the keyboard, in small parts of itself that hold the right tools
or do not, for what other catalogs offer, and with small talk. Families count the same, and within one the
kinds as in ``_SHARES``: what share of requests no tool serves is a guess that the probabilities depend on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import rankdata

from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.knowledge_base.memory import MemoryEngine
from toolshed.knowledge_base.tools import ToolStore
from toolshed.pipelines import Ingredients
from toolshed.post_retrieval.confidence import (
    REQUEST_FEATURES,
    TOOL_FEATURES,
    Logistic,
    best_columns,
    falling,
    odd_share,
    request_row,
    tool_rows,
)
from toolshed.queries import Query
from toolshed.rankings import ScoredTools
from toolshed.stages import Stage, run_blocking
from toolshed_evals.datasets import dataset_tool_id
from toolshed_evals.fitting.catalogs import ReadCatalog
from toolshed_evals.fitting.small_talk import SMALL_TALK, with_slips

_K = 5
_SEED = 11


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much each catalog is asked.

    Attributes:
        per_kind: Requests of a kind that there are more of.
        sizes: Tools of the parts that are asked by themselves.
    """

    per_kind: int
    sizes: Sequence[int]


MANY = Amounts(100, (8, 12, 20, 40, 60, 200))
FEW = Amounts(40, (8, 12, 20, 40, 60))
_SHARES = {"full": 0.55, "small": 0.20, "slips": 0.10, "absent": 0.06, "far": 0.06, "small_talk": 0.03}
# Whether a request is small talk is read from what was fitted apart, which this makes count.
_REQUEST_SHARES = {**_SHARES, "small_talk": 0.10}
_NOBODY = ("absent", "far", "small_talk")
_L2 = 1e-3


@dataclass(frozen=True, slots=True)
class MostLost:
    """What may be lost to refusals.

    Attributes:
        mean: Share of answerable requests, the mean over families.
        worst: The same in any family.
    """

    mean: float
    worst: float

    def of_part(self) -> "MostLost":
        """Of requests to parts of catalogs, and of misspelt ones, of which there are few: the mean alone."""
        return MostLost(max(self.mean, _LEAST_MEAN_OF_PARTS), 1.0)


_LEAST_MEAN_OF_PARTS = 0.005
# By the name of the choice. A family that was not there to choose by loses more than those that were: this is
# half of what any may lose.
MAX_REFUSED = {"0.3%": MostLost(0.0005, 0.003), "1%": MostLost(0.005, 0.015)}
Ranker = Stage[Query, ScoredTools]


@dataclass(frozen=True, slots=True)
class AskedOnce:
    """One request to one catalog.

    Attributes:
        kind: What kind of request it is, of ``_SHARES``.
        tools: Features of the tools found, ``[n_found, n_features]``.
        is_relevant: Which of them are right.
        request: Features of the request.
    """

    kind: str
    tools: NDArray[np.float64]
    is_relevant: NDArray[np.bool_]
    request: NDArray[np.float64]


def asked_in_many_ways(
    read: ReadCatalog,
    others: Sequence[str],
    rank: Callable[[Ingredients], Ranker],
    amounts: Amounts = MANY,
) -> list[AskedOnce]:
    """Ask a catalog every kind of request.

    Args:
        read: The catalog.
        others: Requests of other families.
        rank: Makes what ranks the tools of an index.
        amounts: How much it is asked.
    """
    random = np.random.default_rng(_SEED)
    queries, qrels = read.dataset.queries, read.dataset.qrels
    whole = rank(read.made_of)
    nobody: frozenset[str] = frozenset()
    found = [_ask(whole, "full", text, qrels[query]) for query, text in queries.items()]
    sample = list(queries)[: amounts.per_kind]
    found += [_ask(whole, "slips", with_slips(queries[q], random), qrels[q]) for q in sample]
    found += [
        _ask(whole, "far", text, nobody) for text in random.permutation(list(others))[: amounts.per_kind]
    ]
    found += [_ask(whole, "small_talk", text, nobody) for text in SMALL_TALK]
    for size in amounts.sizes:
        found += _asked_of_part(read, rank, size, random)
    return [one for one in found if one is not None]


def _asked_of_part(
    read: ReadCatalog, rank: Callable[[Ingredients], Ranker], size: int, random: np.random.Generator
) -> list[AskedOnce | None]:
    """Requests to a random part of the catalog: some that it serves, and some that it does not."""
    index = read.made_of.index.all_tools()
    queries = list(random.permutation(list(read.dataset.queries)))
    known = {dataset_tool_id(tool): tool.tool_id for tool in index.definitions}
    served = queries[: max(4, size // 4)]
    kept = [known[one] for query in served for one in read.dataset.qrels[query] if one in known][:size]
    rest = random.permutation([tool_id for tool_id in known.values() if tool_id not in set(kept)])
    kept += list(rest[: max(0, size - len(kept))])
    part = _part(read, kept)
    ranker = rank(part)
    there = {dataset_tool_id(tool) for tool in part.index.all_tools().definitions}
    found: list[AskedOnce | None] = []
    for query in queries[: 3 * len(served)]:
        needed, text = read.dataset.qrels[query], read.dataset.queries[query]
        if needed <= there:
            found.append(_ask(ranker, "small", text, needed))
        elif not needed & there:
            found.append(_ask(ranker, "absent", text, frozenset()))
    return found


def _part(read: ReadCatalog, tool_ids: Sequence[str]) -> Ingredients:
    store = read.made_of.index.store
    part = ToolStore(MemoryEngine(store.layout.schema, store.manifest))
    part.upsert(store.fetch(list(dict.fromkeys(tool_ids))))
    return Ingredients(CatalogIndex(part), read.made_of.encoders)


def _ask(rank: Ranker, kind: str, text: str, relevant: frozenset[str]) -> AskedOnce | None:
    scored = run_blocking(rank, Query(text, _K))
    columns = best_columns(scored.scores, _K)
    if not columns:
        return None
    is_relevant = np.array([dataset_tool_id(scored.tools[column]) in relevant for column in columns])
    rows = tool_rows(scored, columns)
    return AskedOnce(kind, rows, is_relevant, request_row(scored, columns, rows, odd_share(text)))


@dataclass(frozen=True, slots=True)
class Rows:
    """Features, labels and weights of many requests."""

    features: NDArray[np.float64]
    labels: NDArray[np.float64]
    weights: NDArray[np.float64]


def tool_examples(families: Sequence[Sequence[AskedOnce]]) -> Rows:
    """One row for each tool that was found."""
    weighed = list(_weighed(families, _SHARES))
    return Rows(
        np.concatenate([one.tools for one, _ in weighed]),
        np.concatenate([one.is_relevant for one, _ in weighed]).astype(float),
        np.concatenate([np.full(len(one.is_relevant), w / len(one.is_relevant)) for one, w in weighed]),
    )


def request_examples(families: Sequence[Sequence[AskedOnce]]) -> Rows:
    """One row for each request: whether any of the tools found is right."""
    weighed = list(_weighed(families, _REQUEST_SHARES))
    return Rows(
        np.stack([one.request for one, _ in weighed]),
        np.array([float(one.is_relevant.any()) for one, _ in weighed]),
        np.array([w for _, w in weighed]),
    )


def _weighed(
    families: Sequence[Sequence[AskedOnce]], shares: Mapping[str, float]
) -> Iterator[tuple[AskedOnce, float]]:
    for asked in families:
        counts = {kind: sum(one.kind == kind for one in asked) for kind in shares}
        for one in asked:
            yield one, shares[one.kind] / counts[one.kind] / len(families)


def fit_logistic(rows: Rows, *, l2: float = _L2, is_standardised: bool = True) -> Logistic:
    """Fit a regression; features of different units are standardised for the penalty."""
    mean, scale = np.zeros((2, rows.features.shape[1]))
    scale += 1
    if is_standardised:
        mean = rows.features.mean(axis=0)
        scale = np.maximum(rows.features.std(axis=0), 1e-9)
    standard = (rows.features - mean) / scale

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = theta[0] + standard @ theta[1:]
        losses = np.logaddexp(0, logits) - rows.labels * logits
        off = rows.weights * (1 / (1 + np.exp(-logits)) - rows.labels)
        penalty = l2 * float(theta[1:] @ theta[1:])
        gradient = np.concatenate([[off.sum()], off @ standard + 2 * l2 * theta[1:]])
        return float(rows.weights @ losses) + penalty, gradient

    theta = minimize(loss, np.zeros(standard.shape[1] + 1), jac=True, method="L-BFGS-B").x
    weights = theta[1:] / scale
    return Logistic(float(theta[0] - mean @ weights), weights)


def refusal_thresholds(
    asked: Sequence[Sequence[AskedOnce]], left_out: Sequence[Logistic]
) -> dict[str, float]:
    """Below which probabilities to refuse: families left out lose no more than :data:`MAX_REFUSED` says."""
    right: dict[str, list[NDArray[np.float64]]] = {}
    for family, model in zip(asked, left_out, strict=True):
        for kind in ("full", "small", "slips"):
            rows = [one.request for one in family if one.kind == kind and one.is_relevant.any()]
            if rows:
                right.setdefault(kind, []).append(np.sort(model.probabilities(np.stack(rows))))
    return {
        name: min(_most(own, most if kind == "full" else most.of_part()) for kind, own in right.items())
        for name, most in MAX_REFUSED.items()
    }


def _most(families: Sequence[NDArray[np.float64]], most: MostLost) -> float:
    """The highest threshold below which no more of these probabilities lie, which ascend in each family."""
    worst = min(own[min(int(most.worst * len(own)), len(own) - 1)] for own in families)
    values = np.concatenate(families)
    shares = np.concatenate([np.full(len(own), 1 / len(own) / len(families)) for own in families])
    order = np.argsort(values)
    n_below = int(np.searchsorted(np.cumsum(shares[order]), most.mean, side="right"))
    return float(min(worst, values[order][min(n_below, len(order) - 1)]))


def fitted_confidence(families: Sequence[Sequence[AskedOnce]]) -> tuple[dict[str, Any], dict[str, float]]:
    """What ships, and how it held where each family was left out."""
    without = [[one for at, one in enumerate(families) if at != left] for left in range(len(families))]
    tools = [fit_logistic(tool_examples(others)) for others in without]
    requests = [fit_logistic(request_examples(others)) for others in without]
    thresholds = refusal_thresholds(families, requests)
    shipped = to_json(
        fit_logistic(tool_examples(families)), fit_logistic(request_examples(families)), thresholds
    )
    # The thresholds of a family that is judged are chosen without it too.
    apart = [
        refusal_thresholds(others, [model for at, model in enumerate(requests) if at != left])
        for left, others in enumerate(without)
    ]
    return shipped, _held(families, tools, requests, apart)


def _held(
    families: Sequence[Sequence[AskedOnce]],
    tools: Sequence[Logistic],
    requests: Sequence[Logistic],
    thresholds: Sequence[Mapping[str, float]],
) -> dict[str, float]:
    """Means over families, of each as it was left out: calibration errors, and what is refused by kind."""
    by_family: list[dict[str, float]] = []
    for asked, tool, request, own in zip(families, tools, requests, thresholds, strict=True):
        full = [one for one in asked if one.kind == "full"]
        shown = [falling(tool.probabilities(one.tools)) for one in full]
        first = np.array([values[0] for values in shown])
        right_first = np.array([one.is_relevant[0] for one in full])
        found = {
            "calibration error, top tool": calibration_error(first, right_first),
            "calibration error, all tools": calibration_error(
                np.concatenate(shown), np.concatenate([one.is_relevant for one in full])
            ),
            "AUROC, any tool right": auroc(
                request.probabilities(np.stack([one.request for one in asked])),
                np.array([one.is_relevant.any() for one in asked]),
            ),
        }
        for name, threshold in own.items():
            for kind in _SHARES:
                counted = [o for o in asked if o.kind == kind and (o.is_relevant.any() or kind in _NOBODY)]
                rows = np.stack([one.request for one in counted])
                found[f"refused at {name}, {kind}"] = float((request.probabilities(rows) < threshold).mean())
        by_family.append(found)
    means = {name: float(np.mean([one[name] for one in by_family])) for name in by_family[0]}
    worst = {f"worst {name}": max(one[name] for one in by_family) for name in means if "full" in name}
    return {**means, **worst}


def calibration_error(shown: NDArray[np.float64], right: NDArray[np.bool_], *, n_bins: int = 10) -> float:
    """Expected calibration error over bins of equal width."""
    bins = np.minimum((shown * n_bins).astype(int), n_bins - 1)
    gaps = [abs(shown[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins)]
    return float(sum(gaps))


def auroc(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Chance that a right one scores above a wrong one; ties count half."""
    ranks = rankdata(scores)
    n_right, n_wrong = int(labels.sum()), int((~labels).sum())
    return float((ranks[labels].sum() - n_right * (n_right + 1) / 2) / (n_right * n_wrong))


def to_json(tool: Logistic, request: Logistic, thresholds: Mapping[str, float]) -> dict[str, Any]:
    """What :meth:`toolshed.post_retrieval.confidence.Confidence.of` reads."""
    written: dict[str, Any] = {
        name: {
            "intercept": round(model.intercept, 4),
            "weights": {f: round(float(w), 5) for f, w in zip(features, model.weights, strict=True)},
        }
        for name, model, features in (
            ("tool", tool, TOOL_FEATURES),
            ("request", request, REQUEST_FEATURES),
        )
    }
    return {**written, "max_refused": {name: round(at, 4) for name, at in thresholds.items()}}
