"""Queries over what became of decisions and tasks: which outcome holds, and the facts in their order."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BigInteger, Connection, case, func, select, type_coerce

from toolshed.economics.learning.evidence import Judgement, TokenCount
from toolshed.economics.ledger import tables
from toolshed.state.columns import Moment

_ROWS_AT_ONCE = 10_000


def _outcomes(by: Any) -> Any:
    """What holds of each task, or decision, and ``first_at``, when it was first told."""
    # Any: columns and subqueries of SQLAlchemy.
    # The latest outcome is the largest 2 x time + passed: one pass and no window, over a million rows.
    outcome = tables.outcome.c
    time = type_coerce(outcome.reported_at, BigInteger)
    coded = func.max(2 * time + case((outcome.passed, 1), else_=0))
    grouped = (
        select(by.label("of"), coded.label("coded"), func.min(time).label("first_at"))
        .where(outcome.decision_id.is_(None) if by is outcome.task_id else outcome.decision_id.is_not(None))
        .group_by(by)
        .subquery()
    )
    return select(
        grouped.c.of, grouped.c.coded, (grouped.c.coded % 2 == 1).label("passed"), grouped.c.first_at
    ).subquery()


def judged_decisions() -> Any:
    """A query of decisions with ``passed`` (None while unknown) and ``judged_at``.

    An attempt has the outcome that was reported for it, and otherwise that of its whole task. What is
    reported of the task after the last attempt was judged is a revision of that attempt.
    """
    own, whole = _outcomes(tables.outcome.c.decision_id).c, _outcomes(tables.outcome.c.task_id).c
    decision, task = tables.decision.c, tables.task.c
    is_revised = (whole.coded // 2 > own.coded // 2) & (
        decision.decision_id == _last_attempt(decision.task_id)
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
    )


def judged_tasks() -> Any:
    """A query of tasks with ``passed``: what was reported last of the task or its last attempt, else None."""
    own, whole = _outcomes(tables.outcome.c.decision_id).c, _outcomes(tables.outcome.c.task_id).c
    task = tables.task.c
    is_revised = own.coded // 2 > whole.coded // 2
    passed = case((is_revised, own.passed), else_=func.coalesce(whole.passed, own.passed))
    return (
        select(tables.task, passed.label("passed"))
        .outerjoin(whole.of.table, whole.of == task.task_id)
        .outerjoin(own.of.table, own.of == _last_attempt(task.task_id))
    )


def _last_attempt(task_id: Any) -> Any:
    """The last attempt at a task."""
    decision = tables.decision.alias().c
    newest = (decision.attempt.desc(), decision.decided_at.desc(), decision.decision_id.desc())
    return (
        select(decision.decision_id)
        .where(decision.task_id == task_id)
        .order_by(*newest)
        .limit(1)
        .correlate(task_id.table)
        .scalar_subquery()
    )


def judgements(connection: Connection, tenant: str | None) -> Iterator[Judgement]:
    """Judged decisions, in the order in which they were first judged."""
    judged = judged_decisions().subquery()
    # A million rows are folded at once: only what is needed of them, and no JSON.
    query = select(
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
        for arm, task_class, passed, predicted, n_failed in rows:
            yield Judgement(arm, task_class, bool(passed), predicted, n_failed)


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
    for rows in connection.execute(query).partitions(_ROWS_AT_ONCE):
        for arm, of_class, into, out in rows:
            yield TokenCount(arm, of_class, int(into), int(out))
