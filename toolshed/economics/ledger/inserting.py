"""Inserting records: again is no error, another one under the same key is, and what they refer to exists."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, select

from toolshed.economics.ledger import tables
from toolshed.economics.ledger.records import Call, Outcome
from toolshed.errors import InvalidRecordError, UnknownDecisionError

_IDS_PER_QUERY = 500
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


def call_row(call: Call) -> dict[str, Any]:
    """A call as a row: what every usage has in columns, the rest of it as one object."""
    row = asdict(call)
    usage = row.pop("usage")
    counts = {name: usage[name] for name in _USAGE_COLUMNS}
    return {
        **row,
        **counts,
        "usage_source": usage["source"],
        "usage_details": call.usage.details or None,
    }


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows whose key is new; returns how many."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]  # the same methods
    keys = [column.name for column in table.primary_key]
    statement = insert(table).on_conflict_do_nothing(index_elements=keys).returning(table.c[keys[0]])
    # Drivers disagree on the row count of many inserts; what is returned was inserted.
    return len(connection.execute(statement, [dict(row) for row in rows]).all())


def insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; the same row again is no error, another one under its key is."""
    (key,) = [column.name for column in table.primary_key]
    given: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        if given.setdefault(row[key], row) != row:
            raise _taken(table, key, row[key])
    if insert_new(connection, table, list(given.values())) == len(given):
        return
    for ids in batches(given, _IDS_PER_QUERY):
        for stored in connection.execute(select(table).where(table.c[key].in_(ids))).mappings():
            same = given[stored[key]]
            if any(not _same(stored[table.c[name].name], value) for name, value in same.items()):
                raise _taken(table, key, stored[key])


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
    (key,) = table.primary_key
    found: dict[str, tuple[datetime, str]] = {}
    for some in batches(dict.fromkeys(ids), _IDS_PER_QUERY):
        query = select(key, table.c[time], table.c.task_id).where(key.in_(some))
        found.update({row[0]: (row[1], row[2]) for row in connection.execute(query)})
    for one in ids:
        if one not in found:
            raise UnknownDecisionError(
                f"the ledger holds no {table.name} {one!r}; it is booked before what refers to it"
            )
    return found


def check_outcomes(connection: Connection, outcomes: Sequence[Outcome]) -> None:
    """Refuse outcomes of what does not exist, or that are older than what they are about.

    Raises:
        UnknownDecisionError: If there is no such task or decision.
        InvalidRecordError: If a decision is of another task, or a report older than it.
    """
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
        if one.reported_at < since:
            raise InvalidRecordError(
                f"outcome {one.outcome_id!r} is reported at {one.reported_at.isoformat()}, before its {what} "
                f"at {since.isoformat()}; a clock ran backwards. Check it, and report again"
            )
