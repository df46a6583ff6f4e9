"""Trials of usage examples: which have support, and whether a new state ranks better than the old one."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from toolshed.intra_retrieval.usage import UsageIndex
from toolshed.intra_retrieval.usage_classes import Documents
from toolshed.knowledge_base.examples import UsageExample
from toolshed.vectors import Scores, Vectors

_N_FOLDS = 5
# Requests nearer than this are held back together.
_NEAR_DUPLICATE = 0.95
# Chance that a report which is wrong names just this tool: chosen on ToolE dev, with wrong tools drawn at
# random and from the first ten of the ranking.
_WRONG_CHANCE = 0.03
# A reporter is believed as if it had given so many right and wrong reports before.
_PRIOR_RIGHT, _PRIOR_WRONG = 4.0, 1.0
_N_ROUNDS = 10
# A reporter of so many examples, fewer than half of them believed, is not believed at all.
_MIN_REPORTS, _LEAST_TRUST = 10, 0.5
_OLDEST_SECONDS = 365 * 24 * 3600
# Examples that a comparison is made on; more of them say the same.
_MOST_COMPARED = 1_000
_BLOCK = 256


class _JudgedTools:
    """Tools with their documents, and tools of examples that have none, each a column.

    Args:
        encoders: Names of the encoders of the examples.
        tool_ids: Tools of the examples.
        documents: Vectors of the documents of tools.
    """

    def __init__(self, encoders: Iterable[str], tool_ids: Sequence[str], documents: Documents) -> None:
        ids, self._vectors = documents(encoders)
        self.encoders = sorted(self._vectors)
        self.column = {tool_id: at for at, tool_id in enumerate([*ids, *sorted({*tool_ids} - {*ids})])}
        self._n_known = len(ids)

    def columns_of(self, tool_ids: Sequence[str]) -> NDArray[np.int64]:
        return np.array([self.column[tool_id] for tool_id in tool_ids], np.int64)

    def whole(self, channel: str, columns: NDArray[np.int64]) -> Vectors:
        vectors = np.zeros((len(columns), self._vectors[channel].numbers.shape[1]), np.float32)
        is_known = columns < self._n_known
        vectors[is_known] = self._vectors[channel].take(columns[is_known]).floats()
        return vectors

    def products(self, channel: str, queries: Vectors) -> Scores:
        scores = np.zeros((len(queries), len(self.column)), np.float32)
        scores[:, : self._n_known] = self._vectors[channel].products(queries)
        return scores


class Trial:
    """Examples, each looked at as if it were not there.

    Args:
        examples: All of them.
        documents: Vectors of the documents of tools.
        now: The time, in seconds since 1970.
    """

    def __init__(self, examples: Sequence[UsageExample], documents: Documents, now: float) -> None:
        self._examples, self._documents, self._now = examples, documents, now
        # Judges each example by its neighbours: nothing is fitted anew for each reporter.
        self._index = UsageIndex(examples, now)
        self._tools = _JudgedTools(self._index.vectors, [one.tool_id for one in examples], documents)
        self._is_old = np.array([now - one.reported_at > _OLDEST_SECONDS for one in examples], dtype=bool)
        self.n_unsupported = self.n_distrusted = 0

    def supported(self) -> NDArray[np.bool_]:
        """Which examples may serve: those that are rather right than wrong, by what is known without them.

        Two things are weighed (Dawid & Skene, 1979): the chance p that the ranking and what others reported
        give the tool, and the trust in who reported it, which is the share of its reports that are right:

            P(right) = trust p / (trust p + (1 - trust) c)

        A reporter's examples are judged without any of its own, so that it cannot vouch for itself, unless
        others have fewer than it has: then its own vouch for each other, a fold at a time.
        """
        n = len(self._examples)
        if not n or not self._tools.encoders:
            # No tools, or no encoder that all examples have: none can be judged.
            return np.zeros(n, dtype=bool)
        names, reporter = np.unique([one.reporter for one in self._examples], return_inverse=True)
        chances = np.zeros(n)
        for number in range(len(names)):
            own = np.flatnonzero(reporter == number)
            for held in [own] if 2 * len(own) <= n else self._folds(own):
                without = np.zeros(n, dtype=bool)
                without[held] = True
                chances[held] = self._chances(held, without)
        is_right = _chance_of_right(chances, reporter, len(names)) >= 0.5
        self.n_unsupported = int((~is_right).sum())
        n_reports = np.bincount(reporter)
        shares = np.bincount(reporter, is_right) / n_reports
        is_distrusted = (n_reports >= _MIN_REPORTS) & (shares < _LEAST_TRUST)
        self.n_distrusted = int(is_distrusted.sum())
        kept: NDArray[np.bool_] = is_right & ~self._is_old & ~is_distrusted[reporter]
        return kept

    def compared(self, kept: NDArray[np.bool_]) -> tuple[float, float]:
        """Mean reciprocal rank of held-back kept examples, by what serves now and by what is kept."""
        candidates = np.flatnonzero(kept)[:_MOST_COMPARED]
        if not len(candidates):
            return 0.0, 0.0
        serves = np.array([one.serves for one in self._examples], dtype=bool)
        sums = np.zeros(2)
        for fold in self._folds(candidates):
            held = np.zeros(len(kept), dtype=bool)
            held[fold] = True
            for at, state in enumerate((serves, kept)):
                sums[at] += (1 / self._ranks(fold, ~state | held)).sum()
        before, after = (sums / len(candidates)).tolist()
        return before, after

    def _folds(self, rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        """The rows in folds: by their request's digest, near-duplicates with the first of them."""
        fold = np.array([int(self._examples[row].example_id[:8], 16) % _N_FOLDS for row in rows])
        for held in folds_of(self._any_vectors()[rows], fold):
            yield rows[held]

    def _any_vectors(self) -> Vectors:
        return self._index.vectors[self._tools.encoders[0]]

    def _ranks(self, rows: NDArray[np.int64], without: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The rank of the tool of each row, by the ranking that was and by examples, some left out."""
        rest = [one for one, is_out in zip(self._examples, without, strict=True) if not is_out]
        index = UsageIndex(rest, self._now, documents=self._documents) if rest else None
        # Ties count against: what nothing tells apart has no support.
        ranks = [(scores >= own[:, None]).sum(axis=1) for scores, own in self._scored(rows, index=index)]
        return np.concatenate(ranks)

    def _chances(self, rows: NDArray[np.int64], without: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The chance that the same gives the tool of each row."""
        chances = []
        for scores, own in self._scored(rows, without=without, index=self._index):
            top = scores.max(axis=1)
            chances.append(np.exp(own - top) / np.exp(scores - top[:, None]).sum(axis=1))
        return np.concatenate(chances)

    def _scored(
        self,
        rows: NDArray[np.int64],
        *,
        index: UsageIndex | None,
        without: NDArray[np.bool_] | None = None,
    ) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Scores of all tools for some of the rows, by an index, and that of the tool of each."""
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            queries = {name: self._index.vectors[name][block] for name in self._tools.encoders}
            scores = np.stack([self._ranked(self._examples[row]) for row in block])
            if index is not None:
                scores = scores + index.totals(queries, self._tools, scores, without=without)
            own = np.empty(len(block))
            for at, row in enumerate(block):
                own[at] = scores[at, self._tools.column[self._examples[row].tool_id]]
            yield scores, own

    def _ranked(self, example: UsageExample) -> NDArray[np.float64]:
        """What the search scored the tools by; those that it did not rank come after the last one."""
        plain = np.full(len(self._tools.column), min(example.ranked.values(), default=0.0) - 1)
        for tool_id, score in example.ranked.items():
            if tool_id in self._tools.column:
                plain[self._tools.column[tool_id]] = score
        return plain


def folds_of(vectors: Vectors, fold: NDArray[np.int64] | None = None) -> Iterator[NDArray[np.int64]]:
    """The rows of requests in five folds, near-duplicates with the first of them.

    Args:
        vectors: Those of the requests, float32 ``[n, dimension]``.
        fold: The fold of each; in turn where None.
    """
    fold = np.arange(len(vectors)) % _N_FOLDS if fold is None else fold.copy()
    for start in range(1, len(vectors), _BLOCK):
        stop = min(start + _BLOCK, len(vectors))
        cosines = vectors[start:stop] @ vectors[:stop].T
        for at in range(start, stop):
            near = np.flatnonzero(cosines[at - start, :at] >= _NEAR_DUPLICATE)
            if len(near):
                fold[at] = fold[near[0]]
    for number in range(_N_FOLDS):
        if (fold == number).any():
            yield np.flatnonzero(fold == number)


def _chance_of_right(
    chances: NDArray[np.float64], reporter: NDArray[np.int64], n_reporters: int
) -> NDArray[np.float64]:
    """How likely each report is right, the trust in each reporter estimated from all of its reports."""
    n_reports = np.bincount(reporter, minlength=n_reporters)
    trust = np.full(n_reporters, _PRIOR_RIGHT / (_PRIOR_RIGHT + _PRIOR_WRONG))
    right = chances
    for _ in range(_N_ROUNDS):
        own = trust[reporter]
        right = own * chances / (own * chances + (1 - own) * _WRONG_CHANCE)
        trust = (np.bincount(reporter, right, n_reporters) + _PRIOR_RIGHT) / (
            n_reports + _PRIOR_RIGHT + _PRIOR_WRONG
        )
    return right
