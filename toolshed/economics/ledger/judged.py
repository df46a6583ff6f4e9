"""Queries over what became of decisions and tasks: which outcome holds, and the facts in their order."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, case, func, select

from toolshed.economics.learning.evidence import Judgement, TokenCount
from toolshed.economics.ledger import tables


def _latest(by: Any) -> Any:
    """Outcomes ranked by time for each task or decision; rank 1 holds, ``first_at`` is that of the first."""
    # Any: columns and subqueries of SQLAlchemy.
    outcome = tables.outcome.c
    newest = (outcome.reported_at.desc(), outcome.outcome_id.desc())
    return (
        select(
            outcome.task_id,
            outcome.decision_id,
            outcome.passed,
            outcome.reported_at,
            func.row_number().over(partition_by=by, order_by=newest).label("rank"),
            func.min(outcome.reported_at).over(partition_by=by).label("first_at"),
        )
        .where(outcome.decision_id.is_(None) if by is outcome.task_id else outcome.decision_id.is_not(None))
        .subquery()
    )


def judged_decisions() -> Any:
    """A query of decisions with ``passed`` (None while unknown) and ``judged_at``.

    An attempt has the outcome that was reported for it, and otherwise that of its whole task. What is
    reported of the task after the last attempt was judged is a revision of that attempt.
    """
    own, whole, last = (
        _latest(tables.outcome.c.decision_id),
        _latest(tables.outcome.c.task_id),
        _last_attempts(),
    )
    decision, task = tables.decision.c, tables.task.c
    is_revised = (last.c.rank == 1) & (whole.c.reported_at > own.c.reported_at)
    return (
        select(
            *(column for column in decision if column.name != "task_class"),
            func.coalesce(decision.task_class, task.task_class).label("task_class"),
            task.tenant,
            task.problem,
            case((is_revised, whole.c.passed), else_=func.coalesce(own.c.passed, whole.c.passed)).label(
                "passed"
            ),
            func.coalesce(own.c.first_at, whole.c.first_at).label("judged_at"),
        )
        .join(tables.task, task.task_id == decision.task_id)
        .join(last, last.c.decision_id == decision.decision_id)
        .outerjoin(own, (own.c.decision_id == decision.decision_id) & (own.c.rank == 1))
        .outerjoin(whole, (whole.c.task_id == decision.task_id) & (whole.c.rank == 1))
    )


def judged_tasks() -> Any:
    """A query of tasks with ``passed``: what was reported last of the task or its last attempt, else None."""
    own, whole, last = (
        _latest(tables.outcome.c.decision_id),
        _latest(tables.outcome.c.task_id),
        _last_attempts(),
    )
    task = tables.task.c
    is_revised = own.c.reported_at > whole.c.reported_at
    return (
        select(
            tables.task,
            case((is_revised, own.c.passed), else_=func.coalesce(whole.c.passed, own.c.passed)).label(
                "passed"
            ),
        )
        .outerjoin(whole, (whole.c.task_id == task.task_id) & (whole.c.rank == 1))
        .outerjoin(last, (last.c.task_id == task.task_id) & (last.c.rank == 1))
        .outerjoin(own, (own.c.decision_id == last.c.decision_id) & (own.c.rank == 1))
    )


def _last_attempts() -> Any:
    """Decisions ranked within their task; the last attempt has rank 1."""
    decision = tables.decision.c
    newest = (decision.attempt.desc(), decision.decided_at.desc(), decision.decision_id.desc())
    rank = func.row_number().over(partition_by=decision.task_id, order_by=newest)
    return select(decision.task_id, decision.decision_id, rank.label("rank")).subquery()


def judgements(connection: Connection, tenant: str | None) -> Iterator[Judgement]:
    """Judged decisions, in the order in which they were first judged."""
    judged = judged_decisions().subquery()
    query = select(judged).where(judged.c.passed.is_not(None))
    if tenant is not None:
        query = query.where(judged.c.tenant == tenant)
    query = query.order_by(judged.c.judged_at, judged.c.decided_at, judged.c.decision_id)
    for row in connection.execute(query):
        yield _judgement(row)


def _judgement(row: Row[Any]) -> Judgement:
    return Judgement(row.arm, row.task_class, bool(row.passed), row.predicted, len(row.failed_before))


def token_counts(connection: Connection, tenant: str | None) -> Iterator[TokenCount]:
    """Tokens of each decision, in the order in which they were made."""
    decision, call, task = tables.decision.c, tables.call.c, tables.task.c
    task_class = func.coalesce(decision.task_class, task.task_class)
    query = (
        select(decision.arm, task_class, func.sum(call.input_tokens), func.sum(call.output_tokens))
        .join(tables.task, task.task_id == decision.task_id)
        .join(tables.call, call.decision_id == decision.decision_id)
        .group_by(decision.decision_id, decision.arm, task_class, decision.decided_at)
        .order_by(decision.decided_at, decision.decision_id)
    )
    if tenant is not None:
        query = query.where(task.tenant == tenant)
    for row in connection.execute(query):
        yield TokenCount(row[0], row[1], int(row[2]), int(row[3]))
