"""Evidence: a fold of facts, with drift alarms."""

import random

import pytest

from toolshed.economics.learning.certification import certify, certify_looks, p_value
from toolshed.economics.learning.evidence import Evidence, Judgement, TokenCount, fold


def judged(passed: bool, arm: str = "a", task_class: str = "x", predicted: float = 0.9) -> Judgement:
    return Judgement(arm, task_class, passed, predicted)


def test_outcomes_are_counted_by_arm_and_class() -> None:
    evidence = fold([judged(True), judged(True), judged(False), judged(True, task_class="y")], [])
    assert evidence.passes.tolist() == [[2, 1]]
    assert evidence.failures.tolist() == [[1, 0]]


def test_attempts_after_a_failure_are_counted_apart() -> None:
    evidence = fold([Judgement("a", "x", True, 0.9, failed_before=1)], [])
    assert evidence.passes.sum() == 0
    assert evidence.retry_passes.sum() == 1


def test_old_outcomes_of_a_cell_fade() -> None:
    evidence = fold([judged(True)] * 300, [])
    assert evidence.passes[0, 0] == pytest.approx(200)
    for _ in range(200):
        evidence.judge(judged(False, predicted=0.1))
    assert evidence.passes[0, 0] < 80


def test_a_silent_regression_raises_an_alarm_and_only_what_came_since_is_kept() -> None:
    random.seed(3)
    evidence = fold([judged(random.random() < 0.9) for _ in range(500)], [])
    assert not evidence.alarms
    alarms = [alarm for _ in range(30) if (alarm := evidence.judge(judged(False)))]
    assert alarms
    assert alarms[0].arm == "a"
    assert alarms[0].n_since <= 10
    assert evidence.passes.sum() < 5
    assert evidence.looks("a", "x") == ()


def test_decisions_of_before_an_alarm_do_not_raise_it_again() -> None:
    evidence = fold([judged(True)] * 100, [])
    for _ in range(60):
        evidence.judge(judged(False))
    assert len(evidence.alarms) == 1


def test_the_state_does_not_depend_on_the_order_in_which_arms_appear() -> None:
    facts = [judged(True), judged(False, arm="b"), judged(True, task_class="y")]
    other = Evidence()
    other.row("b")
    other.column("y")
    for fact in facts:
        other.judge(fact)
    other.count_tokens(TokenCount("a", "x", 10, 5))
    same = fold(facts, [TokenCount("a", "x", 10, 5)]).state()["cells"]
    cells = other.state()["cells"]
    assert isinstance(same, dict)
    assert isinstance(cells, dict)
    assert {k: v for k, v in same.items() if any(v[:5])} == {k: v for k, v in cells.items() if any(v[:5])}


def test_concentration_is_fitted_only_from_enough_cells() -> None:
    assert fold([judged(True)] * 50, []).fitted_concentration(3.0) == 3.0
    alike = [judged(i % 10 != 0, task_class=str(c)) for c in range(12) for i in range(100)]
    unlike = [judged(c % 2 == 0, task_class=str(c), predicted=0.0) for c in range(12) for i in range(100)]
    assert fold(alike, []).fitted_concentration(3.0) > 20
    assert fold(unlike, []).fitted_concentration(3.0) < 3


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
