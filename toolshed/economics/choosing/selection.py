"""Which backbone next: the arm, or cascade of arms, with the least expected cost to resolution."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from toolshed.economics.choosing.candidates import (
    Candidate,
    expected_costs,
    ineligibility,
    unaffordability,
)
from toolshed.economics.choosing.plans import Plan, Step
from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.learning.certification import certify_looks
from toolshed.economics.learning.evidence import Counts, Evidence
from toolshed.economics.learning.posteriors import Prior, beliefs
from toolshed.economics.prices.pricing import PriceSheet
from toolshed.errors import BudgetExceededError, NoEligibleBackboneError

Verdict = Literal["chosen", "eligible", "not certified", "ineligible"]


@dataclass(frozen=True, slots=True)
class ExplorationRule:
    """How much is tried that is not held to be best.

    Attributes:
        temper: Posteriors are sharpened by this factor before they are sampled (Thompson sampling).
        spend_share: Exploration may make this share of all spend, and no more.
        share_under_floor: Share of requests that may explore where a floor is set.
        n_draws: Samples of the posterior; one of their winners is taken, so that the propensity is exact.
    """

    temper: float = 30.0
    spend_share: float = 0.05
    share_under_floor: float = 0.05
    n_draws: int = 64


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate as the selection saw it.

    Attributes:
        arm: Its name.
        verdict: Chosen, eligible, not certified at the floor, or ineligible.
        cost_usd: Expected cost of one attempt.
        pass_probability: Posterior mean.
        expected_usd: Cost plus what failure costs; what is compared.
        probability: With which it would have been chosen.
        why_not: Why it is not eligible.
    """

    arm: str
    verdict: Verdict
    cost_usd: float = 0.0
    pass_probability: float = 0.0
    expected_usd: float = 0.0
    probability: float = 0.0
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """The backbone of a step.

    Attributes:
        task_class: Class of the task.
        candidate: What to call now; None when the step is better handed to a human.
        cascade: Arms to try in turn, while the check fails; the first is the candidate's.
        cost_usd: Expected spend of the whole cascade.
        cost_95_usd: Spend of the first attempt that one in twenty exceeds; reserve this.
        pass_probability: That some arm of the cascade passes.
        arm_pass_probability: That the first one passes.
        propensity: Probability with which the first arm was chosen.
        is_explored: Whether another arm was held to be best.
        exploration_usd: What trying it costs above the best one's cost.
        reason: In words.
        weighed: All candidates.
        dual_price: What it counted with.
    """

    task_class: str
    candidate: Candidate | None
    cascade: tuple[str, ...]
    cost_usd: float
    cost_95_usd: float
    pass_probability: float
    arm_pass_probability: float
    propensity: float
    is_explored: bool
    exploration_usd: float
    reason: str
    weighed: tuple[Weighed, ...] = ()
    dual_price: float = 0.0

    @property
    def model(self) -> str | None:
        """What to call now."""
        return self.candidate.model if self.candidate else None

    @property
    def arm(self) -> str | None:
        """What is learnt about."""
        return self.candidate.name if self.candidate else None


