"""Inserting records: again is no error, another one under the same key is, and what they refer to exists."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, bindparam, func, select
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.sql.selectable import Select

from toolshed.economics.ledger import tables
from toolshed.economics.ledger.records import Call, Decision, Outcome, Task, utc_now
from toolshed.errors import InvalidRecordError, UnknownDecisionError
from toolshed.metering.usage import Usage

_IDS_PER_QUERY = 5_000
_FIELDS: dict[type[object], tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(kind)) for kind in (Task, Decision, Call, Outcome)
}
# Clocks of two machines may differ by as much.
_SKEW = timedelta(minutes=1)
_USAGE_COLUMNS = (
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)
Item = TypeVar("Item")


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of some size; the last may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _among(connection: Connection, column: ColumnElement[Any], ids: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column has one of these ids; in SQLite they are one parameter, which is read much faster."""
    if connection.dialect.name != "sqlite":
        return column.in_(ids)
    return column.in_(select(func.json_each(json.dumps(ids)).table_valued("value").c.value))


def record_row(record: Task | Decision | Call | Outcome) -> dict[str, Any]:
    """A record as a row; unlike ``asdict`` it copies nothing, ten times as fast."""
    return {name: getattr(record, name) for name in _FIELDS[type(record)]}


def call_row(call: Call) -> dict[str, Any]:
    """A call as a row: what every usage has in columns, the rest of it as one object."""
    row = record_row(call)
    usage: Usage = row.pop("usage")
    counts = {name: getattr(usage, name) for name in _USAGE_COLUMNS}
    return {**row, **counts, "usage_source": usage.source, "usage_details": usage.details or None}


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Insert rows whose key is new; returns their keys."""
    statement = _inserting(table, connection.dialect.name)
    # Drivers disagree on the row count of many inserts; what is returned was inserted.
    return [row[0] for row in connection.execute(statement, rows)]


@cache
def _inserting(table: Table, dialect: str) -> ReturningInsert[Any]:
    """Made once: building a statement takes longer than running it."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]  # the same methods
    keys = [column.name for column in table.primary_key]
    return insert(table).on_conflict_do_nothing(index_elements=keys).returning(table.c[keys[0]])


def insert_all(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, but: str = ""
) -> int:
    """Insert rows; the same row again is no error, another one under its key is.

    Args:
        connection: In a transaction that writes.
        table: With one column as its key.
        rows: By the keys of columns.
        but: A column that may differ in what is the same all the same; what is stored stays.

    Returns:
        How many were new.
    """
    (key,) = [column.name for column in table.primary_key]
    given: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        first = given.setdefault(row[key], row)
        if first is not row and any(first[name] != row[name] for name in row if name != but):
            raise _taken(table, key, row[key])
    n_new = len(insert_new(connection, table, list(given.values())))
    if n_new == len(given):
        return n_new
    for ids in batches(given, _IDS_PER_QUERY):
        query = select(table).where(_among(connection, table.c[key], ids))
        for stored in connection.execute(query).mappings():
            same = given[stored[key]]
            if any(not _same(stored[table.c[n].name], value) for n, value in same.items() if n != but):
                raise _taken(table, key, stored[key])
    return n_new


def _same(stored: Any, given: Any) -> bool:
    if isinstance(given, Decimal):
        return stored is not None and abs(stored - given) < tables.SMALLEST_AMOUNT
    return bool(stored == given)


def _taken(table: Table, key: str, value: str) -> InvalidRecordError:
    return InvalidRecordError(
        f"{key} {value!r} is taken by another {table.name}; repeat the same record, or give it its own id"
    )


