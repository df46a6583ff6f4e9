"""Waiting for the disk: nothing is acknowledged before it lasts, and one wait is enough for many."""

import contextlib
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from toolshed.errors import LedgerError
from toolshed.state import lasting
from toolshed.state.database import Database
from toolshed.state.lasting import WrittenLog

_SECONDS = 60


class SlowDisk:
    """Counts what it is asked to keep, and keeps it when it is let."""

    def __init__(self) -> None:
        self.n_begun = 0
        self.is_asked, self.may_go_on = threading.Event(), threading.Event()

    def sync(self, _file: int) -> None:
        self.n_begun += 1
        self.is_asked.set()
        assert self.may_go_on.wait(_SECONDS)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SlowDisk:
    disk = SlowDisk()
    monkeypatch.setattr(lasting, "_sync", disk.sync)
    return disk


def _waiting(log: WrittenLog) -> threading.Thread:
    thread = threading.Thread(target=log.wait)
    thread.start()
    return thread


def test_those_who_come_while_the_disk_works_share_its_next_turn(disk: SlowDisk, tmp_path: Path) -> None:
    (tmp_path / "a.db-wal").touch()
    log = WrittenLog(tmp_path / "a.db")
    first = _waiting(log)
    assert disk.is_asked.wait(_SECONDS)
    later = [_waiting(log) for _ in range(8)]
    disk.may_go_on.set()
    for thread in (first, *later):
        thread.join(_SECONDS)
    # The turn that went on may not hold what they wrote; a thread that started late may need a third.
    assert 2 <= disk.n_begun <= 3


def test_a_write_returns_once_it_lasts(disk: SlowDisk, tmp_path: Path) -> None:
    disk.may_go_on.set()
    database = Database.open(str(tmp_path / "a.db"), "ledger", LedgerError)
    n_before = disk.n_begun
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE t (a)"))
        assert disk.n_begun == n_before
    assert disk.n_begun == n_before + 1
    with database.lasting():
        for number in range(3):
            with database.writing() as connection:
                connection.execute(text("INSERT INTO t VALUES (:a)"), {"a": number})
    assert disk.n_begun == n_before + 2
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM t")).scalar() == 3
    assert disk.n_begun == n_before + 2
    database.close()


def test_what_is_refused_waits_for_no_disk(disk: SlowDisk, tmp_path: Path) -> None:
    disk.may_go_on.set()
    database = Database.open(str(tmp_path / "a.db"), "ledger", LedgerError)
    n_before = disk.n_begun
    with pytest.raises(LookupError), database.lasting(), database.writing():
        raise LookupError
    assert disk.n_begun == n_before
    with contextlib.suppress(LookupError), database.lasting():
        with database.writing() as connection:
            connection.execute(text("CREATE TABLE t (a)"))
        # What was kept before is waited for.
        raise LookupError
    assert disk.n_begun == n_before + 1
    database.close()


@pytest.mark.parametrize("form", ["{folder}/link.db", "sqlite:///file:{folder}/a.db?uri=true"])
def test_a_write_lasts_in_a_file_that_is_named_otherwise(disk: SlowDisk, tmp_path: Path, form: str) -> None:
    disk.may_go_on.set()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "elsewhere" / "a.db")
    database = Database.open(form.format(folder=tmp_path), "ledger", LedgerError)
    n_before = disk.n_begun
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE t (a)"))
    database.close()
    assert disk.n_begun == n_before + 1


def test_a_disk_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database.open(str(tmp_path / "a.db"), "ledger", LedgerError)

    def refuse(_file: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(lasting, "_sync", refuse)
    with pytest.raises(LedgerError, match="no space left"), database.writing() as connection:
        connection.execute(text("CREATE TABLE t (a)"))
    database.close()
