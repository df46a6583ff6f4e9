"""Cost-of-pass, the frontier and conditional rates, against values worked out by hand."""

import math

import numpy as np
import pytest

from toolshed.economics.reporting.cost_of_pass import (
    Trial,
    by_group,
    conditional_pass_rates,
    cost_of_pass,
    frontier,
    frontier_of_trials,
)
from toolshed.errors import TooLittleEvidenceError


def test_it_is_mean_cost_over_pass_rate_with_failures_paid() -> None:
    row = cost_of_pass([Trial("m", 1.0, True), Trial("m", 3.0, False), Trial("m", 2.0, True)], "m")
    assert row.mean_cost_usd == pytest.approx(2.0)
    assert row.pass_rate == pytest.approx(2 / 3)
    assert row.cost_of_pass_usd == pytest.approx(3.0)
    assert (row.fail_cost_usd, row.pass_cost_usd) == (pytest.approx(3.0), pytest.approx(1.5))
    assert math.isnan(row.low), "three outcomes say nothing of how sure this is"


def test_it_is_infinite_when_nothing_passed_and_unknown_when_nothing_is_judged() -> None:
    row = cost_of_pass([Trial("m", 1.0, False)] * 3, "m")
    assert math.isinf(row.cost_of_pass_usd)
    row = cost_of_pass([Trial("m", 1.0, None)] * 3, "m")
    assert math.isnan(row.cost_of_pass_usd)
    assert (row.n_unknown, row.unknown_usd, row.spend_usd) == (3, 3.0, 3.0)


def test_unknown_outcomes_are_neither_passes_nor_failures() -> None:
    row = cost_of_pass([Trial("m", 1.0, True), Trial("m", 5.0, None)], "m")
    assert (row.cost_of_pass_usd, row.spend_usd, row.unknown_usd) == (1.0, 6.0, 5.0)


def test_groups_come_cheapest_pass_first_and_the_unjudged_last() -> None:
    trials = [
        Trial("dear", 9, True),
        Trial("cheap", 1, True),
        Trial("never", 1, False),
        Trial("new", 1, None),
    ]
    assert [row.group for row in by_group(trials)] == ["cheap", "dear", "never", "new"]


# Two problems, two models: costs over pass rates are 2, inf and 4, 10.
COSTS = np.array([[1.0, 3.0], [2.0, 5.0]])

RATES = np.array([[0.5, 0.0], [0.5, 0.5]])


def test_the_frontier_takes_the_minimum_per_problem_and_then_the_mean() -> None:
    found = frontier(COSTS, RATES, ["a", "b"])
    assert found.usd == pytest.approx((2 + 4) / 2)
    assert found.value_of["b"] == 0
    assert math.isinf(found.value_of["a"]), "the first problem would never be passed"


def test_a_human_bounds_the_frontier() -> None:
    found = frontier(COSTS, RATES, ["a", "b"], human_usd=3.0)
    assert found.usd == pytest.approx((2 + 3) / 2)
    assert found.value_of["a"] == pytest.approx((3 + 3) / 2 - 2.5)
    assert math.isinf(frontier(COSTS, np.zeros((2, 2)), ["a", "b"]).usd)


def test_the_frontier_of_trials_averages_attempts_at_a_problem() -> None:
    trials = [
        Trial("a", 1.0, True, "p"),
        Trial("a", 1.0, False, "p"),
        Trial("b", 5.0, True, "p"),
        Trial("b", 4.0, True, "q"),
        Trial("a", 9.0, None, "q"),
    ]
    assert frontier_of_trials(trials).usd == pytest.approx((2 + 4) / 2)
    with pytest.raises(TooLittleEvidenceError):
        frontier_of_trials([Trial("a", 9.0, None, "q")])


def test_conditional_rates_are_over_what_the_other_failed() -> None:
    passed = np.array([[1, 1], [0, 1], [0, 0], [0, 0]], float)
    rates = {(one.model, one.after_failure_of): one for one in conditional_pass_rates(passed, ["a", "b"])}
    then = rates["b", "a"]
    assert (then.pass_rate, then.conditional, then.n) == (0.5, pytest.approx(1 / 3), 3)
    assert rates["a", "b"].conditional == 0