@dataclass
class BackboneSelector:
    """Chooses backbones by what the evidence says of them.

    The rule: the least ``cost + failure_price * (1 - pass probability)`` (Weitzman's index where a check
    allows further attempts); Thompson sampling with sharpened posteriors explores, within a share of the
    spend. Thread-safe.

    Attributes:
        prices: Prices of the models, looked up at the time of the choice: tokens are learnt, never dollars.
        evidence: What was seen; update it through :meth:`lock`.
        prior: What is believed before.
        exploration: How much is tried.
        floor_error: Accepted probability that any arm is certified wrongly.
        spend_usd, explored_usd: Spent, and spent on exploration, so far.
    """

    prices: PriceSheet
    evidence: Evidence = field(default_factory=Evidence)
    prior: Prior = field(default_factory=Prior)
    exploration: ExplorationRule = field(default_factory=ExplorationRule)
    floor_error: float = 0.05
    rng: np.random.Generator = field(default_factory=np.random.default_rng)
    spend_usd: float = 0.0
    explored_usd: float = 0.0
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def select(self, request: StepRequest, *, at: datetime | None = None) -> Selection:
        """Choose the backbone of a step.

        Args:
            request: The step, its candidates and the terms.
            at: Time of the choice, for prices; now when not given.

        Raises:
            NoEligibleBackboneError: If no candidate may or can do the step; says why for each.
            BudgetExceededError: If some can, and the budget reaches for none of them.
            UnknownModelError: If a candidate has no price.
        """
        with self.lock:
            return self._choose(self._weigh(request, at or datetime.now(UTC)))

    def count_explored(self, usd: float) -> None:
        """Add to what was spent on exploration."""
        # Held for a moment only: who chooses shall not wait for a database.
        with self.lock:
            self.explored_usd += usd

    def _weigh(self, request: StepRequest, at: datetime) -> Step:
        offered, features = request.offered, request.features
        known = beliefs(self.evidence, [one.name for one in offered], request.task_class, self.prior)
        rates = [self.prices.rates(one.model, at, service_tier=features.service_tier) for one in offered]
        costs, upper = expected_costs(offered, features, known, rates)
        unable = [ineligibility(one, features, self.prices.context_window) for one in offered]
        problems = [
            why or unaffordability(request.budget, float(cost_95))
            for why, cost_95 in zip(unable, upper, strict=True)
        ]
        eligible = np.flatnonzero([not problem for problem in problems])
        if not len(eligible):
            told = "; ".join(f"{one.name}: {why}" for one, why in zip(offered, problems, strict=True))
            if not all(unable):
                raise BudgetExceededError(f"the budget has too little left for any candidate. {told}")
            raise NoEligibleBackboneError(f"no candidate can do this step. {told}")
        return Step(request, known, costs, upper, problems, eligible)

    def _choose(self, step: Step) -> Selection:
        gate = self._gate(step)
        plan = Plan.of(step, self.prior.retry_ratio)
        means = step.known.retry if step.request.features.failed else step.known.pass_probability
        if plan.failure_usd is not None and plan.is_not_worth_it(means, gate.allowed):
            return _handed_over(step, means, plan.failure_usd)
        best = plan.best(means, gate.allowed)
        chances = self._chances(step, plan, means, plan.first(best))
        chosen = plan.first(best)
        if chances[chosen] < 1:
            chosen = int(self.rng.choice(len(chances), p=chances))
        return _selection(step, plan, gate, means, best, chosen, chances)

    def _gate(self, step: Step) -> "_Gate":
        """Which eligible candidates may be used without exploring."""
        request, floor = step.request, step.request.floor
        names = [one.name for one in request.offered]
        allowed = np.zeros(len(names), bool)
        allowed[step.eligible] = True
        if floor is None:
            return _Gate(None, allowed, is_certified=False)
        n_certificates = len(names) * max(1, len(self.evidence.classes))
        certified = np.array(
            [
                certify_looks(
                    self.evidence.looks(name, request.task_class),
                    floor,
                    error=self.floor_error,
                    n_candidates=n_certificates,
                )
                for name in names
            ]
        )
        if (allowed & certified).any():
            return _Gate(floor, allowed & certified, is_certified=True)
        if request.incumbent is not None and allowed[names.index(request.incumbent)]:
            safest = names.index(request.incumbent)
        else:
            safest = int(step.eligible[np.argmax(step.known.pass_probability[step.eligible])])
        return _Gate(floor, np.arange(len(names)) == safest, is_certified=False)

    def _chances(self, step: Step, plan: Plan, means: Counts, favourite: int) -> Counts:
        """Probability of each candidate: winners of posterior samples, within the spend on exploration."""
        rule, known, floor = self.exploration, step.known, step.request.floor
        chances = np.zeros(len(step.request.offered))
        chances[favourite] = 1.0
        if len(step.eligible) < 2 or step.request.features.failed:
            return chances
        # Thompson sampling (Chapelle and Li, NIPS 2011, with a sharpened posterior Beta(t a, t b)): an arm
        # is chosen with the share of draws that it wins, so the propensity is exact.
        shape = (rule.n_draws, len(chances))
        sampled = self.rng.beta(known.alpha * rule.temper, known.beta * rule.temper, shape)
        firsts = plan.best_firsts(sampled, means)
        if floor is not None:
            reached = np.take_along_axis(sampled, firsts[:, None], 1)[:, 0] >= floor
            firsts = np.where(reached, firsts, favourite)
        winners = np.bincount(firsts, minlength=len(chances)) / rule.n_draws
        extra = np.maximum(step.costs_usd - step.costs_usd[favourite], 0.0)
        affordable = self.explored_usd + extra <= rule.spend_share * self.spend_usd
        share = 1.0 if floor is None else rule.share_under_floor
        chances = np.where(affordable | (extra == 0), share * winners, 0.0)
        chances[favourite] = 0.0
        chances[favourite] = 1.0 - chances.sum()
        return chances


