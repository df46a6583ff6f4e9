"""The public list: priced as worked out by hand, at the date of the call."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from toolshed.economics.prices.pricing import PriceSheet
from toolshed.errors import UnknownModelError
from toolshed.metering.usage import Usage

SHEET = PriceSheet()

THOUSAND = Usage(input_tokens=1000, output_tokens=1000)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("model", "usage", "cost"),
    [
        # 1000 x $0.15/M + 500 x $0.60/M
        pytest.param("gpt-4o-mini", Usage(1000, 500), "0.000450000", id="plain"),
        pytest.param("gpt-4o-mini-2024-07-18", Usage(1000, 500), "0.000450000", id="dated-name"),
        pytest.param("gpt-4o-mini@v7", Usage(1000, 500), "0.000450000", id="our-version"),
        pytest.param("openai:gpt-4o-mini", Usage(1000, 500), "0.000450000", id="provider"),
        # 600 x .15 + 400 x .075
        pytest.param("gpt-4o-mini", Usage(1000, 0, cached_tokens=400), "0.000120000", id="cached"),
        # 700 x 3 + 200 x .3 + 100 x 3.75, + 100 x 15
        pytest.param(
            "claude-3-5-sonnet-20240620",
            Usage(1000, 100, cached_tokens=200, cache_write_tokens=100),
            "0.004035000",
            id="cache-write",
        ),
        pytest.param("text-embedding-3-small", Usage(7), "0.000000140", id="below-a-millionth"),
        pytest.param("o3", Usage(1000, 1000, reasoning_tokens=900), "0.010000000", id="reasoning-is-output"),
    ],
)
def test_list_prices_match_what_is_worked_out_by_hand(model: str, usage: Usage, cost: str) -> None:
    assert SHEET.price_call(model, usage, at("2026-01-01")).cost_usd == Decimal(cost)


def test_an_unknown_model_names_its_neighbours_and_is_never_free() -> None:
    with pytest.raises(UnknownModelError, match=r"'openai:gpt-4o-mini'.*PROVIDER:MODEL"):
        SHEET.price_call("gpt-4o-mnii", THOUSAND, at("2026-01-01"))
    with pytest.raises(UnknownModelError, match="price file"):
        SHEET.rates("qqqqqqqqqqqq", at("2026-01-01"))


def test_context_windows_come_from_the_list() -> None:
    assert SHEET.context_window("gpt-4o-mini") == 128_000
    assert SHEET.context_window("my-own-model") is None


@pytest.mark.parametrize(
    ("name", "input_mtok"),
    [
        pytest.param("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "3.3", id="bedrock-region"),
        pytest.param("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "3", id="bedrock-global"),
        pytest.param("bedrock/us-west-2/anthropic.claude-3-haiku-20240307-v1:0", "0.25", id="litellm-region"),
        pytest.param("arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0", "0.8", id="arn"),
        pytest.param("azure/gpt-4o", "2.5", id="azure"),
        pytest.param("azure:gpt-4o", "2.5", id="azure-colon"),
        pytest.param("openrouter/anthropic/claude-sonnet-4.5", "3", id="openrouter"),
        pytest.param("anthropic/claude-sonnet-4.5", "3", id="openrouter-slug"),
        pytest.param("ft:gpt-4o-mini-2024-07-18:acme::a1", "0.3", id="fine-tuned"),
        pytest.param("projects/p/locations/l/publishers/google/models/gemini-2.5-pro", "1.25", id="vertex"),
        pytest.param("claude-sonnet-4-5@20250929", "3", id="vertex-version"),
        pytest.param("xai/grok-4", "3", id="xai"),
        pytest.param("groq/llama-3.3-70b-versatile", "0.59", id="groq"),
        pytest.param("text-embedding-3-small", "0.02", id="bare"),
    ],
)
def test_models_are_known_by_the_names_that_clouds_give_them(name: str, input_mtok: str) -> None:
    price = SHEET.price_call(name, Usage(1000), at("2026-11-01"))
    assert price.cost_usd == Decimal(input_mtok) / 1000


@pytest.mark.parametrize(
    ("name", "usage", "told"),
    [
        pytest.param("whisper-1", Usage(1000, 1000), "hours of audio", id="transcription"),
        pytest.param("tts-1", Usage(1000, 1000), "characters", id="speech"),
        pytest.param("mistral-ocr-2512", Usage(1000), "pages", id="pages"),
        pytest.param("gpt-4o", Usage(audio_seconds=9), "seconds of audio", id="seconds-of-a-token-model"),
        pytest.param("text-embedding-3-small", Usage(5, 5), "tokens of a reply", id="replies-of-an-encoder"),
        pytest.param("google:gemma-3", Usage(5, 5), "leaves it empty", id="empty"),
        pytest.param(
            "ft:gpt-4.1-2025-04-14:acme::a1", Usage(5, 5), "PROVIDER:MODEL", id="unlisted-fine-tune"
        ),
        pytest.param("us.anthropic.claude-99-v1:0", Usage(5, 5), "PROVIDER:MODEL", id="unlisted-on-bedrock"),
    ],
)
def test_what_has_no_price_per_token_is_an_error_and_never_free(name: str, usage: Usage, told: str) -> None:
    with pytest.raises(UnknownModelError, match=told):
        SHEET.price_call(name, usage, at("2026-11-01"))
    if usage.input_tokens and "encoder" not in told and "reply" not in told:
        with pytest.raises(UnknownModelError, match=told):
            SHEET.rates(name, at("2026-11-01"))


def test_what_the_list_marks_as_free_is_free() -> None:
    assert (
        SHEET.price_call("openrouter:deepseek/deepseek-r1:free", Usage(5, 5), at("2026-11-01")).cost_usd == 0
    )


def test_a_rate_of_another_kind_is_marked() -> None:
    spoken = SHEET.price_call("gpt-4o", Usage(100, 10, input_audio_tokens=60), at("2026-11-01"))
    assert "input audio at the rate of text" in spoken.source
    tier = SHEET.price_call("o3-mini", Usage(100, 10, service_tier="priority"), at("2026-11-01"))
    assert "the list has none for 'priority'" in tier.source
    odd = SHEET.price_call("gpt-4o", Usage(100, 10, unexplained_tokens=4), at("2026-11-01"))
    assert "differs from its parts by 4" in odd.source


def test_rates_are_those_of_the_time_within_a_day_and_of_the_length_of_the_prompt() -> None:
    day, night = (SHEET.rates("deepseek-chat", at(f"2026-11-01T{hour}:00")) for hour in (12, 20))
    assert (day.input_usd, night.input_usd) == (pytest.approx(2.7e-7), pytest.approx(1.35e-7))
    long = SHEET.rates("gemini-2.5-pro", at("2026-11-01"))
    # 200,000 x 1.25 + 1,000 x 10, and one token more: 200,001 x 2.5 + 1,000 x 15
    assert long.expected_usd(200_000, 1000) == pytest.approx(0.26)
    assert long.expected_usd(200_001, 1000) == pytest.approx(0.5150025)
    assert SHEET.rates("gpt-5", at("2026-11-01"), service_tier="flex").output_usd == pytest.approx(5e-6)


def test_the_most_that_a_call_can_cost_counts_what_is_written_to_caches_and_spoken() -> None:
    sonnet = SHEET.rates("claude-sonnet-4-5", at("2026-11-01"))
    assert sonnet.most_usd(1000, 100) == pytest.approx((1000 * 3.75 + 100 * 15) / 1e6)
    assert sonnet.most_usd(1000, 100, for_an_hour=True) == pytest.approx((1000 * 6 + 100 * 15) / 1e6)
    audio = SHEET.rates("gpt-audio", at("2026-11-01"))
    expected = (400 * 2.5 + 600 * 32 + 100 * 64) / 1e6
    assert audio.most_usd(1000, 100, audio_tokens=600) == pytest.approx(expected)
