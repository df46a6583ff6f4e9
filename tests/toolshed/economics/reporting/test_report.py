"""Reports over a ledger: rows, frontier, what retries pass, and JSON without infinities."""

import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from toolshed.economics.ledger import tables
from toolshed.economics.ledger.inserting import insert_all, record_row
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
    with (
        Ledger() as ledger,
        pytest.raises(InvalidQueryError, match="model, class, pipeline, tenant, team, day"),
    ):
        build_report(ledger, by="colour")


def test_every_row_has_calls_tokens_spend_and_tasks_with_and_without_an_outcome() -> None:
    with Ledger() as ledger:
        for i, (day, team) in enumerate(((1, "search"), (1, "search"), (2, None))):
            task = ledger.add_task(
                Task("sums", f"t{i}", team=team, created_at=datetime(2026, 5, day, 23, 59, tzinfo=UTC))
            )
            ledger.add_call(Call(task.task_id, "planner", "m", Usage(1500, 20), Decimal("0.01")))
            if i:
                attempt(ledger, task, "small", True, "0.1")
        by_day, by_team = build_report(ledger, by="day"), build_report(ledger, by="team")
        shown = [
            (r.group, r.n_calls, r.input_tokens, r.output_tokens, r.n_passed, r.n_failed, r.n_unknown)
            for r in by_day.rows
        ]
        assert shown == [("2026-05-01", 3, 3001, 40, 1, 0, 1), ("2026-05-02", 2, 1501, 20, 1, 0, 0)]
        assert {r.group: round(r.spend_usd, 9) for r in by_team.rows} == {"search": 0.12, "-": 0.11}
        assert by_day.total is not None
        assert (by_day.total.n_calls, by_day.total.spend_usd) == (5, pytest.approx(0.23))
        may = datetime(2026, 5, 2, tzinfo=UTC)
        assert [r.group for r in build_report(ledger, by="day", until=may).rows] == ["2026-05-01"]


def test_spend_by_model_holds_calls_that_no_decision_led_to() -> None:
    with Ledger() as ledger:
        task = ledger.add_task(Task("sums"))
        attempt(ledger, task, "small", True, "0.1")
        ledger.add_call(Call(task.task_id, "embedding", "encoder", Usage(9), Decimal("0.02")))
        report = build_report(ledger)
        (encoder,) = [row for row in report.rows if row.group == "encoder"]
        assert (encoder.n_calls, encoder.n_unknown, encoder.spend_usd) == (1, 0, pytest.approx(0.02))
        assert report.total is not None
        assert report.total.spend_usd == pytest.approx(0.12)


def test_reports_grow_with_the_number_of_tasks_and_no_faster() -> None:
    def lines_run(n: int) -> int:
        """Lines of Python that a report takes: seconds would depend on the machine."""
        with Ledger() as ledger:
            tasks = [Task(f"c{i % 7}", f"t{i}") for i in range(n)]
            with ledger.database.writing() as connection:
                insert_all(connection, tables.task, [record_row(task) for task in tasks])
            ledger.add_calls([Call(t.task_id, "agent", "m", Usage(9), Decimal("0.01")) for t in tasks])
            ledger.add_outcomes([Outcome(t.task_id, i % 3 > 0) for i, t in enumerate(tasks)])
            count = 0

            def trace(_frame: object, _event: str, _argument: object) -> Any:
                nonlocal count
                count += 1
                return trace

            sys.settrace(trace)
            try:
                build_report(ledger, by="class")
            finally:
                sys.settrace(None)
            return count

    lines_run(50)
    small, large = lines_run(250), lines_run(2_000)
    # Eight times the tasks; quadratic would be sixty-four times the lines.
    assert large < 12 * small