def times_of(
    connection: Connection, table: Table, time: str, ids: Sequence[str]
) -> dict[str, tuple[datetime, str]]:
    """Time and task of records that others refer to.

    Raises:
        UnknownDecisionError: If one does not exist.
    """
    found: dict[str, tuple[datetime, str]] = {}
    if len(ids) == 1:
        rows = connection.execute(_time_of(table, time), {"record": ids[0]})
        found.update({row[0]: (row[1], row[2]) for row in rows})
    else:
        (key,) = table.primary_key
        for some in batches(dict.fromkeys(ids), _IDS_PER_QUERY):
            query = select(key, table.c[time], table.c.task_id).where(_among(connection, key, some))
            found.update({row[0]: (row[1], row[2]) for row in connection.execute(query)})
    for one in ids:
        if one not in found:
            raise UnknownDecisionError(
                f"the ledger holds no {table.name} {one!r}; it is booked before what refers to it"
            )
    return found


@cache
def _time_of(table: Table, time: str) -> Select[Any]:
    (key,) = table.primary_key
    return select(key, table.c[time], table.c.task_id).where(key == bindparam("record"))


def check_outcomes(connection: Connection, outcomes: Sequence[Outcome]) -> None:
    """Refuse outcomes of what does not exist, or that are older than what they are about, or not yet known.

    Raises:
        UnknownDecisionError: If there is no such task or decision.
        InvalidRecordError: If a decision is of another task, a report older than it, or one of the future.
    """
    latest = utc_now() + _SKEW
    tasks = times_of(connection, tables.task, "created_at", [one.task_id for one in outcomes])
    decisions = times_of(
        connection, tables.decision, "decided_at", [one.decision_id for one in outcomes if one.decision_id]
    )
    for one in outcomes:
        since, what = tasks[one.task_id][0], "task began"
        if one.decision_id:
            since, of_task = decisions[one.decision_id]
            what = "decision was made"
            if of_task != one.task_id:
                raise InvalidRecordError(
                    f"decision {one.decision_id!r} belongs to task {of_task!r}, not to {one.task_id!r}"
                )
        if one.reported_at > latest and not _revises_later(connection, one):
            raise InvalidRecordError(
                f"outcome {one.outcome_id!r} is reported at {one.reported_at.isoformat()}, which is in the "
                "future, where it would hold against every revision; leave reported_at out, or give the time "
                "of the report"
            )
        if one.reported_at < since:
            raise InvalidRecordError(
                f"outcome {one.outcome_id!r} is reported at {one.reported_at.isoformat()}, before its {what} "
                f"at {since.isoformat()}; a clock ran backwards. Check it, and report again"
            )


def _revises_later(connection: Connection, outcome: Outcome) -> bool:
    """Whether an outcome revises one that was dated in the future, as earlier versions allowed."""
    latest = _latest_report(connection, outcome)
    return latest is not None and latest < outcome.reported_at <= latest + timedelta(microseconds=1)


def in_order(connection: Connection, outcome: Outcome, *, is_dated: bool) -> Outcome:
    """The outcome at a time of its own: no two of a task have the same, so that the later one is known.

    Without a time of the reporter's it stands after whatever is booked of its task.
    """
    latest = _latest_report(connection, outcome)
    after = None if latest is None else latest + timedelta(microseconds=1)
    if is_dated:
        return replace(outcome, reported_at=after) if after and latest == outcome.reported_at else outcome
    task, decision = tables.task.c, tables.decision.c
    began = select(task.created_at).where(task.task_id == outcome.task_id)
    decided = select(func.max(decision.decided_at)).where(decision.task_id == outcome.task_id)
    known = [after, connection.execute(began).scalar(), connection.execute(decided).scalar()]
    return replace(outcome, reported_at=max([outcome.reported_at, *(one for one in known if one)]))


def _latest_report(connection: Connection, outcome: Outcome) -> datetime | None:
    """When another outcome of the same task, or of an attempt at it, was last reported."""
    table = tables.outcome.c
    query = select(func.max(table.reported_at)).where(
        table.task_id == outcome.task_id, table.outcome_id != outcome.outcome_id
    )
    found: datetime | None = connection.execute(query).scalar()
    return found
