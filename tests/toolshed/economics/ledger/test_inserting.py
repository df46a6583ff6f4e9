"""Inserting: again is no error, another under the same key is, and references exist."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.ledger_facts import NOON, at
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Call, Decision, Outcome, Task
from toolshed.errors import InvalidRecordError, UnknownDecisionError
from toolshed.metering.usage import Usage


def test_one_key_holds_one_record(ledger: Ledger) -> None:
    task = ledger.add_task(Task("x", "t1", created_at=NOON))
    ledger.add_task(task)
    with pytest.raises(InvalidRecordError, match="'t1' is taken"):
        ledger.add_task(replace(task, task_class="y"))
    call = Call("t1", "agent", "m", Usage(1), Decimal("0.5"), "c1", started_at=NOON)
    ledger.add_call(call)
    with pytest.raises(InvalidRecordError, match="'c1' is taken"):
        ledger.add_calls([replace(call, call_id="c2"), replace(call, cost_usd=Decimal("0.6"))])
    assert len(ledger.task("t1")["calls"]) == 1, "all or none"


def test_what_does_not_exist_is_an_error_and_writes_nothing(ledger: Ledger) -> None:
    task = ledger.add_task(Task(task_id="t1", created_at=NOON))
    with pytest.raises(UnknownDecisionError, match="no task 'nope'"):
        ledger.add_outcome(Outcome("nope", True))
    with pytest.raises(UnknownDecisionError, match="no decision 'nope'"):
        ledger.add_outcomes([Outcome("t1", True), Outcome("t1", True, "nope")])
    with pytest.raises(UnknownDecisionError):
        ledger.add_decision(Decision("nope", "a", "a"))
    with pytest.raises(UnknownDecisionError):
        ledger.settle("nope", Decimal(1))
    with pytest.raises(UnknownDecisionError):
        ledger.task_of("nope")
    assert ledger.task(task.task_id)["outcomes"] == []


def test_a_clock_that_runs_backwards_is_an_error(ledger: Ledger) -> None:
    task = ledger.add_task(Task(created_at=NOON))
    decision = ledger.add_decision(Decision(task.task_id, "a", "a", decided_at=NOON))
    with pytest.raises(InvalidRecordError, match="clock ran backwards"):
        ledger.add_outcome(Outcome(task.task_id, True, decision.decision_id, reported_at=at(-1)))
    with pytest.raises(InvalidRecordError, match="clock ran backwards"):
        Call(task.task_id, "agent", "m", Usage(1), Decimal(0), latency_seconds=-0.1)
    other = ledger.add_task(Task(created_at=NOON))
    with pytest.raises(InvalidRecordError, match="belongs to task"):
        ledger.add_outcome(Outcome(other.task_id, True, decision.decision_id))


def test_many_outcomes_at_once_are_all_booked_or_none(tmp_path: Path) -> None:
    with Ledger(tmp_path / "many.db") as ledger:
        ledger.add_task(Task(task_id="t", created_at=NOON))
        many = (Outcome("t", True, outcome_id=f"o{i}", reported_at=at(1)) for i in range(100_000))
        assert ledger.add_outcomes(many) == 100_000
        bad = [*(Outcome("t", True, reported_at=at(2)) for _ in range(6000)), Outcome("gone", True)]
        with pytest.raises(UnknownDecisionError):
            ledger.add_outcomes(bad)
        with ledger.database.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM outcome")).scalar() == 100_000
