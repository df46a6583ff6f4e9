"""The dual price of a budget: it rises while spending is too fast, and no further."""

import pytest

from toolshed.economics.choosing.budget import DualPrice


def test_it_rises_by_the_documented_rule() -> None:
    dual = DualPrice(pace_usd=1.0)
    dual.observe(3.0)
    # .05 (3 / 1 - 1)
    assert dual.value == pytest.approx(0.1)
    dual.observe(1.0)
    # The mean is .95 x 3 + .05 x 1 = 2.9
    assert dual.value == pytest.approx(0.1 + 0.05 * 1.9)


def test_it_stays_between_nothing_and_its_ceiling() -> None:
    dual = DualPrice(pace_usd=1.0)
    for _ in range(1000):
        dual.observe(9.0)
    assert dual.value == 5.0
    for _ in range(1000):
        dual.observe(0.0)
    assert dual.value == 0.0


def test_without_a_pace_it_never_steers() -> None:
    dual = DualPrice(pace_usd=None)
    dual.observe(1e9)
    assert dual.value == 0.0
