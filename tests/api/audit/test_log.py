"""The audit log: in order, whole, bounded, and never in the way."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.locked_ledger import locked
from tests.threads import switching_at_every_turn
from toolshed.state import lasting
from toolshed.state.database import Database
from toolshed_api.audit import log as module
from toolshed_api.audit.events import AuditEvent
from toolshed_api.audit.log import AuditLog
from toolshed_api.problems import OverloadedError
from toolshed_api.state import open_state

EVENT = AuditEvent("acme", "key-1", "search", "", "ok", "r1")


@pytest.fixture
def database(location: str) -> Iterator[Database]:
    opened = open_state(location)
    yield opened
    opened.close()


def targets(database: Database, tenant: str = "acme") -> list[str]:
    log = AuditLog(database)
    try:
        return [str(row["target"]) for row in log.page(tenant, limit=100_000)][::-1]
    finally:
        log.close()


def test_a_stop_loses_nothing_and_each_thread_keeps_its_order(database: Database) -> None:
    log = AuditLog(database)

    def work(which: int) -> None:
        for i in range(100):
            log.write(replace(EVENT, target=f"{which}-{i}"))

    with switching_at_every_turn(), ThreadPoolExecutor(32) as pool:
        list(pool.map(work, range(32)))
    log.close()
    written = targets(database)
    assert len(written) == 3_200
    for which in range(32):
        assert [one for one in written if one.startswith(f"{which}-")] == [f"{which}-{i}" for i in range(100)]


def test_a_database_that_is_held_up_is_waited_for(tmp_path: Path) -> None:
    path, is_written = tmp_path / "state.db", threading.Event()
    database = open_state(str(path))
    log = AuditLog(database)
    with locked(path, is_written.is_set):
        # Nobody waits for it: the lock is held until this has returned.
        log.write(EVENT)
        is_written.set()
    assert log.flush()
    assert len(log.page("acme", limit=9)) == 1
    log.close()
    database.close()


def test_what_a_disk_refuses_behind_its_commit_is_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    database = open_state(str(tmp_path / "state.db"))
    log, refusals = AuditLog(database), iter([OSError("no space left"), OSError("no space left")])

    def refuse(_file: int) -> None:
        for error in refusals:
            raise error

    monkeypatch.setattr(lasting, "_sync", refuse)
    log.write(EVENT)
    assert log.flush(timeout_seconds=60)
    assert len(log.page("acme", limit=9)) == 1
    assert "may be lost with the machine" in caplog.text
    log.close()
    database.close()


def test_what_could_not_be_written_down_is_not_done(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    gate = threading.Event()
    writing = Database.writing

    def held(self: Database) -> object:
        assert gate.wait(60)
        return writing(self)

    monkeypatch.setattr(Database, "writing", held)
    log = AuditLog(database)
    for _ in range(3):
        log.check_room()
        log.write(EVENT)
    with pytest.raises(OverloadedError, match="audit log"):
        log.check_room()
    gate.set()
    assert log.flush()
    log.check_room()
    log.close()
    assert len(targets(database)) == 3


def test_text_that_a_database_refuses_holds_up_nothing(database: Database) -> None:
    log = AuditLog(database)
    hostile = "a\0b\ud800" + "x" * 100_000
    log.write(AuditEvent("acme", hostile, hostile, hostile, hostile, hostile, hostile, text=hostile))
    log.write(replace(EVENT, target="after"))
    assert log.flush()
    last, first = log.page("acme", limit=2)
    assert last["target"] == "after"
    assert first["target"].startswith("a\ufffdb?xxx")
    assert (len(first["text"]), len(first["target"]), len(first["caller"])) == (20_000, 2_000, 200)
    log.close()


def test_pages_go_back_without_gaps_while_more_is_written(database: Database) -> None:
    log = AuditLog(database)
    for i in range(7):
        log.write(replace(EVENT, target=str(i)))
    log.write(replace(EVENT, tenant="globex", target="theirs"))
    log.flush()
    seen: list[str] = []
    before = None
    while page := log.page("acme", limit=3, before=before):
        seen += [str(row["target"]) for row in page]
        before = page[-1]["event_id"]
        log.write(replace(EVENT, target="later"))
        log.flush()
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]
    assert log.page("acme", limit=9, action="call") == []
    assert len(log.page("globex", limit=9, caller="key-1")) == 1
    log.close()


def test_what_is_older_than_it_is_kept_for_is_forgotten(database: Database) -> None:
    log = AuditLog(database)
    now = datetime.now(UTC)
    for days in (1, 29, 31, 400):
        log.write(replace(EVENT, target=str(days), at=now - timedelta(days=days)))
    log.flush()
    assert log.prune(keep_days=30) == 2
    log.close()
    assert targets(database) == ["1", "29"]
