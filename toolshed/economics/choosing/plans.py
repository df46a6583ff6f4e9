"""Lists of backbones that could be tried in turn, and what each would cost until the task is resolved."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.learning.evidence import Counts
from toolshed.economics.learning.posteriors import Beliefs

# Lists of arms are enumerated over no more than these.
_MAX_ARMS_IN_CASCADE = 8
_MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Step:
    """A step, and what is believed of its candidates; one element a candidate.

    Attributes:
        request: The step.
        known: Beliefs.
        costs_usd: Expected dollars of an attempt.
        upper_usd: Dollars of an attempt that one in twenty exceeds.
        problems: Why a candidate is not eligible; empty when it is.
        eligible: Positions of those that are.
    """

    request: StepRequest
    known: Beliefs
    costs_usd: Counts
    upper_usd: Counts
    problems: Sequence[str]
    eligible: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Plan:
    """The lists of arms that could be tried in turn, and what each would cost.

    Attributes:
        lists: Positions of candidates, ``[n_lists, n_attempts]``, -1 where a list is shorter.
        costs_usd: Cost of an attempt of each candidate, its check included, at the dual price.
        failure_usd: Price of failure; without one only the cost counts.
        retry_share: Pass probability after a failure over the unconditional one, by candidate.
        further_share: The same for the third attempt over the second.
        false_accept, false_reject: Shares of wrong replies that the check lets pass, and of right ones that
            it refuses.
    """

    lists: NDArray[np.intp]
    costs_usd: Counts
    failure_usd: float | None
    retry_share: Counts
    further_share: float
    false_accept: float = 0.0
    false_reject: float = 0.0

    @classmethod
    def of(cls, step: Step, further_share: float) -> "Plan":
        """The lists for a step; only single arms where nothing checks a reply, or one has failed already."""
        features = step.request.features
        failure = None if step.request.failure_usd is None else float(step.request.failure_usd)
        check = features.check_usd
        spent = step.costs_usd + (0.0 if check is None else float(check))
        costs = spent * (1.0 + step.request.budget.dual_price)
        means = step.known.pass_probability
        share = step.known.retry / np.maximum(means, 1e-9)
        if check is None or failure is None or features.failed:
            lists = step.eligible[:, None]
        else:
            useful = _undominated(step.eligible, costs, means)
            orders = _orders(len(useful), features.max_attempts)
            lists = np.where(orders < 0, -1, useful[orders])
            alone = np.full((len(step.eligible), lists.shape[1]), -1)
            alone[:, 0] = step.eligible
            lists = np.unique(np.concatenate([alone, lists]), axis=0)
        if check is None:
            return cls(lists, costs, failure, share, further_share)
        rates = features.check_false_accept, features.check_false_reject
        return cls(lists, costs, failure, share, further_share, *rates)

    def first(self, which: int) -> int:
        """The candidate that a list begins with."""
        return int(self.lists[which, 0])

    def best(self, passing: Counts, allowed: NDArray[np.bool_]) -> int:
        """The list of least expected cost, by pass probabilities ``[candidate]``."""
        _, _, expected = self.outlook(passing)
        usable = np.where(self.lists >= 0, allowed[self.lists], True).all(1)
        return int(np.where(usable, expected, np.inf).argmin())

    def best_firsts(self, sampled: Counts, means: Counts) -> NDArray[np.intp]:
        """The candidate to begin with for each row of sampled pass probabilities ``[n, candidate]``.

        What follows its failure is taken as it would be by the ``means``: only the beginning is sampled.
        """
        # J_m is the least expected cost of a list that begins with m; what follows its failure is worth
        # V_m = (J_m - c_m) / (1 - p_m), so that with a sampled p~ the list costs c_m + (1 - p~_m) V_m.
        _, _, expected = self.outlook(means)
        after_failure = np.full(len(means), np.inf)
        first = self.lists[:, 0]
        tails = (expected - self.costs_usd[first]) / np.maximum(1 - means[first], 1e-9)
        np.minimum.at(after_failure, first, tails)
        listed = np.isfinite(after_failure)
        followed = np.where(listed, after_failure, 0.0)
        return np.asarray(np.where(listed, self.costs_usd + (1 - sampled) * followed, np.inf).argmin(1))

    def outlook(self, passing: Counts) -> tuple[Counts, Counts, Counts]:
        """Spend, pass probability and expected cost of every list, ``[n_lists]`` each."""
        # With q_k the chance of attempt k, and Q_k that the check refuses all until then:
        #   spend = sum of c_k Q_(k-1),  expected = spend + H (1 - sum of Q_(k-1) q_k (1 - fr)),
        #   Q_k = Q_(k-1) [(1 - q_k) (1 - fa) + q_k fr],  fa and fr being the check's errors,
        #   q_1 = p_1,  q_k = p_k rho_k r^(k-2) later: attempts at one task are far from independent.
        # Independent ones would be ordered by Weitzman's index (Econometrica 47, 1979), without any list.
        spend, passes = np.zeros(len(self.lists)), np.zeros(len(self.lists))
        open_ = np.ones(len(self.lists))
        for attempt in range(self.lists.shape[1]):
            arm = self.lists[:, attempt]
            there = arm >= 0
            chance = passing[arm]
            if attempt:
                chance = np.clip(chance * self.retry_share[arm] * self.further_share ** (attempt - 1), 0, 1)
            spend += np.where(there, open_ * self.costs_usd[arm], 0.0)
            accepted = chance * (1 - self.false_reject)
            passes += np.where(there, open_ * accepted, 0.0)
            refused = (1 - chance) * (1 - self.false_accept) + chance - accepted
            open_ = np.where(there, open_ * refused, open_)
        expected = spend if self.failure_usd is None else spend + self.failure_usd * (1 - passes)
        return spend, passes, expected

    def is_not_worth_it(self, means: Counts, allowed: NDArray[np.bool_]) -> bool:
        """Whether every attempt costs more, for each pass it brings, than the failure would."""
        # Weitzman's rule for a box of cost c that holds H with probability p: open it while c / p < H.
        assert self.failure_usd is not None
        tried = np.flatnonzero(allowed)
        return bool((self.costs_usd[tried] >= self.failure_usd * means[tried]).all())


@lru_cache(maxsize=64)
def _orders(n: int, max_attempts: int) -> NDArray[np.intp]:
    """All ordered lists of some of n, three at most, padded with -1."""
    longest = max(1, min(_MAX_ATTEMPTS, max_attempts))
    rows = [
        (*order, *[-1] * (longest - size))
        for size in range(1, min(longest, n) + 1)
        for order in permutations(range(n), size)
    ]
    return np.array(rows, np.intp)


def _undominated(eligible: NDArray[np.intp], costs: Counts, means: Counts) -> NDArray[np.intp]:
    """Candidates that no other beats in both cost and pass probability; the cheapest first."""
    kept: list[int] = []
    for one in sorted(eligible, key=lambda i: (costs[i], -means[i])):
        if not kept or means[one] > means[kept[-1]]:
            kept.append(int(one))
    if len(kept) > _MAX_ARMS_IN_CASCADE:
        chosen = np.linspace(0, len(kept) - 1, _MAX_ARMS_IN_CASCADE).round().astype(int)
        kept = [kept[i] for i in chosen]
    return np.array(kept, np.intp)
