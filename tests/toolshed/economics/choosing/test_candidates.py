"""Candidates and features of a step: what is refused, and why one cannot do it."""

from decimal import Decimal

import pytest

from toolshed.economics.choosing.candidates import (
    BudgetState,
    Candidate,
    StepFeatures,
    expected_costs,
    ineligibility,
    unaffordability,
)
from toolshed.economics.learning.evidence import Evidence
from toolshed.economics.learning.posteriors import Prior, beliefs
from toolshed.economics.prices.rates import Rates
from toolshed.errors import InvalidRecordError


def test_negative_features_are_refused() -> None:
    for name in ("input_tokens", "max_output_tokens", "cached_tokens", "check_usd"):
        with pytest.raises(InvalidRecordError, match=name):
            StepFeatures(**{name: -1})  # type: ignore[arg-type]  # what is tested


def test_an_attempt_costs_its_tokens_its_fee_and_what_the_cache_does_not_save() -> None:
    offered = [Candidate("a", extra_input_tokens=50), Candidate("b")]
    known = beliefs(Evidence(), ["a", "b"], "x", Prior())
    features = StepFeatures(input_tokens=1000, max_output_tokens=10, cached_tokens=400, cached_model="a")
    rates = [Rates(2.0, 3.0, 0.5, 7.0), Rates(1.0, 1.0, 1.0)]
    costs, upper = expected_costs(offered, features, known, rates)
    # 1,050 x 2 + 10 x 3 - 400 x 1.5 + 7, and 1,000 x 1 + 10 x 1
    assert costs.tolist() == [2100 + 30 - 600 + 7, 1010]
    # A cache may have been emptied.
    assert upper.tolist() == [2100 + 30 + 7, 1010]


def test_long_prompts_are_planned_at_their_tier_and_audio_at_its_rate() -> None:
    offered = [Candidate("a"), Candidate("b")]
    known = beliefs(Evidence(), ["a", "b"], "x", Prior())
    tiered = Rates(1.0, 1.0, 1.0, tiers=((1000, Rates(3.0, 2.0, 1.0, written_usd=4.0)),))
    features = StepFeatures(input_tokens=1001, max_output_tokens=10, input_audio_tokens=1)
    costs, upper = expected_costs(offered, features, known, [tiered, Rates(2.0, 1.0, 2.0, audio_usd=9.0)])
    assert costs.tolist() == [3003 + 20, 2002 + 10 + 7]
    assert upper.tolist() == [4004 + 20, 2002 + 10 + 7]
    with pytest.raises(InvalidRecordError, match="choose of batch"):
        StepFeatures(service_tier="cheap")  # type: ignore[arg-type]  # what is tested


def test_what_fits_no_budget_says_what_is_left() -> None:
    assert unaffordability(BudgetState(Decimal("0.5")), 0.4) == ""
    assert "$0.500000 are left" in unaffordability(BudgetState(Decimal("0.5")), 0.6)
    assert unaffordability(BudgetState(), 1e9) == ""


def test_a_candidate_is_able_until_something_speaks_against_it() -> None:
    features = StepFeatures(input_tokens=900, max_output_tokens=200)
    assert ineligibility(Candidate("a"), features, lambda model: None) == ""
    assert ineligibility(Candidate("a"), features, lambda model: 1100) == ""
    assert "1,000 tokens is too small for 1,100" in ineligibility(
        Candidate("a"), features, lambda model: 1000
    )
