"""What is counted of searches and calls: exactly, by tenant and day, whoever writes at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from toolshed.state.database import Database
from toolshed_api.audit.events import AuditEvent
from toolshed_api.audit.log import AuditLog
from toolshed_api.audit.use import EmptySearch, ToolUse, UseReport
from toolshed_api.state import open_state

SEARCH = AuditEvent("acme", "key-1", "search", "", "ok", "r1", digest="d1", found=("mail:send", "mail:read"))
CALL = AuditEvent("acme", "key-1", "call", "mail:send", "ok", "r2")
TOOLS = ("mail:send", "mail:read", "chat:post")


@pytest.fixture
def database(location: str) -> Iterator[Database]:
    opened = open_state(location)
    yield opened
    opened.close()


def report(database: Database, *events: AuditEvent, n_days: int = 30, limit: int = 9) -> UseReport:
    log = AuditLog(database)
    for event in events:
        log.write(event)
    assert log.flush()
    try:
        return log.use_report("acme", TOOLS, n_days=n_days, limit=limit)
    finally:
        log.close()


def test_what_was_found_called_and_never_found_is_told(database: Database) -> None:
    told = report(database, SEARCH, SEARCH, CALL)
    assert (told.n_searches, told.n_empty) == (2, 0)
    assert told.never_found == ["chat:post"]
    assert told.never_called == [ToolUse("mail:read", 2, 0)]


def test_requests_that_found_nothing_come_by_how_often_they_were_asked(database: Database) -> None:
    empty = replace(SEARCH, found=())
    often = replace(empty, digest="d2", text="book\0 a \ud800 boat")
    told = report(database, empty, often, often, SEARCH)
    assert (told.n_searches, told.n_empty) == (4, 3)
    assert told.empty_searches == [EmptySearch("d2", "book\ufffd a ? boat", 2), EmptySearch("d1", None, 1)]


def test_only_the_first_of_many_are_told_and_all_are_counted(database: Database) -> None:
    empty = [replace(SEARCH, found=(), digest=f"d{i}") for i in range(5)]
    told = report(database, *empty, limit=2)
    assert (len(told.empty_searches), told.n_empty) == (2, 5)
    assert (len(told.never_found), told.n_never_found) == (2, 3)


def test_refused_calls_other_tenants_and_looks_through_others_eyes_do_not_count(database: Database) -> None:
    told = report(
        database,
        SEARCH,
        replace(CALL, outcome="unknown_tool"),
        replace(CALL, tenant="other"),
        replace(SEARCH, tenant="other"),
        replace(SEARCH, viewed_as="groups:a"),
    )
    assert told.n_searches == 1
    assert [one.tool_id for one in told.never_called] == ["mail:read", "mail:send"]


def test_a_call_that_failed_in_the_tool_was_a_call(database: Database) -> None:
    told = report(database, SEARCH, replace(CALL, outcome="tool_error"))
    assert told.never_called == [ToolUse("mail:read", 1, 0)]


def test_days_before_the_period_do_not_count_and_old_ones_are_forgotten(database: Database) -> None:
    before = replace(SEARCH, at=datetime.now(UTC) - timedelta(days=40))
    assert report(database, before).n_searches == 0
    assert report(database, n_days=60).n_searches == 1
    log = AuditLog(database)
    log.prune(keep_days=35)
    log.close()
    assert report(database, n_days=60).n_searches == 0


def test_nothing_is_lost_where_several_write_at_once(database: Database) -> None:
    logs = [AuditLog(database) for _ in range(4)]

    def work(log: AuditLog) -> None:
        for i in range(100):
            log.write(replace(SEARCH, found=TOOLS[i % 3 :]))
            log.write(CALL)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, logs))
    for log in logs:
        assert log.flush()
        log.close()
    told = report(database)
    assert told.n_searches == 400
    # TOOLS[0:], [1:] and [2:] by turns: of the second, two of three; of the third, all.
    assert told.never_called == [ToolUse("chat:post", 400, 0), ToolUse("mail:read", 268, 0)]
