"""Evidence: a fold of facts, with drift alarms."""

import random

import pytest

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
