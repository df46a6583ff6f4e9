"""Policies that a replay compares: ours, bandits of others, and fixed choices in hindsight."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from toolshed.economics.choosing.budget import DualPrice
from toolshed.economics.choosing.candidates import BudgetState, Candidate, StepFeatures
from toolshed.economics.choosing.selection import BackboneSelector, Selection
from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.learning.certification import certify_looks
from toolshed.economics.learning.evidence import Judgement, TokenCount
from toolshed.economics.prices.pricing import PriceSheet
from toolshed.economics.replay.tables import Matrix
from toolshed.errors import ConfigurationError


@dataclass(frozen=True)
class Setting:
    """What a policy is told of the stream it will see.

    Attributes:
        arms: Models on offer.
        classes: Names of task classes.
        failure_usd: What a failure costs.
        prices: Prices of the arms; replaced on the policy when they change.
        hindsight_usd: Mean of cost plus price of failures in the unchanged table, ``[class, arm]``, and
            shares of the classes. Only the policies "in hindsight" look.
        class_shares: Share of queries by class.
        mean_costs_usd: Mean cost of each arm in the unchanged table.
        floor: Pass rate that arms must be certified at.
        pace_usd: Dollars that a request may cost on average.
        has_check: Whether a failed reply is known at once, so that another arm can be tried, once.
        check_usd, check_false_accept, check_false_reject: What the check costs, and how often it errs.
    """

    arms: Sequence[str]
    classes: Sequence[str]
    failure_usd: float
    prices: PriceSheet
    hindsight_usd: Matrix
    class_shares: Matrix
    mean_costs_usd: Matrix
    floor: float | None = None
    pace_usd: float | None = None
    has_check: bool = False
    check_usd: float = 0.0
    check_false_accept: float = 0.0
    check_false_reject: float = 0.0


class Policy(ABC):
    """Chooses an arm for each request, and learns what became of it."""

    def __init__(self, setting: Setting, seed: int) -> None:
        self.setting = setting
        self.rng = np.random.default_rng([seed, 1])

    @abstractmethod
    def choose(self, task_class: int) -> int:
        """The arm for a request of a class."""

    def escalate(self, task_class: int, failed: int) -> int | None:
        """The arm to try after one has failed a check; None gives up, as policies without cascades do."""
        return None

    def paid(self, arm: int, task_class: int, tokens: Matrix, cost_usd: float) -> None:  # noqa: B027  # may
        """Told at once what the request took."""

    def learn(self, arm: int, task_class: int, passed: bool, memo: float, n_failed: int = 0) -> None:  # noqa: B027  # may
        """Told later whether it passed, with what :meth:`memo` was when it was chosen."""

    def memo(self) -> float:
        """What to remember of the last choice."""
        return 0.0

    def certified(self) -> set[tuple[int, int]]:
        """Arms and classes that hold a certificate of the floor now."""
        return set()

    def see_prices(self, prices: PriceSheet) -> None:  # noqa: B027  # may
        """Told when prices change."""


class BestSingle(Policy):
    """The arm that was best over all queries, in hindsight."""

    def __init__(self, setting: Setting, seed: int) -> None:
        super().__init__(setting, seed)
        self._arm = int((setting.class_shares @ setting.hindsight_usd).argmin())

    def choose(self, task_class: int) -> int:
        """Always the same."""
        return self._arm


class PerClassBest(Policy):
    """The arm that was best for each class, in hindsight."""

    def choose(self, task_class: int) -> int:
        """By class."""
        return int(self.setting.hindsight_usd[task_class].argmin())


class Cheapest(Policy):
    """The arm of least cost, whatever it passes."""

    def choose(self, task_class: int) -> int:
        """Always the same."""
        return int(self.setting.mean_costs_usd.argmin())


class Random(Policy):
    """Any arm."""

    def choose(self, task_class: int) -> int:
        """Uniformly."""
        return int(self.rng.integers(len(self.setting.arms)))


class PlainThompson(Policy):
    """Thompson sampling with a uniform Beta for each cell and its mean cost; nothing shared or forgotten."""

    def __init__(self, setting: Setting, seed: int) -> None:
        super().__init__(setting, seed)
        shape = (len(setting.arms), len(setting.classes))
        self._alpha, self._beta = np.ones(shape), np.ones(shape)
        self._spent_usd, self._n = np.zeros(shape), np.zeros(shape)

    def choose(self, task_class: int) -> int:
        """The arm whose sample has the least expected cost."""
        sampled = self.rng.beta(self._alpha[:, task_class], self._beta[:, task_class])
        costs = (self._spent_usd.sum(1) + 1e-9) / (self._n.sum(1) + 1e-6)
        costs = np.where(self._n.sum(1) > 0, costs, 0.0)
        costs = np.where(
            self._n[:, task_class] > 0,
            self._spent_usd[:, task_class] / np.maximum(self._n[:, task_class], 1),
            costs,
        )
        return int((costs + self.setting.failure_usd * (1 - sampled)).argmin())

    def paid(self, arm: int, task_class: int, tokens: Matrix, cost_usd: float) -> None:
        """Count the cost."""
        self._spent_usd[arm, task_class] += cost_usd
        self._n[arm, task_class] += 1

    def learn(self, arm: int, task_class: int, passed: bool, memo: float, n_failed: int = 0) -> None:
        """Count the outcome."""
        (self._alpha if passed else self._beta)[arm, task_class] += 1


class ParetoBandit(Policy):
    """LinUCB with forgetting of the package ``paretobandit`` (arXiv 2604.00136), classes as its context.

    Its settings for a start without warm-up (exploration .05, forgetting .997). Its penalty is the arm's mean
    cost over the failure price, so that it maximises what the others minimise; told in hindsight.
    """

    def __init__(self, setting: Setting, seed: int) -> None:
        super().__init__(setting, seed)
        try:
            from pareto_bandit.policy import DisjointLinUCBPolicy
        except ImportError as error:
            raise ConfigurationError(
                "paretobandit is not installed; run pip install paretobandit, or leave the policy out"
            ) from error
        self._contexts = np.hstack([np.eye(len(setting.classes)), np.ones((len(setting.classes), 1))])
        # Any: the package is an optional dependency.
        self._bandit: Any = DisjointLinUCBPolicy(
            list(setting.arms), self._contexts.shape[1], alpha=0.05, forgetting_factor=0.997, seed=seed
        )
        self._penalties = {
            arm: float(cost) / setting.failure_usd
            for arm, cost in zip(setting.arms, setting.mean_costs_usd, strict=True)
        }

    def choose(self, task_class: int) -> int:
        """Its choice."""
        arm, _ = self._bandit.select_arm(self._contexts[task_class], cost_penalties=self._penalties)
        self._bandit.mark_selected(arm)
        return list(self.setting.arms).index(arm)

    def learn(self, arm: int, task_class: int, passed: bool, memo: float, n_failed: int = 0) -> None:
        """Update its model."""
        name = self.setting.arms[arm]
        self._bandit.update(name, self._contexts[task_class], float(passed), advance_time=False)


class Ours(Policy):
    """:class:`~toolshed.economics.choosing.selection.BackboneSelector`, as it runs in production."""

    def __init__(self, setting: Setting, seed: int) -> None:
        super().__init__(setting, seed)
        self.selector = BackboneSelector(setting.prices, rng=self.rng)
        self._candidates = [Candidate(arm) for arm in setting.arms]
        self._dual = DualPrice(setting.pace_usd)
        self._predicted = 0.0

    def choose(self, task_class: int) -> int:
        """Its choice."""
        chosen = self._selected(task_class, ())
        # Where nothing is worth its price, a replay still has to answer.
        arm = chosen.arm or min(chosen.weighed, key=lambda w: w.cost_usd / max(w.pass_probability, 1e-9)).arm
        return self._taken(chosen, arm)

    def escalate(self, task_class: int, failed: int) -> int | None:
        """Its choice after a failed check."""
        if len(self._candidates) < 2:
            return None
        chosen = self._selected(task_class, (self.setting.arms[failed],))
        return None if chosen.arm is None else self._taken(chosen, chosen.arm)

    def _selected(self, task_class: int, failed: tuple[str, ...]) -> Selection:
        setting = self.setting
        check_usd = Decimal(repr(setting.check_usd)) if setting.has_check else None
        return self.selector.select(
            StepRequest(
                setting.classes[task_class],
                self._candidates,
                StepFeatures(
                    failed=failed,
                    check_usd=check_usd,
                    check_false_accept=setting.check_false_accept,
                    check_false_reject=setting.check_false_reject,
                    max_attempts=2,
                ),
                floor=setting.floor,
                failure_usd=setting.failure_usd,
                budget=BudgetState(dual_price=self._dual.value),
            )
        )

    def _taken(self, chosen: Selection, arm: str) -> int:
        index = list(self.setting.arms).index(arm)
        self._predicted = chosen.weighed[index].pass_probability
        self.selector.explored_usd += chosen.exploration_usd
        return index

    def memo(self) -> float:
        """The pass probability that was predicted."""
        return self._predicted

    def certified(self) -> set[tuple[int, int]]:
        """By the exact test that selection applies."""
        setting = self.setting
        if setting.floor is None:
            return set()
        n_certificates = len(setting.arms) * len(setting.classes)
        return {
            (a, c)
            for a, arm in enumerate(setting.arms)
            for c, task_class in enumerate(setting.classes)
            if certify_looks(
                self.selector.evidence.looks(arm, task_class),
                setting.floor,
                error=self.selector.floor_error,
                n_candidates=n_certificates,
            )
        }

    def paid(self, arm: int, task_class: int, tokens: Matrix, cost_usd: float) -> None:
        """Count tokens and dollars."""
        name, task = self.setting.arms[arm], self.setting.classes[task_class]
        self.selector.evidence.count_tokens(TokenCount(name, task, round(tokens[0]), round(tokens[1])))
        self.selector.spend_usd += cost_usd
        self._dual.observe(cost_usd)

    def learn(self, arm: int, task_class: int, passed: bool, memo: float, n_failed: int = 0) -> None:
        """Count the outcome."""
        name, task = self.setting.arms[arm], self.setting.classes[task_class]
        self.selector.evidence.judge(Judgement(name, task, passed, memo, n_failed))

    def see_prices(self, prices: PriceSheet) -> None:
        """Prices are looked up at the time of the choice."""
        self.selector.prices = prices


POLICIES: dict[str, Callable[[Setting, int], Policy]] = {
    "best_single": BestSingle,
    "per_class_best": PerClassBest,
    "cheapest": Cheapest,
    "random": Random,
    "thompson": PlainThompson,
    "paretobandit": ParetoBandit,
    "ours": Ours,
}
