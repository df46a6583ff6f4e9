"""What another policy would have passed, estimated from our own log by its propensities."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from toolshed.errors import TooLittleEvidenceError

_CLIP = 20.0
MIN_EFFECTIVE = 100.0


@dataclass(frozen=True, slots=True)
class LoggedChoice:
    """A judged first attempt, as it was logged.

    Attributes:
        task_class: Class of its task.
        arm: What was chosen.
        propensity: With which probability.
        reward: What came of it: 1 for a pass, or minus the dollars it cost.
    """

    task_class: str
    arm: str
    propensity: float
    reward: float


@dataclass(frozen=True, slots=True)
class OffPolicyEstimate:
    """The value of a policy that did not run.

    Attributes:
        snips: Self-normalised inverse propensity estimate.
        doubly_robust: Estimate of a reward model, corrected by weighted residuals.
        standard_error: Of the doubly robust estimate.
        effective_n: Effective sample size, ``(sum w)^2 / sum w^2``.
        n: Logged choices.
    """

    snips: float
    doubly_robust: float
    standard_error: float
    effective_n: float
    n: int


def estimate_value(
    log: Sequence[LoggedChoice], policy: Callable[[str], Mapping[str, float]]
) -> OffPolicyEstimate:
    """Estimate the mean reward of a policy (Swaminathan and Joachims 2015; Dudik et al. 2011).

    Args:
        log: Choices of the policy that ran, with their propensities.
        policy: Probability of each arm for a task class.

    Raises:
        TooLittleEvidenceError: If the effective sample size is below 100: the log says too little of it.
    """
    # w = min(20, pi(a) / propensity): clipped, for one rare choice must not decide.
    # SNIPS = sum of w r / sum of w;  DR = mean of [sum over a of pi(a) m(a) + w (r - m(a taken))].
    chances = {name: policy(name) for name in {one.task_class for one in log}}
    weights = np.array(
        [min(_CLIP, chances[o.task_class].get(o.arm, 0.0) / o.propensity) for o in log], dtype=float
    )
    effective = float(weights.sum() ** 2 / max((weights**2).sum(), 1e-12)) if len(log) else 0.0
    if effective < MIN_EFFECTIVE:
        raise TooLittleEvidenceError(
            f"the log has an effective size of {effective:.0f} for this policy, and {MIN_EFFECTIVE:.0f} are "
            "needed; let exploration run on, or ask about a policy closer to the one that ran"
        )
    rewards = np.array([one.reward for one in log])
    model = _RewardModel(log)
    direct = np.array(
        [sum(p * model.reward(o.task_class, arm) for arm, p in chances[o.task_class].items()) for o in log]
    )
    residual = rewards - np.array([model.reward(o.task_class, o.arm) for o in log])
    robust = direct + weights * residual
    return OffPolicyEstimate(
        float((weights * rewards).sum() / weights.sum()),
        float(robust.mean()),
        float(robust.std(ddof=1) / np.sqrt(len(log))),
        effective,
        len(log),
    )


class _RewardModel:
    """Mean reward by class and arm, shrunk to that of the arm and of all."""

    def __init__(self, log: Sequence[LoggedChoice]) -> None:
        self._overall = float(np.mean([one.reward for one in log]))
        self._sums: dict[tuple[str, str], tuple[float, int]] = {}
        for one in log:
            for key in ((one.task_class, one.arm), ("", one.arm)):
                total, n = self._sums.get(key, (0.0, 0))
                self._sums[key] = (total + one.reward, n + 1)

    def reward(self, task_class: str, arm: str) -> float:
        total, n = self._sums.get(("", arm), (0.0, 0))
        of_arm = (total + 8 * self._overall) / (n + 8)
        total, n = self._sums.get((task_class, arm), (0.0, 0))
        return (total + 8 * of_arm) / (n + 8)
