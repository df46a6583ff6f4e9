"""Certificates: exact, and kept over many looks."""

import random

import pytest

from toolshed.economics.learning.certification import certify, certify_looks, p_value


def test_p_values_are_those_of_the_binomial() -> None:
    # P(X >= 9 of 10 at .5) = (10 + 1) / 1024
    assert p_value(9, 10, 0.5) == pytest.approx(11 / 1024)
    assert p_value(0, 10, 0.5) == 1
    assert certify(9, 10, 0.5, error=0.05, n_candidates=4)
    assert not certify(9, 10, 0.5, error=0.05, n_candidates=5)
    assert not certify(0, 0, 0.5, error=0.05, n_candidates=1)


def test_arms_at_the_floor_are_seldom_certified_however_often_one_looks() -> None:
    rng = random.Random(1)
    broken = 0
    for _ in range(400):
        # Eight arms just below the floor, looked at after 50, 100, ... 800 outcomes.
        outcomes = [[rng.random() < 0.849 for _ in range(800)] for _ in range(8)]
        looks = [tuple(sum(one[: 50 << k]) for k in range(5)) for one in outcomes]
        broken += any(certify_looks(look, 0.85, error=0.05, n_candidates=8) for look in looks)
    assert broken / 400 <= 0.05


def test_a_good_arm_is_certified_in_time() -> None:
    assert certify_looks((50, 99, 197), 0.85, error=0.05, n_candidates=96)
    assert not certify_looks((45, 90), 0.85, error=0.05, n_candidates=96)
