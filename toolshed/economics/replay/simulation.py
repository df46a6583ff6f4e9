"""Streams of requests drawn from an outcome table, with late feedback, drift and price changes."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from toolshed.economics.prices.price_file import PriceFile
from toolshed.economics.prices.pricing import PriceSheet
from toolshed.economics.replay.policies import POLICIES, Policy, Setting
from toolshed.economics.replay.tables import Matrix, OutcomeTable
from toolshed.errors import InvalidQueryError

Progress = Callable[[int, int], None]
SCENARIOS = ("stationary", "drift")


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """How requests arrive and what they cost.

    Attributes:
        requests: Length of the stream: passes over the shuffled queries, concatenated.
        delay: The outcome of request t is seen from request t + delay on.
        failure_usd: What a failure costs.
        golden: Queries that are taken out of the stream and run on all arms at the start, charged.
        price_change: An arm and the factor of its price from half time on.
        floor: Pass rate at which our policy's arms must be certified.
        pace_usd: Dollars that our policy may spend on a request on average.
        has_check: Whether a check tells at once that a reply failed; our policy then tries another arm, once.
        check_usd: What a check costs, as that of a model that judges.
        check_false_accept: Share of failed replies that it lets pass.
        check_false_reject: Share of passed replies that it refuses; refused for good, they count as failed.
    """

    requests: int = 3400
    delay: int = 50
    failure_usd: float = 0.05
    golden: int = 0
    price_change: tuple[str, float] | None = None
    floor: float | None = None
    pace_usd: float | None = None
    has_check: bool = False
    check_usd: float = 0.0
    check_false_accept: float = 0.0
    check_false_reject: float = 0.0


@dataclass(frozen=True, slots=True)
class StreamResult:
    """What a policy spent and passed on one stream.

    Attributes:
        usd_per_1000: Spend, golden queries included, plus the price of failures, for a thousand requests.
        pass_rate: Share of requests that passed.
        spend_usd: Dollars spent in all, golden queries included.
        certified: Arms and classes that were certified at the floor.
        broken: How many of them pass less than the floor, over all queries of the class.
        checks: How many replies were checked.
    """

    usd_per_1000: float
    pass_rate: float
    spend_usd: float
    certified: int = 0
    broken: int = 0
    checks: int = 0


def run_stream(
    table: OutcomeTable, policy_name: str, seed: int, scenario: str, options: StreamOptions
) -> StreamResult:
    """Run one policy over one stream."""
    columns = table.columns(table.arms)
    golden, queries = _queries(len(table.queries), np.random.default_rng(seed), options)
    policy = POLICIES[policy_name](_setting(table, columns, options), seed)
    stream = _Stream(table, columns, policy, options, _changed_outcomes(table, columns, scenario), seed)
    if policy_name == "ours":
        stream.run_golden(golden)
    for now, query in enumerate(queries):
        stream.answer(now, int(query))
    return stream.result()


class _Stream:
    """A policy at work: what it spent and passed so far, and the outcomes that it has not heard of yet."""

    def __init__(
        self,
        table: OutcomeTable,
        columns: NDArray[np.intp],
        policy: Policy,
        options: StreamOptions,
        changed: Matrix,
        seed: int,
    ) -> None:
        self._table, self._columns, self._policy, self._options = table, columns, policy, options
        self._half_time = options.requests // 2
        self._outcomes = (table.passed[:, columns], changed)
        self._price_factors = np.ones(len(columns))
        self._waiting: deque[tuple[int, int, int, bool, float, int]] = deque()
        self._spend_usd, self._n_passed, self._n_checks = 0.0, 0, 0
        self._rng = np.random.default_rng([seed, 2])

    def run_golden(self, golden: NDArray[np.intp]) -> None:
        """Run golden queries on all arms, and learn from them at once."""
        for query in golden:
            task_class = int(self._table.class_of[query])
            for arm in range(len(self._columns)):
                self._pay(int(query), arm, task_class)
                self._policy.learn(arm, task_class, bool(self._outcomes[0][query, arm]), 0.0)

    def answer(self, now: int, query: int) -> None:
        """Answer a request, after the outcomes that are known by now."""
        if now == self._half_time and self._options.price_change is not None:
            self._change_price(*self._options.price_change)
        while self._waiting and self._waiting[0][0] <= now:
            self._policy.learn(*self._waiting.popleft()[1:])
        self._n_passed += self._passes(now, query)

    def _change_price(self, arm: str, factor: float) -> None:
        self._price_factors[self._table.arms.index(arm)] = factor
        self._policy.see_prices(_scaled(self._table.prices, arm, factor))

    def _passes(self, now: int, query: int) -> bool:
        """Whether an arm passes: the one chosen, or where a check tells at once that it failed, the next."""
        policy, task_class = self._policy, int(self._table.class_of[query])
        outcomes = self._outcomes[now >= self._half_time]
        arm: int | None = policy.choose(task_class)
        passed, n_failed = False, 0
        while arm is not None:
            passed = bool(outcomes[query, arm])
            self._pay(query, arm, task_class)
            is_accepted = not self._options.has_check or self._accepts(passed)
            if is_accepted and not self._is_sure:
                # What is let pass is known when its outcome is.
                seen_at = now + self._options.delay
                self._waiting.append((seen_at, arm, task_class, passed, policy.memo(), n_failed))
                return passed
            policy.learn(arm, task_class, is_accepted, policy.memo(), n_failed)
            passed = is_accepted
            arm = None if is_accepted or n_failed else policy.escalate(task_class, arm)
            n_failed += 1
        return passed

    @property
    def _is_sure(self) -> bool:
        """Whether a check tells the outcome itself."""
        options = self._options
        return options.has_check and not (options.check_false_accept or options.check_false_reject)

    def _accepts(self, passed: bool) -> bool:
        """What the check says of a reply."""
        options = self._options
        self._n_checks += 1
        self._spend_usd += options.check_usd
        mistaken = options.check_false_reject if passed else options.check_false_accept
        return passed != bool(mistaken and self._rng.random() < mistaken)

    def _pay(self, query: int, arm: int, task_class: int) -> None:
        column = self._columns[arm]
        cost_usd = float(self._table.cost_usd[query, column] * self._price_factors[arm])
        self._policy.paid(arm, task_class, self._table.tokens[:, query, column], cost_usd)
        self._spend_usd += cost_usd

    def result(self) -> StreamResult:
        """What it came to."""
        options, certified = self._options, self._policy.certified()
        total_usd = self._spend_usd + options.failure_usd * (options.requests - self._n_passed)
        broken = sum(
            self._outcomes[0][self._table.class_of == task_class, arm].mean() < (options.floor or 0.0)
            for arm, task_class in certified
        )
        return StreamResult(
            1000 * total_usd / options.requests,
            self._n_passed / options.requests,
            self._spend_usd,
            len(certified),
            int(broken),
            self._n_checks,
        )


def replay(
    table: OutcomeTable,
    policies: Sequence[str],
    *,
    seeds: Sequence[int],
    scenarios: Sequence[str] = SCENARIOS,
    options: StreamOptions | None = None,
    progress: Progress | None = None,
) -> dict[str, dict[str, list[StreamResult]]]:
    """Results by scenario and policy, one for each seed; all policies see the same streams.

    Raises:
        InvalidQueryError: If a policy or scenario is unknown, or an option is out of range.
    """
    options = options or StreamOptions()
    _check(table, policies, seeds, scenarios, options)
    results: dict[str, dict[str, list[StreamResult]]] = {}
    n_done, n_all = 0, len(scenarios) * len(policies) * len(seeds)
    for scenario in scenarios:
        results[scenario] = {policy: [] for policy in policies}
        for policy in policies:
            for seed in seeds:
                results[scenario][policy].append(run_stream(table, policy, seed, scenario, options))
                n_done += 1
                if progress:
                    progress(n_done, n_all)
    return results


def _check(
    table: OutcomeTable,
    policies: Sequence[str],
    seeds: Sequence[int],
    scenarios: Sequence[str],
    options: StreamOptions,
) -> None:
    for kind, given, known in (("policy", policies, [*POLICIES]), ("scenario", scenarios, [*SCENARIOS])):
        for one in given:
            if one not in known:
                raise InvalidQueryError(f"unknown {kind} {one!r}; choose of {', '.join(known)}")
    if not seeds or not policies or not scenarios:
        raise InvalidQueryError("give at least one policy, one seed and one scenario")
    require_checker(options)
    if options.requests < 1 or options.delay < 1:
        raise InvalidQueryError("requests and delay must be 1 or more")
    if not 0 <= options.golden < len(table.queries):
        raise InvalidQueryError(f"golden is {options.golden}; the table has {len(table.queries)} queries")
    if options.price_change is not None and options.price_change[0] not in table.arms:
        raise InvalidQueryError(f"price change of {options.price_change[0]!r}, which is not among the arms")


def require_checker(options: StreamOptions) -> None:
    """Refuse a check whose errors are no shares, or whose price is no amount.

    Raises:
        InvalidQueryError: If it is one.
    """
    for share in (options.check_false_accept, options.check_false_reject):
        if not 0 <= share <= 1:
            raise InvalidQueryError(f"a check errs in {share} of all cases; a share lies between 0 and 1")
    if not 0 <= options.check_usd < float("inf"):
        raise InvalidQueryError(f"a check costs ${options.check_usd}; it must be 0 or more")


def _queries(
    n_queries: int, rng: np.random.Generator, options: StreamOptions
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    golden = rng.permutation(n_queries)[: options.golden] if options.golden else np.empty(0, np.intp)
    rest = np.setdiff1d(np.arange(n_queries), golden)
    n_passes = -(-options.requests // len(rest))
    stream = np.concatenate([rng.permutation(rest) for _ in range(n_passes)])
    return golden, stream[: options.requests]


def _setting(table: OutcomeTable, columns: NDArray[np.intp], options: StreamOptions) -> Setting:
    costs, passed = table.cost_usd[:, columns], table.passed[:, columns]
    expected = costs + options.failure_usd * (1 - passed)
    counts = np.bincount(table.class_of, minlength=len(table.classes))
    by_class = np.stack([expected[table.class_of == c].mean(0) for c in range(len(table.classes))])
    return Setting(
        table.arms,
        table.classes,
        options.failure_usd,
        table.prices,
        by_class,
        counts / counts.sum(),
        costs.mean(0),
        options.floor,
        options.pace_usd,
        options.has_check,
        options.check_usd,
        options.check_false_accept,
        options.check_false_reject,
    )


def _changed_outcomes(table: OutcomeTable, columns: NDArray[np.intp], scenario: str) -> Matrix:
    """Outcomes of the second half of the stream."""
    outcomes = table.passed[:, columns].copy()
    if scenario == "drift":
        arm, becomes = table.drift
        outcomes[:, table.arms.index(arm)] = table.passed[:, table.models.index(becomes)]
    return outcomes


def _scaled(prices: PriceSheet, arm: str, factor: float) -> PriceSheet:
    """Prices with those of one arm multiplied."""
    scale = Decimal(str(factor))
    models = dict(prices.overrides.models)
    models[arm] = [
        entry.model_copy(
            update={
                "input_mtok": None if entry.input_mtok is None else entry.input_mtok * scale,
                "output_mtok": None if entry.output_mtok is None else entry.output_mtok * scale,
            }
        )
        for entry in models[arm]
    ]
    return replace(prices, overrides=PriceFile(models=models))
