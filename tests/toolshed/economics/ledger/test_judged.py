"""Which outcome holds for attempts and tasks, whatever the order in which they arrive."""

from pathlib import Path

from tests.ledger_facts import NOON, at, write
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Decision, Outcome, Task
from toolshed.economics.reporting.report import build_report


def test_evidence_is_identical_after_replays_out_of_order_with_revisions(
    ledger: Ledger, tmp_path: Path
) -> None:
    write(ledger)
    once = ledger.evidence().state()
    write(ledger)
    assert ledger.evidence().state() == once, "written twice"
    with Ledger(tmp_path / "other.db") as other:
        write(other, shuffled_by=9, times=2)
        assert other.evidence().state() == once, "out of order, and on another database"
    assert ledger.evidence(tenant="nobody").n_judged == 0


def test_a_revision_holds_from_when_it_is_reported(ledger: Ledger) -> None:
    task = ledger.add_task(Task(created_at=NOON))
    decision = ledger.add_decision(Decision(task.task_id, "a", "a", decided_at=NOON))
    ledger.add_outcome(Outcome(task.task_id, True, decision.decision_id, reported_at=at(2)))
    ledger.add_outcome(Outcome(task.task_id, False, decision.decision_id, reported_at=at(1)))
    assert ledger.evidence().passes.sum() == 1, "an older report that arrives later changes nothing"
    ledger.add_outcome(Outcome(task.task_id, False, decision.decision_id, reported_at=at(3)))
    assert (ledger.evidence().passes.sum(), ledger.evidence().failures.sum()) == (0, 1)


def test_an_outcome_of_the_task_is_that_of_attempts_without_one_of_their_own(ledger: Ledger) -> None:
    task = ledger.add_task(Task(created_at=NOON))
    first = ledger.add_decision(Decision(task.task_id, "a", "a", decided_at=NOON))
    ledger.add_decision(Decision(task.task_id, "b", "b", attempt=2, failed_before=("a",), decided_at=at(1)))
    ledger.add_outcome(Outcome(task.task_id, False, first.decision_id, reported_at=at(1)))
    ledger.add_outcome(Outcome(task.task_id, True, reported_at=at(2)))
    seen = ledger.evidence()
    assert seen.failures[seen.row("a")].sum() == 1
    assert seen.retry_passes[seen.row("b")].sum() == 1


def test_what_is_reported_of_the_task_later_revises_its_last_attempt(ledger: Ledger) -> None:
    task = ledger.add_task(Task(created_at=NOON))
    first = ledger.add_decision(Decision(task.task_id, "a", "a", decided_at=NOON))
    ledger.add_outcome(Outcome(task.task_id, False, first.decision_id, reported_at=at(1)))
    second = Decision(task.task_id, "b", "b", attempt=2, failed_before=("a",), decided_at=at(1))
    ledger.add_decision(second)
    ledger.add_outcome(Outcome(task.task_id, True, second.decision_id, reported_at=at(2)))
    ledger.add_outcome(Outcome(task.task_id, False, reported_at=at(3)))
    seen = ledger.evidence()
    assert seen.failures[seen.row("a")].sum() == 1
    assert seen.retry_failures[seen.row("b")].sum() == 1
    (row,) = build_report(ledger, by="class").rows
    assert (row.n_passed, row.n_failed) == (0, 1)
    ledger.add_outcome(Outcome(task.task_id, True, second.decision_id, reported_at=at(4)))
    assert ledger.evidence().retry_passes.sum() == 1
    (row,) = build_report(ledger, by="class").rows
    assert (row.n_passed, row.n_failed) == (1, 0)
