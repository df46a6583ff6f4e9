"""Writing to the ledger, and reading back what selection learns from."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Self

from sqlalchemy import func, select

from toolshed.economics.learning.evidence import DriftRule, Evidence, fold
from toolshed.economics.ledger import holds, tables
from toolshed.economics.ledger.inserting import (
    batches,
    call_row,
    check_outcomes,
    in_order,
    insert_all,
    record_row,
    times_of,
)
from toolshed.economics.ledger.judged import judged_decisions, judged_tasks, judgements, token_counts
from toolshed.economics.ledger.records import Call, Decision, Outcome, Task, new_id, storable
from toolshed.errors import BudgetExceededError, LedgerError, UnknownDecisionError
from toolshed.state.database import Database

_BATCH = 5_000


class Spend(NamedTuple):
    """Dollars spent on calls that decisions led to, and dollars that exploration was expected to add."""

    spent_usd: Decimal
    explored_usd: Decimal


class Ledger:
    """Tasks, decisions, calls and outcomes; appended, never changed. Threads and processes may share it.

    Every record has an idempotency key: writing the same again does nothing, writing something else under
    the same key is an error.

    Args:
        location: A file of SQLite, ``memory:``, or a SQLAlchemy URL such as
            ``postgresql+psycopg://user@host/name``.

    Raises:
        ConfigurationError: If the location is none.
        LedgerError: If it cannot be opened, or was written by a newer version.
    """

    def __init__(self, location: str | Path = "memory:") -> None:
        self.location = str(location)
        self.database = Database.open(self.location, "ledger", LedgerError)

    def close(self) -> None:
        """Release the database; calling it again does nothing."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add_task(self, task: Task) -> Task:
        """Book a task."""
        with self.database.writing() as connection:
            insert_all(connection, tables.task, [record_row(task)])
        return task

    def add_decision(self, decision: Decision, *, task: Task | None = None) -> Decision:
        """Book a decision.

        Args:
            decision: The decision.
            task: Its task, where that is not booked yet: it is booked with it.

        Raises:
            UnknownDecisionError: If there is no such task.
        """
        row = {
            **record_row(decision),
            "candidates": dict(decision.candidates),
            "failed_before": list(decision.failed_before),
            "features": dict(decision.features),
        }
        with self.database.writing() as connection:
            if task is not None:
                insert_all(connection, tables.task, [record_row(task)])
            if task is None or task.task_id != decision.task_id:
                times_of(connection, tables.task, "created_at", [decision.task_id])
            insert_all(connection, tables.decision, [row])
        return decision

    def add_call(self, call: Call) -> Call:
        """Book a call.

        Raises:
            UnknownDecisionError: If there is no such task or decision.
        """
        self.add_calls([call])
        return call

    def add_calls(self, calls: Sequence[Call]) -> None:
        """Book calls, all or none."""
        with self.database.writing() as connection:
            times_of(connection, tables.task, "created_at", [call.task_id for call in calls])
            times_of(
                connection, tables.decision, "decided_at", [c.decision_id for c in calls if c.decision_id]
            )
            insert_all(connection, tables.call, [call_row(call) for call in calls])

    def add_outcome(self, outcome: Outcome) -> Outcome:
        """Book an outcome; a later one for the same task or attempt revises it.

        Returns:
            What is booked; where the same was reported before, what was booked then.

        Raises:
            UnknownDecisionError: If there is no such task or decision.
            InvalidRecordError: If it was reported before the decision was made, or in the future.
        """
        return self.report_outcome(outcome)[0]

    def report_outcome(self, outcome: Outcome, *, is_dated: bool = True) -> tuple[Outcome, bool]:
        """Book an outcome like :meth:`add_outcome`; tells also whether it is new.

        Args:
            outcome: The outcome. The same report under an id that is booked does nothing, whatever its time.
            is_dated: Whether its time is the reporter's. Otherwise it is put after whatever was reported of
                the task before, for clocks differ.
        """
        with self.database.writing() as connection:
            outcome = in_order(connection, outcome, is_dated=is_dated)
            check_outcomes(connection, [outcome])
            if insert_all(connection, tables.outcome, [record_row(outcome)], but="reported_at"):
                return outcome, True
            query = select(tables.outcome).where(tables.outcome.c.outcome_id == outcome.outcome_id)
            return Outcome(**connection.execute(query).mappings().one()), False

    def add_outcomes(self, outcomes: Iterable[Outcome]) -> int:
        """Book any number of outcomes, all or none; returns how many were given."""
        n_given = 0
        with self.database.writing() as connection:
            for batch in batches(outcomes, _BATCH):
                n_given += len(batch)
                check_outcomes(connection, batch)
                insert_all(connection, tables.outcome, list(map(record_row, batch)), but="reported_at")
        return n_given

    def add_example(self, task_id: str, request: str, reply: str) -> None:
        """Keep a request and its reply, to be shown to cheaper backbones when the task passed."""
        with self.database.writing() as connection:
            times_of(connection, tables.task, "created_at", [task_id])
            row = {"task_id": task_id, "request": storable(request), "reply": storable(reply)}
            insert_all(connection, tables.example, [row])

    def passed_examples(
        self, task_class: str, *, tenant: str, limit: int = 1000
    ) -> list[tuple[str, str, str]]:
        """Task id, request and reply of the latest passed tasks of a class."""
        judged = judged_tasks().subquery()
        query = (
            select(tables.example.c.task_id, tables.example.c.request, tables.example.c.reply)
            .join(judged, judged.c.task_id == tables.example.c.task_id)
            .where(judged.c.task_class == task_class, judged.c.tenant == tenant, judged.c.passed)
            .order_by(judged.c.created_at.desc(), judged.c.task_id)
            .limit(limit)
        )
        with self.database.reading() as connection:
            return [(str(r[0]), str(r[1]), str(r[2])) for r in connection.execute(query)]

    def shown_examples(self, task_class: str, *, tenant: str) -> list[tuple[list[str], bool]]:
        """Ids of the examples that judged attempts of a class were shown, and whether they passed."""
        judged = judged_decisions().subquery()
        query = select(judged.c.features, judged.c.passed).where(
            judged.c.task_class == task_class, judged.c.tenant == tenant, judged.c.passed.is_not(None)
        )
        with self.database.reading() as connection:
            return [
                (list(features["examples"]), bool(passed))
                for features, passed in connection.execute(query)
                if features.get("examples")
            ]

    def first_attempts(self, *, tenant: str | None = None) -> list[tuple[str, str, float, bool, float]]:
        """Class, arm, propensity, outcome and dollars of judged first attempts, in order of time."""
        judged = judged_decisions().subquery()
        query = (
            select(
                judged.c.task_class,
                judged.c.arm,
                judged.c.propensity,
                judged.c.passed,
                func.sum(tables.call.c.cost_usd),
            )
            .outerjoin(tables.call, tables.call.c.decision_id == judged.c.decision_id)
            .where(judged.c.attempt == 1, judged.c.passed.is_not(None))
            .group_by(
                judged.c.decision_id,
                judged.c.task_class,
                judged.c.arm,
                judged.c.propensity,
                judged.c.passed,
                judged.c.decided_at,
            )
            .order_by(judged.c.decided_at, judged.c.decision_id)
        )
        if tenant is not None:
            query = query.where(judged.c.tenant == tenant)
        with self.database.reading() as connection:
            return [
                (str(r[0]), str(r[1]), float(r[2]), bool(r[3]), float(r[4] or 0))
                for r in connection.execute(query)
            ]

    def task(self, task_id: str) -> dict[str, Any]:
        """Everything about a task: ``task``, ``decisions``, ``calls``, ``outcomes``, each in order of time.

        Raises:
            UnknownDecisionError: If there is no such task.
        """
        with self.database.reading() as connection:
            query = select(tables.task).where(tables.task.c.task_id == task_id)
            found = connection.execute(query).mappings().first()
            if found is None:
                raise UnknownDecisionError(f"the ledger holds no task {task_id!r}")
            parts: dict[str, Any] = {"task": dict(found)}
            for name, table, time in (
                ("decisions", tables.decision, tables.decision.c.decided_at),
                ("calls", tables.call, tables.call.c.started_at),
                ("outcomes", tables.outcome, tables.outcome.c.reported_at),
            ):
                rows = connection.execute(select(table).where(table.c.task_id == task_id).order_by(time))
                parts[name] = [dict(row) for row in rows.mappings()]
            return parts

    def tenant_of(self, task_id: str) -> str | None:
        """Whose a task is; None where there is no such task."""
        query = select(tables.task.c.tenant).where(tables.task.c.task_id == task_id)
        with self.database.reading() as connection:
            found: str | None = connection.execute(query).scalar()
        return found

    def task_of(self, decision_id: str) -> str:
        """The task of a decision.

        Raises:
            UnknownDecisionError: If there is no such decision.
        """
        query = select(tables.decision.c.task_id).where(tables.decision.c.decision_id == decision_id)
        with self.database.reading() as connection:
            found = connection.execute(query).scalar()
        if found is None:
            raise UnknownDecisionError(
                f"the ledger holds no decision {decision_id!r}; a decision is booked before its outcome"
            )
        return str(found)

    def evidence(self, *, tenant: str | None = None, drift: DriftRule | None = None) -> Evidence:
        """What was seen of each arm, folded from the facts in the order of their times.

        Facts booked twice, out of order or revised later give the evidence of the facts as they stand.
        """
        with self.database.reading() as connection:
            return fold(
                (one for *_, one in judgements(connection, tenant)),
                (one for _, one in token_counts(connection, tenant)),
                drift,
            )

    def spend(self, *, tenant: str | None = None) -> Spend:
        """What was spent, by a tenant or in all."""
        calls = select(func.sum(tables.call.c.cost_usd)).where(tables.call.c.decision_id.is_not(None))
        explored = select(func.sum(tables.decision.c.exploration_usd))
        if tenant is not None:
            of_tenant = select(tables.task.c.task_id).where(tables.task.c.tenant == tenant)
            calls = calls.where(tables.call.c.task_id.in_(of_tenant))
            explored = explored.where(tables.decision.c.task_id.in_(of_tenant))
        with self.database.reading() as connection:
            spent, extra = connection.execute(calls).scalar(), connection.execute(explored).scalar()
        return Spend(spent or Decimal(0), extra or Decimal(0))

    def latencies(self, model: str, *, limit: int = 5000) -> list[tuple[int, int, float]]:
        """Input tokens, output tokens and seconds of a model's latest calls that went well."""
        call = tables.call.c
        query = (
            select(call.input_tokens, call.output_tokens, call.latency_seconds)
            .where(call.model == model, call.latency_seconds.is_not(None), call.error.is_(None))
            .order_by(call.started_at.desc())
            .limit(limit)
        )
        with self.database.reading() as connection:
            return [(int(r[0]), int(r[1]), float(r[2])) for r in connection.execute(query)]

    def reserve(
        self,
        amount_usd: Decimal,
        *,
        cap_usd: Decimal,
        tenant: str = "default",
        window_start: datetime,
        hold_id: str | None = None,
    ) -> str:
        """Reserve an amount before a call; returns the id to settle it by.

        Any number of callers together never commit more than the cap. A hold that is never settled, because
        its process died, stays committed: too little is spent then, never too much.

        Raises:
            BudgetExceededError: If it would exceed the cap.
        """
        hold_id = hold_id or new_id()
        window = holds.BudgetWindow(tenant, window_start)
        with self.database.writing() as connection:
            if not holds.reserve(connection, hold_id, amount_usd, cap_usd=cap_usd, window=window):
                raise BudgetExceededError(
                    f"${amount_usd:.6f} more would exceed the budget of ${cap_usd:.6f} of {tenant!r}; wait "
                    "for its next window, raise it, or choose a cheaper backbone"
                )
        return hold_id

    def settle(self, hold_id: str, spent_usd: Decimal) -> None:
        """Replace a reservation by what was spent; settling again does nothing.

        Raises:
            UnknownDecisionError: If there is no such reservation.
        """
        with self.database.writing() as connection:
            if not holds.settle(connection, hold_id, spent_usd):
                raise UnknownDecisionError(f"the ledger holds no reservation {hold_id!r}")

    def committed_usd(self, *, tenant: str = "default", window_start: datetime) -> Decimal:
        """What a tenant has spent or reserved in a window."""
        with self.database.reading() as connection:
            return holds.committed_usd(connection, holds.BudgetWindow(tenant, window_start))