@dataclass(frozen=True, slots=True)
class _Gate:
    """Candidates that may be used, and why."""

    floor: float | None
    allowed: NDArray[np.bool_]
    is_certified: bool


def _handed_over(step: Step, means: Counts, failure_usd: float) -> Selection:
    request = step.request
    cheapest = int(step.eligible[np.argmin(step.costs_usd[step.eligible] / means[step.eligible])])
    index = step.costs_usd[cheapest] / means[cheapest]
    reason = (
        f"hand over to a human: even {request.offered[cheapest].name} would cost ${index:.4f} for each pass, "
        f"and a failure costs ${failure_usd:.4f}"
    )
    weighed = tuple(
        Weighed(one.name, "ineligible" if why else "eligible", float(c), float(p), float(c), why_not=why)
        for one, why, c, p in zip(request.offered, step.problems, step.costs_usd, means, strict=True)
    )
    return Selection(request.task_class, None, (), 0.0, 0.0, 0.0, 0.0, 1.0, False, 0.0, reason, weighed)


def _selection(
    step: Step, plan: Plan, gate: _Gate, means: Counts, best: int, chosen: int, chances: Counts
) -> Selection:
    favourite = plan.first(best)
    spend, passing, expected = plan.outlook(means)
    begins_with = np.flatnonzero(plan.lists[:, 0] == chosen)
    planned = best if chosen == favourite else int(begins_with[np.argmin(expected[begins_with])])
    extra = float(max(0.0, step.costs_usd[chosen] - step.costs_usd[favourite]))
    alone = step.costs_usd + (plan.failure_usd or 0.0) * (1 - means)
    weighed = tuple(
        Weighed(
            one.name,
            _verdict(i == chosen, step.problems[i], bool(gate.allowed[i])),
            float(step.costs_usd[i]),
            float(means[i]),
            float(alone[i]),
            float(chances[i]),
            step.problems[i],
        )
        for i, one in enumerate(step.request.offered)
    )
    cascade = tuple(step.request.offered[i].name for i in plan.lists[planned] if i >= 0)
    return Selection(
        task_class=step.request.task_class,
        candidate=step.request.offered[chosen],
        cascade=cascade,
        cost_usd=float(spend[planned]) / (1.0 + step.request.budget.dual_price),
        cost_95_usd=float(step.upper_usd[chosen]),
        pass_probability=float(passing[planned]),
        arm_pass_probability=float(means[chosen]),
        propensity=float(chances[chosen]),
        is_explored=chosen != favourite,
        exploration_usd=extra,
        reason=_reason(step, plan, gate, weighed, favourite, chosen, cascade),
        weighed=weighed,
        dual_price=step.request.budget.dual_price,
    )


def _verdict(is_chosen: bool, problem: str, is_allowed: bool) -> Verdict:
    if problem:
        return "ineligible"
    if is_chosen:
        return "chosen"
    return "eligible" if is_allowed else "not certified"


def _reason(
    step: Step,
    plan: Plan,
    gate: _Gate,
    weighed: Sequence[Weighed],
    favourite: int,
    chosen: int,
    cascade: tuple[str, ...],
) -> str:
    one = weighed[chosen]
    parts = [
        f"{one.arm} in class {step.request.task_class!r}: ${one.cost_usd:.6f} a call, passes "
        f"{one.pass_probability:.1%} ({step.known.n[chosen]:.0f} outcomes seen)"
    ]
    if plan.failure_usd is not None:
        parts.append(f"${one.expected_usd:.6f} with failures at ${plan.failure_usd:g}")
    if chosen != favourite:
        parts.append(f"explored, while {weighed[favourite].arm} is held to be best")
    elif gate.floor is not None:
        parts.append(
            f"{gate.allowed.sum()} certified at the floor of {gate.floor:.1%}"
            if gate.is_certified
            else f"none is certified at the floor of {gate.floor:.1%} yet, so the incumbent stays"
        )
    others = [other for i, other in enumerate(weighed) if other.verdict == "eligible" and i != favourite]
    if chosen == favourite and others:
        next_one = min(others, key=lambda other: other.expected_usd)
        parts.append(f"next is {next_one.arm} at ${next_one.expected_usd:.6f}")
    if len(cascade) > 1:
        parts.append(f"after a failed check {', then '.join(cascade[1:])}")
    return "; ".join(parts)
