"""What was seen of each arm in each task class: a fold over the ledger's outcomes and usage.

Nothing here is decided and nothing is random: the same facts in the same order give the same evidence, so
it can always be rebuilt from the ledger.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from toolshed.errors import missing_extra

Counts = NDArray[np.float64]

# Old outcomes of a cell fade once it has this many.
_MAX_JUDGED = 200.0
# Sample sizes at which a floor may be certified: 50, 100, 200, ... Looking at others would need other odds.
FIRST_LOOK = 50
_TABLES = ("passes", "failures", "retry_passes", "retry_failures")


# A million of these are made at once, which a tuple does in a third of the time.
class Judgement(NamedTuple):
    """A decision whose outcome is known.

    Attributes:
        arm: The backbone that was tried, or a variant of it.
        task_class: Class of the task.
        passed: Whether it passed.
        predicted: Pass probability that was predicted when it was chosen.
        failed_before: How many arms had failed on the task before.
    """

    arm: str
    task_class: str
    passed: bool
    predicted: float
    failed_before: int = 0


class TokenCount(NamedTuple):
    """Tokens that a decision took, over all its calls."""

    arm: str
    task_class: str
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class DriftRule:
    """Page-Hinkley test of predicted minus observed passes (Page 1954, Hinkley 1971).

    Attributes:
        tolerance: Shortfall per outcome that is not yet drift.
        threshold: Accumulated shortfall, in passes, that raises the alarm.
    """

    tolerance: float = 0.15
    threshold: float = 5.0


@dataclass(frozen=True, slots=True)
class DriftAlarm:
    """An arm that began to pass less than predicted.

    Attributes:
        arm: The arm.
        n_judged: Outcomes of all arms seen until then.
        n_since: Outcomes of the arm since the shortfall began; only these are kept.
        pass_rate_since: Share of them that passed.
    """

    arm: str
    n_judged: int
    n_since: int
    pass_rate_since: float

    def __str__(self) -> str:
        return (
            f"{self.arm} began to pass less than predicted: {self.pass_rate_since:.0%} of its last "
            f"{self.n_since}, seen after {self.n_judged:,} outcomes; it is learnt anew"
        )


class Evidence:
    """Counts by arm and task class, with the drift test of each arm.

    Attributes:
        arms: Arms in order of their rows.
        classes: Task classes in order of their columns.
        passes, failures: First attempts, ``[arm, class]``; faded beyond 200 a cell.
        retry_passes, retry_failures: Attempts after another arm had failed on the task.
        alarms: Drift alarms in their order.
    """

    def __init__(self, drift: DriftRule | None = None) -> None:
        self._drift = drift or DriftRule()
        self.arms: list[str] = []
        self.classes: list[str] = []
        self._row: dict[str, int] = {}
        self._column: dict[str, int] = {}
        self.passes, self.failures = _empty(), _empty()
        self.retry_passes, self.retry_failures = _empty(), _empty()
        self.tokens = TokenSums()
        self.alarms: list[DriftAlarm] = []
        self.n_judged = 0
        self._shortfall: dict[int, float] = {}
        self._since: dict[int, list[tuple[int, bool]]] = {}
        self._alarmed: set[int] = set()
        self._looks: dict[tuple[int, int], _Looks] = {}

    def row(self, arm: str) -> int:
        """Row of an arm; a new one has seen nothing."""
        if arm not in self._row:
            self._row[arm] = len(self.arms)
            self.arms.append(arm)
            self._grow()
        return self._row[arm]

    def column(self, task_class: str) -> int:
        """Column of a task class; a new one has seen nothing."""
        if task_class not in self._column:
            self._column[task_class] = len(self.classes)
            self.classes.append(task_class)
            self._grow()
        return self._column[task_class]

    def _grow(self) -> None:
        shape = (len(self.arms), len(self.classes))
        for name in _TABLES:
            setattr(self, name, _grown(getattr(self, name), shape))
        self.tokens.grow(shape)

    def count_tokens(self, counted: TokenCount, *, instead_of: TokenCount | None = None) -> None:
        """Add what a decision took so far, instead of what it had taken before its last call."""
        row, column = self.row(counted.arm), self.column(counted.task_class)
        if instead_of is not None:
            self.tokens.add(row, column, instead_of.input_tokens, instead_of.output_tokens, times=-1)
        self.tokens.add(row, column, counted.input_tokens, counted.output_tokens)

    def judge(self, judged: Judgement) -> DriftAlarm | None:
        """Add an outcome; returns the alarm, when it raises one."""
        row, column = self.row(judged.arm), self.column(judged.task_class)
        self.n_judged += 1
        if judged.failed_before:
            _count(self.retry_passes, self.retry_failures, row, column, judged.passed)
            return None
        _count(self.passes, self.failures, row, column, judged.passed)
        self._looks.setdefault((row, column), _Looks()).add(judged.passed)
        return self._test_drift(row, column, judged)

    def _test_drift(self, row: int, column: int, judged: Judgement) -> DriftAlarm | None:
        # S = max(0, S + predicted - passed - tolerance); an alarm when S > threshold. It began when
        # S was last 0, which estimates the change point (Page 1954, one-sided).
        predicted = judged.predicted
        if row in self._alarmed:
            # Decisions of before the alarm may still be judged; they predicted what no longer holds.
            passes, failures = self.passes[row].sum(), self.failures[row].sum()
            predicted = min(predicted, (passes + 1.0) / (passes + failures + 1.0))
        step = predicted - judged.passed - self._drift.tolerance
        shortfall = max(0.0, self._shortfall.get(row, 0.0) + step)
        self._shortfall[row] = shortfall
        since = self._since.setdefault(row, [])
        if not shortfall:
            since.clear()
            return None
        since.append((column, judged.passed))
        return self._forget(row) if shortfall > self._drift.threshold else None

    def _forget(self, row: int) -> DriftAlarm:
        """Keep of an arm only what was seen since its shortfall began: the estimate of the change point."""
        since = self._since.pop(row)
        self._shortfall[row] = 0.0
        self._alarmed.add(row)
        for table in (self.passes, self.failures, self.retry_passes, self.retry_failures):
            table[row] = 0.0
        self._looks = {cell: looks for cell, looks in self._looks.items() if cell[0] != row}
        for column, passed in since:
            _count(self.passes, self.failures, row, column, passed)
        pass_rate = sum(passed for _, passed in since) / len(since)
        alarm = DriftAlarm(self.arms[row], self.n_judged, len(since), pass_rate)
        self.alarms.append(alarm)
        return alarm

    def looks(self, arm: str, task_class: str) -> tuple[int, ...]:
        """Passes among the first 50, 100, 200, ... outcomes of a cell since its last alarm."""
        cell = (self._row.get(arm, -1), self._column.get(task_class, -1))
        return tuple(self._looks[cell].at_looks) if cell in self._looks else ()

    def fitted_concentration(self, default: float, *, bounds: tuple[float, float] = (2.0, 30.0)) -> float:
        """How alike the classes of an arm are: kappa of greatest beta-binomial marginal likelihood.

        The default while fewer than ten cells have ten outcomes each.
        """
        judged = self.passes + self.failures
        usable = judged >= 10
        if usable.sum() < 10:
            return default
        try:
            from scipy.special import betaln
        except ModuleNotFoundError as error:
            raise missing_extra("scipy", "economics") from error
        # log L(k) = sum over cells of log B(k mu + s, k (1 - mu) + f) - log B(k mu, k (1 - mu)), with mu the
        # mean of the cell's arm; the binomial coefficients do not depend on k.
        arm_means = (self.passes.sum(1) + 1) / (judged.sum(1) + 2)
        means = np.broadcast_to(arm_means[:, None], judged.shape)[usable]
        passes, failures = self.passes[usable], self.failures[usable]
        grid = np.geomspace(*bounds, 24)
        likelihood = [
            float(np.sum(betaln(k * means + passes, k * (1 - means) + failures)))
            - float(np.sum(betaln(k * means, k * (1 - means))))
            for k in grid
        ]
        return float(grid[int(np.argmax(likelihood))])

    def state(self) -> dict[str, object]:
        """Everything that selection reads, for comparison; independent of the order of arms and classes."""
        cells = {
            f"{arm}|{name}": (
                self.passes[a, c],
                self.failures[a, c],
                self.retry_passes[a, c],
                self.retry_failures[a, c],
                *self.tokens.cell(a, c),
                self.looks(arm, name),
            )
            for a, arm in enumerate(self.arms)
            for c, name in enumerate(self.classes)
        }
        shortfall = {self.arms[row]: value for row, value in self._shortfall.items()}
        return {"cells": cells, "shortfall": shortfall, "alarms": tuple(self.alarms)}

    def to_json(self) -> dict[str, Any]:
        """All of it, so that facts can be folded in later as if it had never been put away."""
        return {
            "drift": [self._drift.tolerance, self._drift.threshold],
            "arms": self.arms,
            "classes": self.classes,
            "tables": {name: getattr(self, name).tolist() for name in _TABLES},
            "tokens": [
                table.tolist() for table in (self.tokens.n, self.tokens.log_sum, self.tokens.square_sum)
            ],
            "alarms": [[a.arm, a.n_judged, a.n_since, a.pass_rate_since] for a in self.alarms],
            "n_judged": self.n_judged,
            "shortfall": list(self._shortfall.items()),
            "since": [[row, [[c, p] for c, p in seen]] for row, seen in self._since.items()],
            "alarmed": sorted(self._alarmed),
            "looks": [[*cell, looks.n, looks.passes, looks.at_looks] for cell, looks in self._looks.items()],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Evidence":
        """What :meth:`to_json` gave."""
        evidence = cls(DriftRule(*stored["drift"]))
        evidence.arms, evidence.classes = list(stored["arms"]), list(stored["classes"])
        evidence._row = {arm: row for row, arm in enumerate(evidence.arms)}
        evidence._column = {name: column for column, name in enumerate(evidence.classes)}
        shape = (len(evidence.arms), len(evidence.classes))
        for name, table in stored["tables"].items():
            setattr(evidence, name, np.array(table, np.float64).reshape(shape))
        n, log_sum, square_sum = (np.array(table, np.float64) for table in stored["tokens"])
        evidence.tokens = TokenSums(
            n.reshape(shape), log_sum.reshape((2, *shape)), square_sum.reshape((2, *shape))
        )
        evidence.alarms = [DriftAlarm(*told) for told in stored["alarms"]]
        evidence.n_judged = stored["n_judged"]
        evidence._shortfall = dict(map(tuple, stored["shortfall"]))
        evidence._since = {row: [(c, p) for c, p in seen] for row, seen in stored["since"]}
        evidence._alarmed = set(stored["alarmed"])
        for row, column, n_seen, passes, at_looks in stored["looks"]:
            looks = evidence._looks[row, column] = _Looks()
            looks.n, looks.passes, looks.at_looks = n_seen, passes, list(at_looks)
        return evidence


def fold(
    judged: Iterable[Judgement],
    counted: Iterable[TokenCount],
    drift: DriftRule | None = None,
    *,
    onto: Evidence | None = None,
) -> Evidence:
    """The evidence of facts in their order, or of these after those that are folded already."""
    evidence = Evidence(drift) if onto is None else onto
    for count in counted:
        evidence.count_tokens(count)
    for judgement in judged:
        evidence.judge(judgement)
    return evidence


@dataclass(slots=True)
class TokenSums:
    """Sums of logarithms of tokens by arm and class: tokens are close to log-normal.

    Attributes:
        n: Decisions counted, ``[arm, class]``.
        log_sum: Sums of ``log(1 + tokens)``, ``[2, arm, class]`` for input and output.
        square_sum: Sums of their squares.
    """

    n: Counts = field(default_factory=lambda: np.zeros((0, 0)))
    log_sum: Counts = field(default_factory=lambda: np.zeros((2, 0, 0)))
    square_sum: Counts = field(default_factory=lambda: np.zeros((2, 0, 0)))

    def grow(self, shape: tuple[int, int]) -> None:
        """Make room for new arms and classes."""
        self.n = _grown(self.n, shape)
        self.log_sum = np.stack([_grown(table, shape) for table in self.log_sum])
        self.square_sum = np.stack([_grown(table, shape) for table in self.square_sum])

    def add(self, row: int, column: int, input_tokens: int, output_tokens: int, *, times: int = 1) -> None:
        """Count one decision, or take it back."""
        logs = np.log1p((input_tokens, output_tokens))
        self.n[row, column] += times
        self.log_sum[:, row, column] += times * logs
        self.square_sum[:, row, column] += times * logs * logs

    def cell(self, row: int, column: int) -> tuple[float, ...]:
        """The sums of one cell."""
        return (
            float(self.n[row, column]),
            *self.log_sum[:, row, column].tolist(),
            *self.square_sum[:, row, column].tolist(),
        )


class _Looks:
    """Passes of a cell at the sample sizes at which a floor is tested."""

    __slots__ = ("at_looks", "n", "passes")

    def __init__(self) -> None:
        self.n = self.passes = 0
        self.at_looks: list[int] = []

    def add(self, passed: bool) -> None:
        self.n += 1
        self.passes += passed
        if self.n == FIRST_LOOK << len(self.at_looks):
            self.at_looks.append(self.passes)


def _empty() -> Counts:
    return np.zeros((0, 0))


def _grown(table: Counts, shape: tuple[int, int]) -> Counts:
    larger = np.zeros(shape)
    larger[: table.shape[0], : table.shape[1]] = table
    return larger


def _count(passes: Counts, failures: Counts, row: int, column: int, passed: bool) -> None:
    # Beyond N = 200 both are scaled by N / (N + 1): exponential forgetting, at a pass rate that stays.
    (passes if passed else failures)[row, column] += 1
    judged = passes[row, column] + failures[row, column]
    if judged > _MAX_JUDGED:
        passes[row, column] *= _MAX_JUDGED / judged
        failures[row, column] *= _MAX_JUDGED / judged
