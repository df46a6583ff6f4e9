"""Usage: counts are checked, and read from what providers report."""

from typing import Any

import pytest

from toolshed.errors import InvalidRecordError
from toolshed.metering.usage import Usage, estimated_usage


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        pytest.param({"input_tokens": -1}, "0 or more", id="negative"),
        pytest.param({"output_tokens": 1.5}, "integer", id="fraction"),
        pytest.param({"input_tokens": True}, "integer", id="boolean"),
        pytest.param(
            {"input_tokens": 5, "cached_tokens": 4, "cache_write_tokens": 2}, "more than", id="parts"
        ),
        pytest.param({"output_tokens": 5, "reasoning_tokens": 6}, "hidden reasoning", id="reasoning"),
        pytest.param({"source": "guess"}, "unknown usage source", id="source"),
    ],
)
def test_impossible_counts_are_refused(counts: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRecordError, match=told):
        Usage(**counts)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        pytest.param({"cache_write_1h_tokens": 1}, "cache_write_1h_tokens", id="written-for-an-hour"),
        pytest.param(
            {"input_tokens": 5, "input_audio_tokens": 3, "input_image_tokens": 3}, "more than", id="media"
        ),
        pytest.param({"audio_seconds": float("inf")}, "audio_seconds", id="seconds"),
        pytest.param({"service_tier": "gold"}, "choose of batch, flex", id="tier"),
    ],
)
def test_impossible_details_are_refused(counts: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidRecordError, match=told):
        Usage(**counts)


def test_sums_keep_the_source_only_when_it_is_the_same() -> None:
    assert Usage(1, 2) + Usage(3, 4, cached_tokens=1) == Usage(4, 6, cached_tokens=1)
    assert (Usage(1) + estimated_usage("eight ch")).source == "estimate"
    assert estimated_usage("eight ch", "x") == Usage(2, 1, source="estimate")


def test_sums_of_two_tiers_are_estimates() -> None:
    flex = Usage(10, 2, service_tier="flex", web_searches=1)
    assert flex + flex == Usage(20, 4, service_tier="flex", web_searches=2)
    assert (flex + Usage(1)).source == "estimate"


def test_only_what_is_not_zero_is_shown() -> None:
    assert "audio" not in repr(Usage(3, 2))
    assert "input_audio_tokens=2" in repr(Usage(3, 2, input_audio_tokens=2))
