"""Requests that nothing can be chosen for are refused when they are made."""

import pytest

from tests.choices import SHEET, choose, selector
from toolshed.economics.choosing.candidates import Candidate
from toolshed.economics.choosing.step_request import StepRequest
from toolshed.errors import (
    CandidateConflictError,
    InvalidRecordError,
    NoEligibleBackboneError,
    UnknownModelError,
)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param({}, "failure_price", id="neither"),
        pytest.param({"floor": 1.5}, "between 0 and 1", id="floor"),
        pytest.param({"failure_usd": -1}, "0 or more", id="negative"),
        pytest.param({"failure_usd": float("nan")}, "0 or more", id="nan"),
    ],
)
def test_impossible_requests_are_refused(arguments: dict[str, float], told: str) -> None:
    with pytest.raises(InvalidRecordError, match=told):
        choose(selector({}, SHEET), "x", ["small"], **arguments)


def test_an_incumbent_that_is_no_candidate_is_unknown() -> None:
    with pytest.raises(UnknownModelError, match="not among"):
        StepRequest("x", ["small"], failure_usd=1, incumbent="other")


def test_names_are_candidates_and_twins_and_none_are_refused() -> None:
    asked = StepRequest("x", ["small", Candidate("large", arm="large@2")], failure_usd=1)
    assert [one.name for one in asked.offered] == ["small", "large@2"]
    with pytest.raises(CandidateConflictError, match="named twice"):
        StepRequest("x", ["small", Candidate("large", arm="small")], failure_usd=1)
    with pytest.raises(NoEligibleBackboneError, match="at least one"):
        StepRequest("x", [], failure_usd=1)
