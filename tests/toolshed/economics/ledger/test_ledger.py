"""The ledger on SQLite and on PostgreSQL: exact, append-only, shared, and never half-written."""

import contextlib
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.databases import new_database
from tests.ledger_facts import NOON, write
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Call, Task
from toolshed.errors import BudgetExceededError, ConfigurationError, LedgerError
from toolshed.metering.usage import Usage


def test_records_can_be_neither_changed_nor_deleted(ledger: Ledger) -> None:
    write(ledger)
    for statement in ("DELETE FROM outcome", 'UPDATE "call" SET cost = 0', "DELETE FROM task"):
        with pytest.raises(Exception, match="append-only"), ledger.database.engine.begin() as connection:
            connection.execute(text(statement))
    assert ledger.spend()[0] > 0


def test_two_writers_at_once_lose_nothing(ledger: Ledger, location: str) -> None:
    def work(which: int) -> None:
        with Ledger(location) as own:
            for i in range(25):
                task = own.add_task(Task(task_id=f"w{which}-{i}", created_at=NOON))
                own.add_call(Call(task.task_id, "tool", "m", Usage(), Decimal("0.1"), started_at=NOON))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    with ledger.database.engine.connect() as connection:
        assert connection.execute(text('SELECT count(*) FROM "call"')).scalar() == 200


def test_sixteen_callers_never_spend_more_than_the_cap(location: str) -> None:
    cap, done, refused = Decimal("1.00"), [], []
    barrier = threading.Barrier(16)

    def work(which: int) -> None:
        rng = random.Random(which)
        with Ledger(location) as own:
            barrier.wait(60)
            for _ in range(12):
                try:
                    hold = own.reserve(Decimal("0.04"), cap_usd=cap, window_start=NOON)
                except BudgetExceededError:
                    refused.append(which)
                    continue
                spent = Decimal(rng.randrange(1, 41)) / 1000
                done.append(spent)
                own.settle(hold, spent)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    with Ledger(location) as ledger:
        assert sum(done) <= cap, "no overshoot"
        assert refused
        assert ledger.committed_usd(window_start=NOON) == sum(done)


def test_who_reserves_while_the_first_of_a_window_is_not_committed_is_not_refused(postgres: str) -> None:
    with Ledger(new_database(postgres)) as ledger, ThreadPoolExecutor(1) as pool:
        few = {"cap_usd": Decimal(1), "window_start": NOON}
        with ledger.database.joined():
            ledger.reserve(Decimal("0.1"), **few)
            second = pool.submit(ledger.reserve, Decimal("0.2"), **few)
            _wait_until_one_is_blocked(ledger)
        second.result(60)
        assert ledger.committed_usd(window_start=NOON) == Decimal("0.3")


def _wait_until_one_is_blocked(ledger: Ledger) -> None:
    until = time.monotonic() + 60
    blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while time.monotonic() < until:
        with ledger.database.engine.connect() as connection:
            if connection.execute(blocked).scalar():
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits for the first")


def test_reserving_and_settling_again_does_nothing(ledger: Ledger) -> None:
    hold = ledger.reserve(Decimal("0.4"), cap_usd=Decimal(1), window_start=NOON, hold_id="h")
    assert ledger.reserve(Decimal("0.4"), cap_usd=Decimal(1), window_start=NOON, hold_id="h") == hold
    for _ in range(2):
        ledger.settle(hold, Decimal("0.1"))
    assert ledger.committed_usd(window_start=NOON) == Decimal("0.1")
    with pytest.raises(BudgetExceededError, match="next window"):
        ledger.reserve(Decimal("0.91"), cap_usd=Decimal(1), window_start=NOON)


_WRITER = """
import sys
from datetime import datetime, UTC
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Task, Outcome
ledger = Ledger(sys.argv[1])
for i in range(100000):
    ledger.add_task(Task(task_id=f"k{i}"))
    ledger.add_outcome(Outcome(f"k{i}", True))
    print(i, flush=True)
"""


def test_a_writer_that_is_killed_loses_nothing_it_acknowledged(location: str) -> None:
    with Ledger(location):
        pass
    acknowledged = -1
    command = [sys.executable, "-c", _WRITER, location]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            acknowledged = int(line)
            if acknowledged == 40:
                writer.send_signal(signal.SIGKILL)
    with Ledger(location) as ledger:
        for i in range(acknowledged + 1):
            assert len(ledger.task(f"k{i}")["outcomes"]) == 1
        with ledger.database.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM outcome")).scalar() in (
                acknowledged + 1,
                acknowledged + 2,
            )


def test_opening_again_and_at_once_migrates_once(location: str) -> None:
    barrier = threading.Barrier(16)

    def open_one(_: int) -> None:
        barrier.wait(60)
        Ledger(location).close()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(open_one, range(16)))


def test_opening_waits_for_another_who_writes_before_there_is_a_log(tmp_path: Path) -> None:
    path = tmp_path / "fresh.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE theirs (x)")
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO theirs VALUES (1)")
        with ThreadPoolExecutor(1) as pool:
            opened = pool.submit(Ledger, str(path))
            with pytest.raises(TimeoutError):
                opened.result(0.3)
            other.execute("COMMIT")
            opened.result(60).close()


def test_a_ledger_of_a_newer_version_is_refused(ledger: Ledger, location: str) -> None:
    with ledger.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LedgerError, match="newer version"):
        Ledger(location)


def test_locations_that_are_none_say_what_would_be_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="postgresql\\+psycopg"):
        Ledger("nonsense://x")
    (tmp_path / "file").write_text("x")
    with pytest.raises(LedgerError):
        Ledger(str(tmp_path / "file" / "ledger.db"))
    (tmp_path / "text.db").write_text("this is no database, but long enough to be looked at" * 50)
    with pytest.raises(LedgerError):
        Ledger(str(tmp_path / "text.db"))
