"""When a checker is worth its price: our policy in replay, over how often it errs and what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from toolshed.economics.replay.simulation import (
    Progress,
    StreamOptions,
    StreamResult,
    require_checker,
    run_stream,
)
from toolshed.economics.replay.tables import OutcomeTable
from toolshed.economics.reporting.intervals import MeanInterval, mean_interval
from toolshed.errors import InvalidQueryError


@dataclass(frozen=True, slots=True)
class CheckedCascade:
    """Our policy with a checker that lets some wrong replies pass.

    Attributes:
        false_accept: Share of failed replies that it lets pass; None without a checker.
        check_usd: What a check costs.
        pass_rate: Share of requests that passed.
        spend_usd: Dollars for a thousand requests, checks included.
        total_usd: The same with the price of failures.
        saved_usd: What the total is lower than without a checker, on the same streams.
        worth_usd: The price of a check at which it would save nothing, if nothing else changed.
    """

    false_accept: float | None
    check_usd: float
    pass_rate: MeanInterval
    spend_usd: MeanInterval
    total_usd: MeanInterval
    saved_usd: MeanInterval | None = None
    worth_usd: float = 0.0

    @property
    def is_worth_it(self) -> bool:
        """Whether it saves more than chance would, at the 95 % level over streams."""
        return self.saved_usd is not None and self.saved_usd.value > self.saved_usd.half_width


def compare_checkers(
    table: OutcomeTable,
    *,
    false_accept: Sequence[float],
    check_usd: Sequence[float],
    seeds: Sequence[int],
    options: StreamOptions | None = None,
    progress: Progress | None = None,
) -> list[CheckedCascade]:
    """Replay our policy without a checker, and with every combination of error rate and price.

    A checker sees each reply; after one that it refuses the next best backbone is tried, once. What it lets
    pass counts as it really was.

    Raises:
        InvalidQueryError: If a list is empty, or a rate or price is out of range.
    """
    if not false_accept or not check_usd or not seeds:
        raise InvalidQueryError("give at least one false-accept rate, one price and one seed")
    plain = replace(options or StreamOptions(), has_check=False)
    kinds: list[tuple[float | None, float]] = [
        (None, 0.0),
        *((f, c) for f in false_accept for c in check_usd),
    ]
    for rate, price in kinds[1:]:
        require_checker(replace(plain, check_usd=price, check_false_accept=rate or 0.0))
    runs: list[list[StreamResult]] = []
    for rate, price in kinds:
        checked = replace(plain, has_check=True, check_usd=price, check_false_accept=rate or 0.0)
        used = plain if rate is None else checked

        runs.append([])
        for seed in seeds:
            runs[-1].append(run_stream(table, "ours", seed, "stationary", used))
            if progress:
                progress(sum(map(len, runs)), len(kinds) * len(seeds))
    return [
        _compared(rate, price, found, runs[0], plain.requests)
        for (rate, price), found in zip(kinds, runs, strict=True)
    ]


def _compared(
    rate: float | None, price: float, runs: list[StreamResult], unchecked: list[StreamResult], requests: int
) -> CheckedCascade:
    saved = [a.usd_per_1000 - b.usd_per_1000 for a, b in zip(unchecked, runs, strict=True)]
    n_checks = 1000 * sum(one.checks for one in runs) / (len(runs) * requests)
    gain_usd = sum(saved) / len(saved)
    return CheckedCascade(
        rate,
        price,
        mean_interval([one.pass_rate for one in runs]),
        mean_interval([1000 * one.spend_usd / requests for one in runs]),
        mean_interval([one.usd_per_1000 for one in runs]),
        None if rate is None else mean_interval(saved),
        max(0.0, price + gain_usd / n_checks) if n_checks else 0.0,
    )
