"""Off-policy estimates, against a policy whose value is known."""

import numpy as np
import pytest

from toolshed.economics.reporting.off_policy import LoggedChoice, estimate_value
from toolshed.errors import TooLittleEvidenceError

TRUTH = {("x", "a"): 0.9, ("x", "b"): 0.3, ("y", "a"): 0.4, ("y", "b"): 0.8}


def log(n: int, *, exploration: float = 0.1, seed: int = 0) -> list[LoggedChoice]:
    """A policy that prefers "a" everywhere."""
    rng = np.random.default_rng(seed)
    choices = []
    for _ in range(n):
        task_class = "xy"[rng.integers(2)]
        explored = rng.random() < exploration
        arm, propensity = ("b", exploration) if explored else ("a", 1 - exploration)
        reward = float(rng.random() < TRUTH[task_class, arm])
        choices.append(LoggedChoice(task_class, arm, propensity, reward))
    return choices


def best(task_class: str) -> dict[str, float]:
    return {"a": 1.0} if task_class == "x" else {"b": 1.0}


def test_both_estimates_are_near_the_truth() -> None:
    found = [estimate_value(log(3000, seed=seed), best) for seed in range(20)]
    for values in ([one.snips for one in found], [one.doubly_robust for one in found]):
        assert np.mean(values) == pytest.approx(0.85, abs=0.02)
    inside = sum(abs(one.doubly_robust - 0.85) < 2 * one.standard_error for one in found)
    assert inside >= 17


def test_the_policy_that_ran_has_its_own_mean() -> None:
    choices = log(500)
    found = estimate_value(choices, lambda _: {"a": 0.9, "b": 0.1})
    assert found.snips == pytest.approx(np.mean([one.reward for one in choices]))
    assert found.effective_n == pytest.approx(500)


def test_too_little_evidence_is_refused() -> None:
    with pytest.raises(TooLittleEvidenceError, match="100 are needed"):
        estimate_value(log(300, exploration=0.02), best)
    with pytest.raises(TooLittleEvidenceError):
        estimate_value([], best)
    with pytest.raises(TooLittleEvidenceError):
        estimate_value(log(1000), lambda _: {"never tried": 1.0})
