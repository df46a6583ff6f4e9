"""Queries over what became of decisions and tasks: which outcome holds, and the facts in their order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, case, func, select, type_coerce

from toolshed.economics.learning.evidence import Judgement, TokenCount
from toolshed.economics.ledger import tables
from toolshed.state.columns import Moment

_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Facts:
    """Which facts of a ledger are looked at.

    Attributes:
        known_until: Facts up to this time; all when None.
        among: A query of ids of tasks: only facts of these; all when None.
    """

    known_until: datetime | None = None
    # Any: a query of SQLAlchemy.
    among: Any = None

    def until(self, time: Any) -> list[Any]:
        """Conditions on the column of a time."""
        return [] if self.known_until is None else [time <= self.known_until]

    def told(self, time: Any, key: Any) -> list[Any]:
        """Conditions on the columns of a time and of an id."""
        return [*self.until(time), *([] if self.among is None else [key.in_(self.among)])]


def _outcomes(by: Any, of: Facts) -> Any:
    """What holds of each task, or decision, and ``first_at``, when it was first told."""
    # Any: columns and subqueries of SQLAlchemy.
    # The latest outcome is the largest 2 x time + passed: one pass and no window, over a million rows.
    outcome = tables.outcome.c
    time = type_coerce(outcome.reported_at, BigInteger)
    coded = func.max(2 * time + case((outcome.passed, 1), else_=0))
    grouped = (
        select(by.label("of"), coded.label("coded"), func.min(time).label("first_at"))
        .where(outcome.decision_id.is_(None) if by is outcome.task_id else outcome.decision_id.is_not(None))
        .where(*of.told(outcome.reported_at, outcome.task_id))
        .group_by(by)
        .subquery()
    )
    return select(
        grouped.c.of, grouped.c.coded, (grouped.c.coded % 2 == 1).label("passed"), grouped.c.first_at
    ).subquery()


def judged_decisions(of: Facts | None = None) -> Any:
    """A query of decisions with ``passed`` (None while unknown) and ``judged_at``.

    An attempt has the outcome that was reported for it, and otherwise that of its whole task. What is
    reported of the task after the last attempt was judged is a revision of that attempt.

    Args:
        of: The facts that are known; all of them when None.
    """
    of = of or Facts()
    own, whole = _outcomes(tables.outcome.c.decision_id, of).c, _outcomes(tables.outcome.c.task_id, of).c
    decision, task = tables.decision.c, tables.task.c
    is_revised = (whole.coded // 2 > own.coded // 2) & (
        decision.decision_id == _last_attempt(decision.task_id, of)
    )
    return (
        select(
            *(column for column in decision if column.name != "task_class"),
            func.coalesce(decision.task_class, task.task_class).label("task_class"),
            task.tenant,
            task.problem,
            case((is_revised, whole.passed), else_=func.coalesce(own.passed, whole.passed)).label("passed"),
            type_coerce(func.coalesce(own.first_at, whole.first_at), Moment).label("judged_at"),
        )
        .join(tables.task, task.task_id == decision.task_id)
        .outerjoin(own.of.table, own.of == decision.decision_id)
        .outerjoin(whole.of.table, whole.of == decision.task_id)
        .where(*of.told(decision.decided_at, decision.task_id))
    )


def judged_tasks() -> Any:
    """A query of tasks with ``passed``: what was reported last of the task or its last attempt, else None."""
    of = Facts()
    own, whole = _outcomes(tables.outcome.c.decision_id, of).c, _outcomes(tables.outcome.c.task_id, of).c
    task = tables.task.c
    is_revised = own.coded // 2 > whole.coded // 2
    passed = case((is_revised, own.passed), else_=func.coalesce(whole.passed, own.passed))
    return (
        select(tables.task, passed.label("passed"))
        .outerjoin(whole.of.table, whole.of == task.task_id)
        .outerjoin(own.of.table, own.of == _last_attempt(task.task_id, of))
    )


def _last_attempt(task_id: Any, of: Facts) -> Any:
    """The last attempt at a task."""
    decision = tables.decision.alias().c
    newest = (decision.attempt.desc(), decision.decided_at.desc(), decision.decision_id.desc())
    return (
        select(decision.decision_id)
        .where(decision.task_id == task_id, *of.until(decision.decided_at))
        .order_by(*newest)
        .limit(1)
        .correlate(task_id.table)
        .scalar_subquery()
    )


def judgements(
    connection: Connection, tenant: str | None, of: Facts | None = None
) -> Iterator[tuple[str, datetime, Judgement]]:
    """Judged decisions with their ids and when each was first judged, in that order."""
    judged = judged_decisions(of).subquery()
    # A million rows are folded at once: only what is needed of them, and no JSON.
    query = select(
        judged.c.decision_id,
        judged.c.judged_at,
        judged.c.arm,
        judged.c.task_class,
        judged.c.passed,
        judged.c.predicted,
        func.json_array_length(judged.c.failed_before),
    ).where(judged.c.passed.is_not(None))
    if tenant is not None:
        query = query.where(judged.c.tenant == tenant)
    query = query.order_by(judged.c.judged_at, judged.c.decided_at, judged.c.decision_id)
    for rows in connection.execute(query).partitions(_ROWS_AT_ONCE):
        for decision_id, at, arm, task_class, passed, predicted, n_failed in rows:
            yield decision_id, at, Judgement(arm, task_class, bool(passed), predicted, n_failed)


def token_counts(
    connection: Connection, tenant: str | None, of: Facts | None = None
) -> Iterator[tuple[str, TokenCount]]:
    """Decisions with their ids and the tokens of each, in the order in which they were made.

    The ids of the facts are here those of decisions.
    """
    of = of or Facts()
    decision, call, task = tables.decision.c, tables.call.c, tables.task.c
    task_class = func.coalesce(decision.task_class, task.task_class)
    query = (
        select(
            decision.decision_id,
            decision.arm,
            task_class,
            func.sum(call.input_tokens),
            func.sum(call.output_tokens),
        )
        .join(tables.task, task.task_id == decision.task_id)
        .join(tables.call, call.decision_id == decision.decision_id)
        .where(*of.told(call.started_at, decision.decision_id))
        .group_by(decision.decision_id, decision.arm, task_class, decision.decided_at)
        .order_by(decision.decided_at, decision.decision_id)
    )
    if tenant is not None:
        query = query.where(task.tenant == tenant)
    for rows in connection.execute(query).partitions(_ROWS_AT_ONCE):
        for decision_id, arm, of_class, into, out in rows:
            yield decision_id, TokenCount(arm, of_class, int(into), int(out))
