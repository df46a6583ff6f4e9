"""Rates: what is expected of a call, and money to a billionth."""

from decimal import Decimal

import pytest

from toolshed.economics.prices.rates import Rates, Runtime, to_nano


def test_cached_tokens_are_part_of_the_input() -> None:
    # .5 + 600 x 2 + 400 x 1 + 10 x 3
    assert Rates(2.0, 3.0, 1.0, 0.5).expected_usd(1000, 10, 400) == pytest.approx(1630.5)


def test_a_runtime_grows_with_both_kinds_of_tokens() -> None:
    assert Runtime(0.5, 0.001, 0.02).seconds(1000, 100) == pytest.approx(0.5 + 1 + 2)


def test_halves_of_a_billionth_go_to_the_even_one() -> None:
    assert to_nano(Decimal("0.0000000005")) == 0
    assert to_nano(Decimal("0.0000000015")) == Decimal("0.000000002")
