"""Trials of usage examples: which have support, and whether a new state ranks better than the old one."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from toolshed.intra_retrieval.usage import Documents, UsageIndex
from toolshed.knowledge_base.examples import UsageExample
from toolshed.vectors import Vectors

_N_FOLDS = 5
# Requests nearer than this are held back together.
_NEAR_DUPLICATE = 0.95
# An example has support when its tool comes at least here without it.
_MAX_RANK = 10
# A reporter of so many examples, more than half of them without support, is not believed at all.
_MIN_REPORTS, _MOST_UNSUPPORTED = 10, 0.5
_OLDEST_SECONDS = 365 * 24 * 3600
# Examples that a comparison is made on; more of them say the same.
_MOST_COMPARED = 1_000
_BLOCK = 256


class Trial:
    """Examples, each looked at as if it were not there.

    Args:
        examples: All of them.
        documents: Vectors of the documents of tools.
        now: The time, in seconds since 1970.
    """

    def __init__(self, examples: Sequence[UsageExample], documents: Documents, now: float) -> None:
        self._examples = examples
        self._index = UsageIndex(examples, documents, now)
        self._tool_ids = sorted({*self._index.known_tools(), *(one.tool_id for one in examples)})
        self._column = {tool_id: at for at, tool_id in enumerate(self._tool_ids)}
        self._is_old = np.array([now - one.reported_at > _OLDEST_SECONDS for one in examples], dtype=bool)
        self.n_unsupported = self.n_distrusted = 0

    def supported(self) -> NDArray[np.bool_]:
        """Which examples may serve: those that the ranking and what others reported speak for.

        A reporter's examples are judged without any of its own where there are others, so that it cannot
        vouch for itself.
        """
        n = len(self._examples)
        is_supported = np.zeros(n, dtype=bool)
        if not self._index.vectors:
            # No tools, or no encoder that all examples have: none can be judged.
            return is_supported
        reporters = np.array([one.reporter for one in self._examples])
        names = sorted(set(reporters.tolist()))
        for name in names:
            own = np.flatnonzero(reporters == name)
            for held in [own] if len(names) > 1 else self._folds(own):
                without = np.zeros(n, dtype=bool)
                without[held] = True
                is_supported[held] = self._ranks(held, without) <= _MAX_RANK
        kept: NDArray[np.bool_] = is_supported & ~self._is_old
        self.n_unsupported = int((~is_supported).sum())
        for name in names:
            own = reporters == name
            is_many = own.sum() >= _MIN_REPORTS
            if is_many and 1 - is_supported[own].mean() > _MOST_UNSUPPORTED:
                kept[own] = False
                self.n_distrusted += 1
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
        vectors = self._any_vectors()[rows]
        for start in range(1, len(rows), _BLOCK):
            stop = min(start + _BLOCK, len(rows))
            cosines = vectors[start:stop] @ vectors[:stop].T
            for at in range(start, stop):
                near = np.flatnonzero(cosines[at - start, :at] >= _NEAR_DUPLICATE)
                if len(near):
                    fold[at] = fold[near[0]]
        for number in range(_N_FOLDS):
            if (fold == number).any():
                yield rows[fold == number]

    def _any_vectors(self) -> Vectors:
        return self._index.vectors["dense" if "dense" in self._index.vectors else "static"]

    def _ranks(self, rows: NDArray[np.int64], without: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The rank of the tool of each row, by the ranking that was and by examples, some left out."""
        ranks = np.empty(len(rows), np.int64)
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            queries = {name: vectors[block] for name, vectors in self._index.vectors.items()}
            scores = self._index.totals(queries, self._tool_ids, without=without)
            for at, row in enumerate(block):
                example = self._examples[row]
                plain = np.full(len(self._tool_ids), min(example.ranked.values(), default=0.0) - 1)
                for tool_id, score in example.ranked.items():
                    if tool_id in self._column:
                        plain[self._column[tool_id]] = score
                scores[at] += plain
                own = scores[at, self._column[example.tool_id]]
                # Ties count against: what nothing tells apart has no support.
                ranks[start + at] = int((scores[at] >= own).sum())
        return ranks
