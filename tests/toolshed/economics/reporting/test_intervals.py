"""Intervals: of a mean over runs, and of cost-of-pass."""

import math

import numpy as np
import pytest

from toolshed.economics.reporting.cost_of_pass import Trial, cost_of_pass
from toolshed.economics.reporting.intervals import mean_interval


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(100):
        trials = [Trial("m", float(rng.exponential()), bool(rng.random() < 0.5)) for _ in range(150)]
        row = cost_of_pass(trials, "m", resamples=300)
        covered += row.low <= 2.0 <= row.high
    assert covered >= 86


def test_means_of_runs_have_students_intervals() -> None:
    found = mean_interval([1.0, 2.0, 3.0])
    # t(.975, 2) = 4.303; standard error 1 / sqrt(3)
    assert (found.value, found.half_width) == (2.0, pytest.approx(4.303 / 3**0.5, rel=1e-3))
    assert math.isinf(mean_interval([1.0]).half_width)
