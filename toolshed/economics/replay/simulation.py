"""Streams of requests drawn from an outcome table, with late feedback, drift and price changes."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from toolshed.economics.prices.pricing import PriceFile, PriceSheet
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
    """

    requests: int = 3400
    delay: int = 50
    failure_usd: float = 0.05
    golden: int = 0
    price_change: tuple[str, float] | None = None
    floor: float | None = None
    pace_usd: float | None = None
    has_check: bool = False


@dataclass(frozen=True, slots=True)
class StreamResult:
    """What a policy spent and passed on one stream.

    Attributes:
        usd_per_1000: Spend, golden queries included, plus the price of failures, for a thousand requests.
        pass_rate: Share of requests that passed.
        spend_usd: Dollars spent in all, golden queries included.
        certified: Arms and classes that were certified at the floor.
        broken: How many of them pass less than the floor, over all queries of the class.
    """

    usd_per_1000: float
    pass_rate: float
    spend_usd: float
    certified: int = 0
    broken: int = 0


def run_stream(
    table: OutcomeTable, policy_name: str, seed: int, scenario: str, options: StreamOptions
) -> StreamResult:
    """Run one policy over one stream."""
    rng = np.random.default_rng(seed)
    columns = table.columns(table.arms)
    golden, stream = _stream(len(table.queries), rng, options)
    setting = _setting(table, columns, options)
    policy = POLICIES[policy_name](setting, seed)
    spend = _run_golden(table, policy, policy_name, columns, golden)
    changed = _changed_outcomes(table, columns, scenario)
    waiting: deque[tuple[int, int, int, bool, float, int]] = deque()
    n_passed = 0
    factors = np.ones(len(columns))
    for now, query in enumerate(stream):
        if now == options.requests // 2 and options.price_change is not None:
            arm, factor = options.price_change
            factors[table.arms.index(arm)] = factor
            policy.see_prices(_scaled(setting.prices, arm, factor))
        while waiting and waiting[0][0] <= now:
            policy.learn(*waiting.popleft()[1:])
        task_class = int(table.class_of[query])
        arm_index = policy.choose(task_class)
        outcomes = changed if now >= options.requests // 2 else table.passed[:, columns]
        for n_failed in range(2):
            column = columns[arm_index]
            passed = bool(outcomes[query, arm_index])
            cost = float(table.cost_usd[query, column] * factors[arm_index])
            policy.paid(arm_index, task_class, table.tokens[:, query, column], cost)
            spend += cost
            if not options.has_check:
                waiting.append((now + options.delay, arm_index, task_class, passed, policy.memo(), n_failed))
                break
            policy.learn(arm_index, task_class, passed, policy.memo(), n_failed)
            following = None if passed or n_failed else policy.escalate(task_class, arm_index)
            if following is None:
                break
            arm_index = following
        n_passed += passed
    failures = options.requests - n_passed
    total = spend + options.failure_usd * failures
    certified = policy.certified()
    broken = [
        (arm, task_class)
        for arm, task_class in certified
        if table.passed[table.class_of == task_class, columns[arm]].mean() < (options.floor or 0.0)
    ]
    return StreamResult(
        1000 * total / options.requests,
        n_passed / options.requests,
        spend,
        len(certified),
        len(broken),
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
    if options.requests < 1 or options.delay < 1:
        raise InvalidQueryError("requests and delay must be 1 or more")
    if not 0 <= options.golden < len(table.queries):
        raise InvalidQueryError(f"golden is {options.golden}; the table has {len(table.queries)} queries")
    if options.price_change is not None and options.price_change[0] not in table.arms:
        raise InvalidQueryError(f"price change of {options.price_change[0]!r}, which is not among the arms")


def _stream(
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
    )


def _run_golden(
    table: OutcomeTable,
    policy: Policy,
    policy_name: str,
    columns: NDArray[np.intp],
    golden: NDArray[np.intp],
) -> float:
    """Run our policy's golden queries on all arms; returns what they cost."""
    if policy_name != "ours":
        return 0.0
    spend = 0.0
    for query in golden:
        task_class = int(table.class_of[query])
        for arm, column in enumerate(columns):
            cost = float(table.cost_usd[query, column])
            policy.paid(arm, task_class, table.tokens[:, query, column], cost)
            policy.learn(arm, task_class, bool(table.passed[query, column]), 0.0)
            spend += cost
    return spend


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
