"""Totals: the provider's is right, and what it has beyond its parts finds its place."""

import pytest

from toolshed.metering.totals import reconciled, service_tier
from toolshed.metering.usage import Usage


def counts(into: int, out: int, cached: int = 0, reasoning: int = 0) -> dict[str, int]:
    return {
        "input_tokens": into,
        "output_tokens": out,
        "cached_tokens": cached,
        "reasoning_tokens": reasoning,
    }


@pytest.mark.parametrize(
    ("given", "total", "usage"),
    [
        pytest.param(counts(30, 7), 37, Usage(30, 7), id="adds-up"),
        pytest.param(counts(30, 7), None, Usage(30, 7), id="no-total"),
        pytest.param(counts(30, 7), 0, Usage(30, 7), id="a-total-of-zero-says-nothing"),
        pytest.param(
            counts(30, 7, reasoning=900), 937, Usage(30, 907, reasoning_tokens=900), id="reasoning-beside"
        ),
        pytest.param(counts(30, 7, reasoning=5), 37, Usage(30, 7, reasoning_tokens=5), id="reasoning-inside"),
        pytest.param(counts(30, 12, reasoning=5), 37, Usage(30, 7, reasoning_tokens=5), id="reasoning-twice"),
        pytest.param(counts(30, 7, cached=600), 637, Usage(630, 7, cached_tokens=600), id="cache-beside"),
        pytest.param(
            counts(630, 7, cached=600), 37, Usage(630, 7, cached_tokens=600), id="cache-left-out-of-the-total"
        ),
        pytest.param(
            counts(30, 7, cached=600, reasoning=9),
            646,
            Usage(630, 16, cached_tokens=600, reasoning_tokens=9),
            id="both-beside",
        ),
        pytest.param(counts(30, 7), 50, Usage(30, 20, unexplained_tokens=13), id="more-is-output-and-marked"),
        pytest.param(counts(30, 7), 33, Usage(30, 3, unexplained_tokens=-4), id="less-is-taken-and-marked"),
        pytest.param(counts(30, 7), 4, Usage(30, 7, unexplained_tokens=-33), id="less-than-the-prompt"),
        pytest.param(
            counts(30, 7, cached=99), None, Usage(129, 7, cached_tokens=99), id="part-over-its-whole"
        ),
        pytest.param(counts(30, 7, cached=99), 37, Usage(30, 7, cached_tokens=30), id="the-total-stands"),
        pytest.param(
            counts(30, 7, reasoning=50),
            None,
            Usage(30, 57, reasoning_tokens=50),
            id="reasoning-over-its-whole",
        ),
    ],
)
def test_the_providers_total_is_right(given: dict[str, int], total: int | None, usage: Usage) -> None:
    assert reconciled(given, total) == usage


def test_impossible_parts_are_no_larger_than_their_wholes() -> None:
    usage = reconciled(
        {"input_tokens": 10, "input_audio_tokens": 8, "input_image_tokens": 8, "cached_audio_tokens": 9}, 10
    )
    assert (usage.input_audio_tokens, usage.input_image_tokens, usage.cached_audio_tokens) == (8, 2, 0)


@pytest.mark.parametrize(
    ("named", "tier"),
    [("default", ""), (None, ""), ("ON_DEMAND_FLEX", "flex"), ("Priority", "priority"), ("batch", "batch")],
)
def test_tiers_have_one_name(named: str | None, tier: str) -> None:
    assert service_tier(named) == tier
