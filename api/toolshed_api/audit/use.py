"""What searches found and what was called, counted by day: the reports that bring people back."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from toolshed.state.database import Database
from toolshed_api.audit.events import AuditEvent
from toolshed_api.audit.tables import empty_search, search_use, tool_use

# A call that was refused says nothing of the tool.
_CALLED = ("ok", "tool_error")
_Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class EmptySearch:
    """A request that found nothing.

    Attributes:
        digest: Of the request; equal ones have the same.
        text: It, where the operator keeps texts.
        n_searches: How often it was asked.
    """

    digest: str
    text: str | None
    n_searches: int


@dataclass(frozen=True, slots=True)
class ToolUse:
    """How often a tool was among those found, and how often it was called."""

    tool_id: str
    n_found: int
    n_called: int


@dataclass(frozen=True, slots=True)
class UseReport:
    """What searches found and what came of it, since a day.

    Attributes:
        since: The first day that is counted.
        n_searches: Searches for tools, by whomever.
        n_empty: Those that found nothing.
        empty_searches: The most frequent of them.
        n_never_found: Tools that no search found.
        never_found: Their ids, the first of them.
        n_never_called: Tools that were found, and never called.
        never_called: They, the most often found first.
    """

    since: date
    n_searches: int
    n_empty: int
    empty_searches: Sequence[EmptySearch]
    n_never_found: int
    never_found: Sequence[str]
    n_never_called: int
    never_called: Sequence[ToolUse]


def count_use(connection: Connection, events: Iterable[AuditEvent]) -> None:
    """Add what events tell of searches and calls, in the transaction that keeps them."""
    searches: Counter[_Key] = Counter()
    empty: Counter[_Key] = Counter()
    found: Counter[_Key] = Counter()
    called: Counter[_Key] = Counter()
    texts: dict[_Key, str | None] = {}
    for event in events:
        # An administrator who tries what others find is no demand.
        if event.viewed_as is not None:
            continue
        key = (event.tenant, event.at.astimezone(UTC).date())
        if event.found is not None:
            searches[key] += 1
            found.update((*key, tool_id) for tool_id in event.found)
            if not event.found:
                empty[*key, event.digest or ""] += 1
                texts[*key, event.digest or ""] = event.text
        elif event.action == "call" and event.outcome in _CALLED:
            called[*key, event.target] += 1
    n_empty: Counter[_Key] = Counter()
    for key, n in empty.items():
        n_empty[key[:2]] += n
    # Sorted, so that processes that write at once take their locks in one order.
    _add(connection, search_use, [(*key, n, n_empty[key]) for key, n in sorted(searches.items())])
    _add(connection, empty_search, [(*key, texts[key], n) for key, n in sorted(empty.items())])
    tools = sorted(found.keys() | called.keys())
    _add(
        connection,
        tool_use,
        [(*key[:2], _hash_of(key[2]), key[2], found[key], called[key]) for key in tools],
    )


def _add(connection: Connection, table: Table, rows: Sequence[_Key]) -> None:
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    adding = insert(table)
    sums = {
        column.name: column + adding.excluded[column.name]
        for column in table.columns
        if column.name.startswith("n_")
    }
    adding = adding.on_conflict_do_update(index_elements=list(table.primary_key), set_=sums)
    names = [column.name for column in table.columns]
    connection.execute(adding, [dict(zip(names, row, strict=True)) for row in rows])


def forget_use(connection: Connection, *, before: datetime) -> None:
    """Remove the counts of days that ended before a time."""
    for table in (search_use, empty_search, tool_use):
        connection.execute(delete(table).where(table.c.day < before.astimezone(UTC).date()))


def use_report(
    database: Database, tenant: str, tool_ids: Iterable[str], *, n_days: int, limit: int
) -> UseReport:
    """What searches of a tenant found, and what was called.

    Args:
        database: Where it was counted.
        tenant: Whose.
        tool_ids: The tools that there are; others, removed since, are not told of.
        n_days: Today and the days before it, in UTC.
        limit: Most of a kind to tell.
    """
    since = datetime.now(UTC).date() - timedelta(days=n_days - 1)
    with database.reading() as connection:
        n_searches, n_empty = _totals(connection, tenant, since)
        empty = _empty_searches(connection, tenant, since, limit)
        used = _tool_uses(connection, tenant, since)
    there = sorted(set(tool_ids))
    never_found = [one for one in there if one not in used or not used[one].n_found]
    unused = [used[one] for one in there if one in used and used[one].n_found and not used[one].n_called]
    unused.sort(key=lambda one: (-one.n_found, one.tool_id))
    return UseReport(
        since=since,
        n_searches=n_searches,
        n_empty=n_empty,
        empty_searches=empty,
        n_never_found=len(never_found),
        never_found=never_found[:limit],
        n_never_called=len(unused),
        never_called=unused[:limit],
    )


def _totals(connection: Connection, tenant: str, since: date) -> tuple[int, int]:
    column = search_use.c
    query = select(func.sum(column.n_searches), func.sum(column.n_empty))
    row = connection.execute(query.where(column.tenant == tenant, column.day >= since)).one()
    return int(row[0] or 0), int(row[1] or 0)


def _empty_searches(connection: Connection, tenant: str, since: date, limit: int) -> list[EmptySearch]:
    column = empty_search.c
    n_searches = func.sum(column.n_searches)
    query = (
        select(column.digest, func.max(column.text), n_searches)
        .where(column.tenant == tenant, column.day >= since)
        .group_by(column.digest)
        .order_by(n_searches.desc(), column.digest)
        .limit(limit)
    )
    return [EmptySearch(digest, text, int(n)) for digest, text, n in connection.execute(query)]


def _tool_uses(connection: Connection, tenant: str, since: date) -> Mapping[str, ToolUse]:
    column = tool_use.c
    query = (
        select(column.tool_id, func.sum(column.n_found), func.sum(column.n_called))
        .where(column.tenant == tenant, column.day >= since)
        .group_by(column.tool_id)
    )
    return {
        tool_id: ToolUse(tool_id, int(found), int(called))
        for tool_id, found, called in connection.execute(query)
    }


def _hash_of(tool_id: str) -> str:
    """Of a length that every database takes in a key."""
    return hashlib.sha256(tool_id.encode("utf-8", "replace")).hexdigest()
