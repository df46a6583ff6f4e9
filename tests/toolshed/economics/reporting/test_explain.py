"""The story of a task, in words."""

from decimal import Decimal

import pytest

from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Call, Decision, Outcome, Task
from toolshed.economics.reporting.explain import explain_task
from toolshed.errors import UnknownDecisionError
from toolshed.metering.usage import Usage


def test_calls_stand_with_their_decision_and_others_beside_it() -> None:
    with Ledger() as ledger:
        task = ledger.add_task(Task("sums"))
        decision = Decision(task.task_id, "b", "b", failed_before=("a",), reason="b is better")
        ledger.add_decision(decision)
        paid = Call(
            task.task_id, "agent", "b", Usage(9, 1, 4), Decimal("0.2"), decision_id=decision.decision_id
        )
        embedded = Call(
            task.task_id,
            "embedding",
            "e",
            Usage(7, source="estimate"),
            Decimal("0.1"),
            error="TimeoutError: x",
        )
        ledger.add_calls([paid, embedded])
        assert "outcome unknown, $0.300000000" in explain_task(ledger, task.task_id)
        ledger.add_outcome(Outcome(task.task_id, False, source="human"))
        told = explain_task(ledger, task.task_id).splitlines()
    assert "failed, $0.300000000" in told[0]
    assert told[1].endswith("attempt 1: b is better")
    assert told[2].endswith("after a failed")
    assert "9 + 1 tokens (4 cached)" in told[3]
    assert told[4] == "beside the decisions"
    assert "tokens by estimate" in told[5]
    assert told[5].endswith("error: TimeoutError: x")
    assert "the task failed, says human" in told[6]


def test_an_unknown_task_is_an_error() -> None:
    with Ledger() as ledger, pytest.raises(UnknownDecisionError, match="no task 'nope'"):
        explain_task(ledger, "nope")
