"""Prices: dated list prices, price files, self-hosted models."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from toolshed.economics.prices.price_file import PriceFile
from toolshed.economics.prices.pricing import PriceSheet
from toolshed.economics.prices.rates import Runtime
from toolshed.errors import InvalidRecordError
from toolshed.metering.usage import Usage

SHEET = PriceSheet()

THOUSAND = Usage(input_tokens=1000, output_tokens=1000)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_call_is_priced_at_its_date() -> None:
    before = SHEET.price_call("o3", THOUSAND, at("2025-06-09T23:59:59"))
    after = SHEET.price_call("o3", THOUSAND, at("2025-06-10T00:00:00"))
    assert (before.cost_usd, after.cost_usd) == (Decimal("0.05"), Decimal("0.01"))
    assert after.effective_from == at("2025-06-10")
    assert after.source.startswith("genai-prices ")
    assert SHEET.rates("o3", at("2025-06-09")).input_usd == pytest.approx(1e-5)
    assert SHEET.rates("o3", at("2025-06-10")).expected_usd(1000, 1000, 500) == pytest.approx(0.00925)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(InvalidRecordError, match="time zone"):
        SHEET.price_call("o3", THOUSAND, datetime(2026, 1, 1))


def sheet(text: str, folder: Path) -> PriceSheet:
    path = folder / "prices.yaml"
    path.write_text(text, encoding="utf-8")
    return PriceSheet.from_file(path)


def test_a_price_file_goes_before_the_list_and_has_dates_of_its_own(tmp_path: Path) -> None:
    own = sheet(
        """
        currency: EUR
        usd_per_unit: 1.10
        models:
          gpt-4o-mini:
            - {effective_from: 2026-02-01, input_mtok: 0.10, output_mtok: 0.50, request_fee: 0.001}
            - {effective_from: 2026-03-01, input_mtok: 0.20, output_mtok: 0.40, cache_read_mtok: 0.02,
               cache_write_mtok: 0.30, reasoning_mtok: 1.00}
        """,
        tmp_path,
    )
    listed = own.price_call("gpt-4o-mini", THOUSAND, at("2026-01-31"))
    assert (listed.cost_usd, listed.source[:6]) == (Decimal("0.00075"), "genai-")
    first = own.price_call("gpt-4o-mini", THOUSAND, at("2026-02-01"))
    # (1000 x .10/M + 1000 x .50/M + .001) EUR x 1.10
    assert (first.cost_usd, first.source) == (Decimal("0.001760000"), "prices.yaml")
    parts = Usage(1000, 1000, cached_tokens=300, cache_write_tokens=200, reasoning_tokens=400)
    # (500 x .20 + 300 x .02 + 200 x .30 + 600 x .40 + 400 x 1.00) / M x 1.10
    assert own.price_call("gpt-4o-mini", parts, at("2026-03-05")).cost_usd == Decimal("0.000886600")
    assert own.rates("gpt-4o-mini", at("2026-03-05")).cached_usd == pytest.approx(2.2e-8)


def test_a_self_hosted_model_costs_the_time_of_its_accelerators(tmp_path: Path) -> None:
    own = sheet("models: {llama: [{accelerators: 4, accelerator_hour: 1.80}]}", tmp_path)
    fitted = own.with_runtimes({"llama": Runtime(0.1, 0.0001, 0.02)})
    # .1 + 1000 x .0001 + 1000 x .02 = 20.2 s on 4 accelerators at $1.80 an hour
    priced = fitted.price_call("llama", THOUSAND, at("2026-01-01"), latency_seconds=77)
    assert priced.cost_usd == Decimal("0.0404")
    assert priced.source == "prices.yaml, idealized runtime"
    assert fitted.rates("llama", at("2026-01-01")).expected_usd(1000, 1000) == pytest.approx(0.0404)
    measured = own.price_call("llama", THOUSAND, at("2026-01-01"), latency_seconds=10)
    assert (measured.cost_usd, measured.source) == (Decimal("0.02"), "prices.yaml, measured latency")
    with pytest.raises(InvalidRecordError, match="latency_seconds"):
        own.price_call("llama", THOUSAND, at("2026-01-01"))
    assert own.self_hosted == ["llama"]


def test_an_empty_file_of_prices_is_the_public_list() -> None:
    assert PriceSheet(PriceFile()).price_call("o3", THOUSAND, at("2026-01-01")).cost_usd == Decimal("0.01")
