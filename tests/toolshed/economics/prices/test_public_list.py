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
    with pytest.raises(UnknownModelError, match="'gpt-4o-mini'"):
        SHEET.price_call("gpt-4o-mnii", THOUSAND, at("2026-01-01"))
    with pytest.raises(UnknownModelError, match="price file"):
        SHEET.rates("qqqqqqqqqqqq", at("2026-01-01"))


def test_context_windows_come_from_the_list() -> None:
    assert SHEET.context_window("gpt-4o-mini") == 128_000
    assert SHEET.context_window("my-own-model") is None
