"""What a ledger holds, as trials of a report: attempts by model, or tasks by what they have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, select

from toolshed.economics.ledger import tables
from toolshed.economics.ledger.judged import judged_decisions, judged_tasks
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.reporting.cost_of_pass import Trial

GROUPINGS = ("model", "class", "pipeline", "tenant", "team", "day")
_COLUMNS = {"class": "task_class", "day": "created_at"}
_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Scope:
    """Which tasks a report is about.

    Attributes:
        tenant: Only of this tenant.
        since: Only those that began then or later.
        until: Only those that began before.
    """

    tenant: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def of(self, query: Select[Any], tenant: Any, time: Any) -> Select[Any]:
        """A query, narrowed to the scope by its columns of tenants and times."""
        # Any: columns of SQLAlchemy.
        if self.tenant is not None:
            query = query.where(tenant == self.tenant)
        if self.since is not None:
            query = query.where(time >= self.since)
        return query if self.until is None else query.where(time < self.until)


def _spent(by: Any) -> Any:
    """Calls, tokens and dollars by a column of calls."""
    call = tables.call.c
    return (
        select(
            by.label("of"),
            func.count().label("n_calls"),
            func.sum(call.input_tokens).label("input_tokens"),
            func.sum(call.output_tokens).label("output_tokens"),
            func.sum(call.cost_usd).label("cost_usd"),
        )
        .where(by.is_not(None))
        .group_by(by)
        .subquery()
    )


def attempts(ledger: Ledger, scope: Scope) -> list[Trial]:
    """Attempts by arm, and the calls that no decision led to by model; each with its calls."""
    judged = judged_decisions().subquery().c
    spent = _spent(tables.call.c.decision_id).c
    query = select(
        judged.arm, judged.passed, func.coalesce(judged.problem, judged.task_class), *list(spent)[1:]
    ).outerjoin(spent.of.table, spent.of == judged.decision_id)
    query = scope.of(query, judged.tenant, judged.decided_at)
    return [*_trials(ledger, query, str), *_undecided(ledger, scope)]


def _undecided(ledger: Ledger, scope: Scope) -> list[Trial]:
    """Calls beside the decisions, such as encodings and checks, by model."""
    call, task = tables.call.c, tables.task.c
    query = (
        select(
            call.model,
            func.count(),
            func.sum(call.input_tokens),
            func.sum(call.output_tokens),
            func.sum(call.cost_usd),
        )
        .join(tables.task, task.task_id == call.task_id)
        .where(call.decision_id.is_(None))
        .group_by(call.model)
    )
    with ledger.database.reading() as connection:
        rows = connection.execute(scope.of(query, task.tenant, task.created_at)).all()
    return [
        Trial(model, float(usd), None, n_calls=n, input_tokens=into, output_tokens=out, is_attempt=False)
        for model, n, into, out, usd in rows
    ]


def tasks(ledger: Ledger, by: str, scope: Scope) -> list[Trial]:
    """Whole tasks, with everything that was spent on them."""
    judged = judged_tasks().subquery().c
    spent = _spent(tables.call.c.task_id).c
    group = judged[_COLUMNS.get(by, by)]
    query = select(group, judged.passed, judged.problem, *list(spent)[1:]).outerjoin(
        spent.of.table, spent.of == judged.task_id
    )
    named = _day if by == "day" else str
    return _trials(ledger, scope.of(query, judged.tenant, judged.created_at), named)


def _day(began: datetime) -> str:
    return f"{began.astimezone(UTC):%Y-%m-%d}"


def _trials(ledger: Ledger, query: Select[Any], named: Callable[[Any], str]) -> list[Trial]:
    found = []
    with ledger.database.reading() as connection:
        for rows in connection.execute(query).partitions(_ROWS_AT_ONCE):
            found += [
                Trial(
                    named(group) if group else "-",
                    float(usd or 0),
                    None if passed is None else bool(passed),
                    problem or "",
                    n or 0,
                    into or 0,
                    out or 0,
                )
                for group, passed, problem, n, into, out, usd in rows
            ]
    return found
