"""Selection: the least expected cost to resolution, and why."""

from decimal import Decimal

import numpy as np
import pytest

from tests.choices import CHEAP_AND_GOOD, SHEET, choose, prices, selector
from toolshed.economics.choosing.candidates import BudgetState, Candidate, StepFeatures
from toolshed.economics.choosing.selection import ExplorationRule
from toolshed.economics.learning.evidence import Judgement
from toolshed.economics.prices.price_file import PriceEntry, PriceFile
from toolshed.economics.prices.pricing import PriceSheet
from toolshed.errors import (
    BudgetExceededError,
    InvalidRecordError,
    NoEligibleBackboneError,
    UnknownModelError,
)


@pytest.mark.parametrize(
    ("failure_price", "chosen"),
    [
        # .001 + H x .2 against .01 + H x .05: equal at H = .06
        pytest.param(0.03, "small", id="failures-are-cheap"),
        pytest.param(0.30, "large", id="failures-are-dear"),
    ],
)
def test_the_failure_price_decides_between_small_and_large(failure_price: float, chosen: str) -> None:
    done = choose(selector(CHEAP_AND_GOOD, SHEET), "x", ["small", "large"], failure_usd=failure_price)
    assert done.model == chosen
    assert done.propensity > 0
    assert done.reason.startswith(chosen)
    assert done.cascade == (chosen,)
    assert {one.arm for one in done.weighed} == {"small", "large"}


def test_after_a_failure_conditional_rates_decide_and_the_failed_arm_is_out() -> None:
    chosen = selector(CHEAP_AND_GOOD, SHEET)
    after = StepFeatures(failed=("small",))
    done = choose(chosen, "x", ["small", "large"], after, failure_usd=0.5)
    assert done.model == "large"
    assert done.arm_pass_probability == pytest.approx(0.95 / 2, abs=0.01)
    for _ in range(100):
        chosen.evidence.judge(Judgement("large", "x", False, 0.5, failed_before=1))
    done = choose(chosen, "x", ["small", "large"], after, failure_usd=0.1)
    assert done.model is None
    assert "hand over to a human" in done.reason


def test_a_price_change_acts_at_once() -> None:
    chosen = selector(CHEAP_AND_GOOD, SHEET)
    chosen.prices = prices(small=1, large=1)
    assert choose(chosen, "x", ["small", "large"], failure_usd=0.03).model == "large"


def test_leaving_the_session_loses_the_prompt_cache() -> None:
    entries = {
        m: [PriceEntry(input_mtok=Decimal(1), output_mtok=Decimal(0), cache_read_mtok=Decimal("0.1"))]
        for m in ("a", "b")
    }
    chosen = selector({"a": (90, 10), "b": (91, 9)}, PriceSheet(PriceFile(models=entries)))
    long_session = StepFeatures(input_tokens=50_000, cached_tokens=49_000, cached_model="a")
    assert choose(chosen, "x", ["a", "b"], failure_usd=0.5).model == "b"
    assert choose(chosen, "x", ["a", "b"], long_session, failure_usd=0.5).model == "a"


@pytest.mark.parametrize(
    ("candidate", "features", "told"),
    [
        (Candidate("small", context_window=100), StepFeatures(input_tokens=200), "context window of 100"),
        (Candidate("small", supports_tools=False), StepFeatures(needs_tools=True), "cannot call tools"),
        (Candidate("small", regions=frozenset({"us"})), StepFeatures(region="eu"), "in 'eu'"),
        (Candidate("small", is_healthy=False), StepFeatures(), "does not answer"),
        (Candidate("small"), StepFeatures(failed=("small",)), "has failed"),
    ],
    ids=["window", "tools", "region", "health", "failed"],
)
def test_candidates_that_cannot_do_it_are_left_out_and_said_why(
    candidate: Candidate, features: StepFeatures, told: str
) -> None:
    chosen = selector(CHEAP_AND_GOOD, SHEET)
    done = choose(chosen, "x", [candidate, "large"], features, failure_usd=0.5)
    assert done.model == "large"
    assert told in next(one.why_not for one in done.weighed if one.arm == "small")
    with pytest.raises(NoEligibleBackboneError, match=told):
        choose(chosen, "x", [candidate], features, failure_usd=0.5)


def test_a_budget_leaves_out_what_might_cost_more() -> None:
    chosen = selector(CHEAP_AND_GOOD, SHEET)
    left = BudgetState(remaining_usd=Decimal("0.005"))
    assert choose(chosen, "x", ["small", "large"], failure_usd=0.5, budget=left).model == "small"
    with pytest.raises(BudgetExceededError, match="are left"):
        choose(chosen, "x", ["large"], failure_usd=0.5, budget=left)


def test_a_dual_price_makes_dollars_dearer() -> None:
    chosen = selector(CHEAP_AND_GOOD, SHEET)
    assert choose(chosen, "x", ["small", "large"], failure_usd=0.1).model == "large"
    pressed = BudgetState(dual_price=3.0)
    assert choose(chosen, "x", ["small", "large"], failure_usd=0.1, budget=pressed).model == "small"


def test_under_a_floor_the_incumbent_stays_until_another_is_certified() -> None:
    chosen = selector({"small": (80, 20), "large": (0, 0)}, SHEET)
    floor_only = {"floor": 0.85, "incumbent": "large"}
    done = choose(chosen, "x", ["small", "large"], **floor_only)
    assert done.model == "large"
    assert "none is certified" in done.reason
    for _ in range(400):
        chosen.evidence.judge(Judgement("small", "x", True, 0.0))
    done = choose(chosen, "x", ["small", "large"], **floor_only)
    assert done.model == "small"
    assert "1 certified" in done.reason


def test_exploration_is_paid_from_a_share_of_the_spend() -> None:
    seen = {"small": (8, 2), "large": (0, 0)}
    rule = ExplorationRule(temper=1.0, spend_share=0.1)
    thrifty = selector(seen, SHEET, exploration=rule, spend_usd=0.0)
    tried = [choose(thrifty, "x", ["small", "large"], failure_usd=0.1) for _ in range(50)]
    assert not any(one.is_explored for one in tried)
    rich = selector(seen, SHEET, exploration=rule, spend_usd=100.0)
    tried = [choose(rich, "x", ["small", "large"], failure_usd=0.1) for _ in range(200)]
    explored = [one for one in tried if one.is_explored]
    assert explored
    assert all(one.exploration_usd > 0 and "explored" in one.reason for one in explored)
    mean = np.mean([one.propensity for one in explored])
    assert len(explored) / 200 == pytest.approx(mean, abs=0.1), "propensities are what happens"


def test_no_candidates_twins_and_unknown_models_are_errors() -> None:
    chosen = selector({}, SHEET)
    with pytest.raises(NoEligibleBackboneError, match="at least one"):
        choose(chosen, "x", [], failure_usd=1)
    with pytest.raises(InvalidRecordError, match="twice"):
        choose(chosen, "x", ["small", "small"], failure_usd=1)
    with pytest.raises(UnknownModelError):
        choose(chosen, "x", ["no-such-model-anywhere"], failure_usd=1)
