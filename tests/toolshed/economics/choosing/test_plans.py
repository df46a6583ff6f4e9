"""Plans: lists of arms tried in turn, no longer than allowed."""

from decimal import Decimal

import numpy as np
import pytest

from tests.choices import CHEAP_AND_GOOD, SHEET, choose, prices, selector
from toolshed.economics.choosing.candidates import StepFeatures
from toolshed.economics.choosing.plans import Plan


def test_a_check_makes_a_cascade_cheaper_than_any_single_model() -> None:
    features = StepFeatures(check_usd=Decimal(0))
    done = choose(selector(CHEAP_AND_GOOD, SHEET), "x", ["large", "small"], features, failure_usd=0.08)
    assert done.cascade == ("small", "large")
    # The second attempt is reached by the fifth that fails, and passes about half as often then.
    assert done.pass_probability == pytest.approx(0.8 + 0.2 * 0.95 / 2, abs=0.01)
    assert done.cost_usd == pytest.approx(0.001 + 0.2 * 0.01, rel=0.1)


def test_cascades_are_no_longer_than_allowed() -> None:
    seen = {"small": (50, 50), "large": (70, 30), "huge": (95, 5)}
    chosen = selector(seen, prices(small=1, large=3, huge=9))
    lengths = {
        limit: len(
            choose(
                chosen,
                "x",
                ["small", "large", "huge"],
                StepFeatures(check_usd=Decimal(0), max_attempts=limit),
                failure_usd=0.5,
            ).cascade
        )
        for limit in (1, 2, 3)
    }
    assert lengths == {1: 1, 2: 2, 3: 3}


def test_lists_cost_what_is_worked_out_by_hand() -> None:
    plan = Plan(
        lists=np.array([[0, 1, 2], [1, -1, -1]]),
        costs_usd=np.array([1.0, 2.0, 4.0]),
        failure_usd=10.0,
        retry_share=np.array([1.0, 0.5, 0.5]),
        further_share=0.5,
    )
    spend, passing, expected = plan.outlook(np.array([0.5, 0.8, 0.8]))
    # .5, then .8 x .5 = .4, then .8 x .5 x .5 = .2
    left = 0.5 * 0.6 * 0.8
    assert spend.tolist() == pytest.approx([1 + 0.5 * 2 + 0.5 * 0.6 * 4, 2])
    assert passing.tolist() == pytest.approx([1 - left, 0.8])
    assert expected.tolist() == pytest.approx([3.2 + 10 * left, 2 + 10 * 0.2])
    assert plan.best(np.array([0.5, 0.8, 0.8]), np.array([True, True, True])) == 1
    assert plan.best(np.array([0.5, 0.8, 0.8]), np.array([True, False, True])) == 0, "no list may do"


def test_no_attempt_is_worth_more_than_the_failure_it_prevents() -> None:
    plan = Plan(np.array([[0]]), np.array([3.0]), 10.0, np.array([1.0]), 1.0)
    able = np.array([True])
    assert plan.is_not_worth_it(np.array([0.3]), able)
    assert not plan.is_not_worth_it(np.array([0.31]), able)
