"""Tune a named pipeline to judged queries: what gains on queries that were held back serves, nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from toolshed.errors import ConfigurationError
from toolshed.intra_retrieval.query_head import QueryHead
from toolshed.intra_retrieval.usage_trial import folds_of
from toolshed.knowledge_base.tuned import TunedState
from toolshed.options import PipelineName
from toolshed.pipelines import Ingredients, shipped_digest
from toolshed.tuning.head import fit_head
from toolshed.tuning.judged import JudgedQuery
from toolshed.tuning.searches import JudgedSearch, JudgedSearches
from toolshed.tuning.weights import confidence_losses, fit_confidence, fit_weights

Part = Literal["weights", "head", "confidence"]
PARTS: tuple[Part, ...] = ("weights", "head", "confidence")
_VARIANTS: tuple[tuple[Part, ...], ...] = (("weights",), ("head",), ("head", "weights"))
_MIN_QUERIES, _MIN_FOLDS = 20, 2
# A gain is one when it is so many of its standard errors: one of twenty is chance.
_MIN_Z = 1.64
# Penalty of the head on few queries; as what ships on many.
_HEAD_PENALTY, _HEAD_QUERIES = 0.01, 600


@dataclass(frozen=True, slots=True)
class Comparison:
    """A state against the one that serves, on queries that it was not fitted to.

    Attributes:
        changes: What it changes.
        measure: What is compared: ``ndcg@10``, or the log loss of the confidence.
        before: Mean of what serves.
        after: Mean of the new state.
        z: The gain in its standard errors.
        recall_before: Recall@5 of what serves.
        recall_after: Recall@5 of the new state.
        gains: Whether it may serve.
    """

    changes: Sequence[Part]
    measure: str
    before: float
    after: float
    z: float
    recall_before: float
    recall_after: float
    gains: bool


@dataclass(frozen=True, slots=True)
class Tuning:
    """What tuning came to.

    Attributes:
        n_queries: Queries there were.
        comparisons: What was compared.
        state: What serves from now on; None where nothing gained.
    """

    n_queries: int
    comparisons: Sequence[Comparison]
    state: TunedState | None


def tune(
    name: PipelineName,
    made_of: Ingredients,
    queries: Sequence[JudgedQuery],
    *,
    parts: Sequence[Part] = PARTS,
) -> Tuning:
    """Fit on four fifths of the queries, judge on the last, each fifth in turn; then fit what gained on all.

    What serves now, tuned before or shipped, is what a new state has to beat.

    Args:
        name: The pipeline.
        made_of: Tools and encoders, with the state that serves.
        queries: Judged queries, at least 20; near-duplicates are held back together.
        parts: What may be changed; the others stay as they serve now.

    Raises:
        ConfigurationError: If there are too few queries, or all of them are nearly the same.
        InvalidQueryError: If the text of one is empty or too long.
    """
    if len(queries) < _MIN_QUERIES:
        raise ConfigurationError(
            f"tuning needs at least {_MIN_QUERIES} judged queries that the tools here serve; "
            f"there are {len(queries)}"
        )
    trial = _Trial(name, made_of, queries, parts)
    comparisons, best = [], trial.serving
    chosen: tuple[Part, ...] = ()
    for variant in _VARIANTS:
        if not {*variant} <= {*parts} or ("head" in variant and trial.searches.pairs(trial.rows) is None):
            continue
        held = trial.held_back(variant)
        comparison = _compared(variant, trial.serving, held)
        comparisons.append(comparison)
        if comparison.gains and _mean(held) > _mean(best):
            best, chosen = held, variant
    state = trial.fitted(trial.rows, chosen) if chosen else trial.state or trial.fitted(trial.rows, ())
    if "confidence" in parts:
        comparison, state = _with_confidence(trial, best, state)
        comparisons.append(comparison)
    return Tuning(len(queries), comparisons, state if state.changes else None)


class _Trial:
    """Fits on some of the queries, searches the others."""

    def __init__(
        self, name: PipelineName, made_of: Ingredients, queries: Sequence[JudgedQuery], parts: Sequence[Part]
    ) -> None:
        self.searches = JudgedSearches(name, made_of, queries)
        self.folds = list(folds_of(self.searches.vectors))
        if len(self.folds) < _MIN_FOLDS:
            raise ConfigurationError(
                f"all {len(queries)} judged queries are nearly the same, so that none can be held back to "
                "judge what was fitted to the others; add judged queries of other requests"
            )
        self.rows = list(range(len(queries)))
        state = made_of.tuned.get(name)
        self.state = state if state is not None and state.shipped == shipped_digest() else None
        self._kept = _without(self.state or TunedState(name, shipped_digest()), parts)
        shipped = self.searches.shipped
        self._plain = self.searches.searched(shipped.moved(self._kept), self.rows)
        self.serving = self._plain
        if self.state is not None:
            self.serving = self.searches.searched(shipped.moved(self.state), self.rows)
        self._heads: dict[tuple[int, ...], QueryHead] = {}

    def held_back(self, variant: Sequence[Part]) -> list[JudgedSearch]:
        """Every query, searched by what was fitted to the others."""
        found: dict[int, JudgedSearch] = {}
        for fold in self.folds:
            held = fold.tolist()
            state = self.fitted(sorted({*self.rows} - {*held}), variant)
            searched = self.searches.searched(self.searches.shipped.moved(state), held)
            found |= dict(zip(held, searched, strict=True))
        return [found[row] for row in self.rows]

    def fitted(self, rows: Sequence[int], variant: Sequence[Part]) -> TunedState:
        """What these queries change, with what serves of the parts that may not be changed."""
        state = self._kept
        shipped = self.searches.shipped
        searched = [self._plain[row] for row in rows]
        if "head" in variant:
            state = replace(state, head=self._head(rows))
            if "weights" in variant:
                searched = self.searches.searched(shipped.moved(state), rows)
        if "weights" in variant:
            judged = [one.candidates for one in searched if one.candidates is not None]
            state = replace(state, weights=fit_weights(shipped.ranking, judged))
        return state

    def _head(self, rows: Sequence[int]) -> NDArray[np.float32]:
        key = tuple(rows)
        if key not in self._heads:
            pairs, start = self.searches.pairs(rows), self.searches.shipped.head
            assert pairs is not None
            penalty = _HEAD_PENALTY * max(1.0, _HEAD_QUERIES / len(rows))
            self._heads[key] = fit_head([pairs], penalty=penalty, start=start)
        fitted = self._heads[key].matrix
        start = self.searches.shipped.head
        return np.asarray(fitted if start is None else fitted - start.matrix)


def _without(state: TunedState, parts: Sequence[Part]) -> TunedState:
    """A state without what is fitted anew; its confidence is replaced as a whole where that is."""
    return replace(
        state,
        weights={} if "weights" in parts else state.weights,
        head=None if "head" in parts else state.head,
    )


def _with_confidence(
    trial: _Trial, held: Sequence[JudgedSearch], state: TunedState
) -> tuple[Comparison, TunedState]:
    """Fit the confidence to lists that were held back, and judge it on lists that it was not fitted to."""
    before = confidence_losses(held, *_confidence_of(trial.state))
    after = np.empty(len(held))
    for fold in trial.folds:
        rest = [held[row] for row in sorted({*trial.rows} - {*fold.tolist()})]
        after[fold] = confidence_losses([held[row] for row in fold], *fit_confidence(rest))
    z = _z(before - after)
    recall = float(np.mean([one.recall for one in held]))
    comparison = Comparison(
        ("confidence",), "log loss", float(before.mean()), float(after.mean()), z, recall, recall, z >= _MIN_Z
    )
    tool, request = fit_confidence(held) if comparison.gains else _confidence_of(trial.state)
    return comparison, replace(state, tool=tool, request=request)


def _confidence_of(state: TunedState | None) -> tuple[tuple[float, float], tuple[float, float]]:
    return ((0.0, 1.0), (0.0, 1.0)) if state is None else (state.tool, state.request)


def _compared(
    variant: Sequence[Part], serving: Sequence[JudgedSearch], held: Sequence[JudgedSearch]
) -> Comparison:
    before, after = (np.array([one.ndcg for one in searches]) for searches in (serving, held))
    recalls = [float(np.mean([one.recall for one in searches])) for searches in (serving, held)]
    z = _z(after - before)
    gains = z >= _MIN_Z and recalls[1] >= recalls[0]
    return Comparison(
        variant, "ndcg@10", float(before.mean()), float(after.mean()), z, recalls[0], recalls[1], gains
    )


def _mean(searches: Sequence[JudgedSearch]) -> float:
    return float(np.mean([one.ndcg for one in searches]))


def _z(gains: NDArray[np.float64]) -> float:
    deviation = float(gains.std(ddof=1))
    return float(gains.mean() / (deviation / np.sqrt(len(gains)))) if deviation > 0 else 0.0
