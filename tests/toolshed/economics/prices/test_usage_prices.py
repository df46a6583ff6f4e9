"""Usage objects as clients send them, priced to the billionth of a dollar as worked out by hand."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from anthropic.types import Usage as AnthropicUsage
from anthropic.types.beta import BetaUsage as AnthropicBetaUsage
from google.genai.types import GenerateContentResponseUsageMetadata as GoogleUsage
from openai.types import CompletionUsage
from openai.types.audio.transcription import UsageDuration as TranscriptionSeconds
from openai.types.audio.transcription import UsageTokens as TranscriptionTokens
from openai.types.create_embedding_response import Usage as EmbeddingUsage
from openai.types.images_response import Usage as ImageUsage
from openai.types.realtime import RealtimeResponseUsage as RealtimeUsage
from openai.types.responses import ResponseUsage

from toolshed.economics.prices.pricing import PriceSheet
from toolshed.metering.provider_usage import usage_from_provider

# Any: types of clients, and what their usage holds.
TYPES: dict[str, Any] = {
    "AnthropicBetaUsage": AnthropicBetaUsage,
    "AnthropicUsage": AnthropicUsage,
    "CompletionUsage": CompletionUsage,
    "EmbeddingUsage": EmbeddingUsage,
    "GoogleUsage": GoogleUsage,
    "ImageUsage": ImageUsage,
    "RealtimeUsage": RealtimeUsage,
    "ResponseUsage": ResponseUsage,
    "TranscriptionSeconds": TranscriptionSeconds,
    "TranscriptionTokens": TranscriptionTokens,
}
CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "usage_prices.yaml").read_text("utf-8"))
SHEET = PriceSheet()


@pytest.mark.parametrize("case", [pytest.param(one, id=one["case"]) for one in CASES])
@pytest.mark.parametrize("as_dict", [False, True], ids=["type", "dict"])
def test_a_usage_costs_what_is_worked_out_by_hand(case: dict[str, Any], as_dict: bool) -> None:
    reported = case["reported"]
    if case["type"] != "dict" and not as_dict:
        reported = TYPES[case["type"]].model_validate(reported)
    usage = usage_from_provider(reported)
    assert usage is not None
    priced = SHEET.price_call(case["model"], usage, datetime.fromisoformat(case["at"]).replace(tzinfo=UTC))
    assert priced.cost_usd == Decimal(case["dollars"]), f"{usage}: {case['working']}, {case['published']}"
    assert "rate" not in priced.source, "nothing was priced at another rate than its own"


def test_the_table_is_large_and_no_case_stands_twice() -> None:
    assert len(CASES) >= 40
    assert Counter(one["case"] for one in CASES).most_common(1)[0][1] == 1
