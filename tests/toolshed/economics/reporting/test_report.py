"""Reports over a ledger: rows, frontier, what retries pass, and JSON without infinities."""

from decimal import Decimal

import pytest

from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Call, Decision, Outcome, Task
from toolshed.economics.reporting.report import build_report
from toolshed.errors import InvalidQueryError
from toolshed.metering.usage import Usage


def attempt(
    ledger: Ledger, task: Task, arm: str, passed: bool, dollars: str, *, failed: tuple[str, ...] = ()
) -> None:
    decision = Decision(task.task_id, arm, arm, attempt=len(failed) + 1, failed_before=failed)
    ledger.add_decision(decision)
    call = Call(task.task_id, "agent", arm, Usage(1), Decimal(dollars), decision_id=decision.decision_id)
    ledger.add_call(call)
    ledger.add_outcome(Outcome(task.task_id, passed, decision.decision_id))


def test_attempts_are_rows_by_model_and_whole_tasks_otherwise() -> None:
    with Ledger() as ledger:
        task = ledger.add_task(Task("sums", pipeline="default"))
        attempt(ledger, task, "small", False, "0.1")
        attempt(ledger, task, "large", True, "0.3", failed=("small",))
        by_model = build_report(ledger)
        cheapest = by_model.rows[0]
        assert (cheapest.group, cheapest.cost_of_pass_usd) == ("large", 0.3)
        (retry,) = by_model.conditional
        assert (retry.model, retry.after_failure_of, retry.conditional, retry.n) == ("large", "small", 1, 1)
        (row,) = build_report(ledger, by="class").rows
        assert (row.group, row.n_passed, row.spend_usd) == ("sums", 1, pytest.approx(0.4))
        assert by_model.component_usd == {"agent": pytest.approx(0.4)}


def test_what_never_passed_is_null_in_json_and_infinite_in_words() -> None:
    with Ledger() as ledger:
        attempt(ledger, ledger.add_task(Task("sums")), "small", False, "0.1")
        report = build_report(ledger)
    (row,) = report.to_json()["rows"]
    assert (row["cost_of_pass_usd"], row["never_passed"]) == (None, True)
    assert "infinite" in report.to_text()
    assert "give --human" in report.to_text()


def test_an_unknown_grouping_names_the_known_ones() -> None:
    with Ledger() as ledger, pytest.raises(InvalidQueryError, match="model, class, pipeline, tenant"):
        build_report(ledger, by="colour")
