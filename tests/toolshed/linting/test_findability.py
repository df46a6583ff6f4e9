"""Each tool is asked for in its own words, and whoever takes its place is named."""

import pytest

from toolshed.linting.findability import findability_findings, requests_for
from toolshed.testing import make_tool

FORECAST = make_tool("get_forecast", "Get the weather forecast for a city. Warn of storms at sea.")


def test_requests_are_made_with_and_without_the_name() -> None:
    assert requests_for(FORECAST) == [
        "Get the weather forecast for a city",
        "the weather for a city",
        "Warn of storms at sea",
    ]


def test_a_silent_tool_is_asked_for_by_its_name() -> None:
    assert requests_for(make_tool("getForecast")) == ["get forecast"]
    assert requests_for(make_tool("的", "!!!")) is not None


@pytest.mark.parametrize(
    ("found", "rule", "said"),
    [
        (["test:get_forecast", "test:other"], None, ""),
        (["test:other", "test:get_forecast"], "outranked", "rank 2, 2, 2"),
        (["test:other"], "not-found", "test:other comes first"),
        ([], "not-found", "nothing comes first"),
    ],
    ids=["first", "second", "elsewhere", "nothing"],
)
def test_who_takes_the_place_is_named(found: list[str], rule: str | None, said: str) -> None:
    findings = list(findability_findings(FORECAST, requests_for(FORECAST), lambda _: found))
    assert [one.rule for one in findings] == ([rule] if rule else [])
    if findings:
        assert said in findings[0].message
        assert list(findings[0].others) == [one for one in found if one != FORECAST.tool_id]


def test_one_request_that_fails_of_three_is_no_finding() -> None:
    answers = iter([["test:other"], ["test:get_forecast"], ["test:get_forecast"]])
    assert not list(findability_findings(FORECAST, requests_for(FORECAST), lambda _: next(answers)))
