"""Intervals: of a mean over runs, and of cost-of-pass."""

import math

import numpy as np
import pytest

from toolshed.economics.reporting.cost_of_pass import Trial, cost_of_pass
from toolshed.economics.reporting.intervals import cost_of_pass_interval, mean_interval


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(100):
        trials = [Trial("m", float(rng.exponential()), bool(rng.random() < 0.5)) for _ in range(150)]
        row = cost_of_pass(trials, "m", resamples=300)
        covered += row.low <= 2.0 <= row.high
    assert covered >= 86


def test_many_tasks_have_fiellers_interval_that_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        costs, passed = rng.exponential(size=600), (rng.random(600) < 0.5).astype(float)
        low, high = cost_of_pass_interval(costs, passed)
        covered += low <= 2.0 <= high
    assert 180 <= covered <= 200
    rare = np.zeros(1000)
    rare[:5] = 1
    low, high = cost_of_pass_interval(np.ones(1000), rare)
    assert low < 200 < high


@pytest.mark.parametrize(("n", "n_passed"), [(19, 19), (500, 4), (0, 0)])
def test_too_few_outcomes_have_no_interval(n: int, n_passed: int) -> None:
    passed = np.array([1.0] * n_passed + [0.0] * (n - n_passed))
    assert all(math.isnan(end) for end in cost_of_pass_interval(np.ones(n), passed))


def test_means_of_runs_have_students_intervals() -> None:
    found = mean_interval([1.0, 2.0, 3.0])
    # t(.975, 2) = 4.303; standard error 1 / sqrt(3)
    assert (found.value, found.half_width) == (2.0, pytest.approx(4.303 / 3**0.5, rel=1e-3))
    assert math.isinf(mean_interval([1.0]).half_width)
