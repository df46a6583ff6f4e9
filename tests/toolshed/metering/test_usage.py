"""Usage: counts are checked, and read from what providers report."""

from typing import Any

import pytest

from toolshed.errors import InvalidRecordError
from toolshed.metering.usage import Usage, estimated_usage, usage_from_langchain, usage_from_openai


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
    ("reported", "usage"),
    [
        pytest.param(
            {
                "prompt_tokens": 9,
                "completion_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 4},
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            Usage(9, 5, cached_tokens=4, reasoning_tokens=3),
            id="chat",
        ),
        pytest.param(
            {"input_tokens": 9, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 4}},
            Usage(9, 5, cached_tokens=4),
            id="responses",
        ),
        pytest.param({"prompt_tokens": 9, "total_tokens": 9}, Usage(9), id="embeddings"),
        pytest.param(
            {"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": None},
            Usage(9, 5),
            id="null",
        ),
        pytest.param(None, None, id="nothing"),
        pytest.param({"total_tokens": 3}, None, id="unusable"),
    ],
)
def test_usage_of_openai_compatible_replies(reported: dict[str, Any] | None, usage: Usage | None) -> None:
    assert usage_from_openai(reported) == usage


def test_usage_of_langchain_messages() -> None:
    reported = {
        "input_tokens": 9,
        "output_tokens": 5,
        "total_tokens": 14,
        "input_token_details": {"cache_read": 4, "cache_creation": 2},
        "output_token_details": {"reasoning": 3},
    }
    expected = Usage(9, 5, cached_tokens=4, cache_write_tokens=2, reasoning_tokens=3)
    assert usage_from_langchain(reported) == expected
    assert usage_from_langchain({"input_tokens": 0, "output_tokens": 0}) is None


def test_sums_keep_the_source_only_when_it_is_the_same() -> None:
    assert Usage(1, 2) + Usage(3, 4, cached_tokens=1) == Usage(4, 6, cached_tokens=1)
    assert (Usage(1) + estimated_usage("eight ch")).source == "estimate"
    assert estimated_usage("eight ch", "x") == Usage(2, 1, source="estimate")
