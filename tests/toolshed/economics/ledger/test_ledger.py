"""The ledger on SQLite and on PostgreSQL: exact, append-only, shared, and never half-written."""

import random
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.postgres import own_postgres
from toolshed.economics.ledger import tables
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Call, Decision, Outcome, Task
from toolshed.economics.reporting.report import build_report
from toolshed.errors import (
    BudgetExceededError,
    ConfigurationError,
    InvalidRecordError,
    LedgerError,
    UnknownDecisionError,
)
from toolshed.metering.usage import Usage

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with own_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.db")
    url: str = request.getfixturevalue("postgres")
    name = f"t{uuid.uuid4().hex}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return url.replace("/postgres?", f"/{name}?")


@pytest.fixture
def ledger(location: str) -> Iterator[Ledger]:
    with Ledger(location) as opened:
        yield opened


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def facts(n: int = 60) -> tuple[list[Task], list[Decision], list[Call], list[Outcome]]:
    """Tasks in two classes, two arms, with calls, outcomes and some revisions."""
    rng = random.Random(4)
    tasks, decisions, calls, outcomes = [], [], [], []
    for i in range(n):
        task = Task(f"class {i % 2}", f"t{i}", created_at=at(i))
        arm = rng.choice(["small", "large"])
        decision = Decision(task.task_id, arm, arm, 0.5, 0.9, decision_id=f"d{i}", decided_at=at(i + 0.1))
        usage = Usage(rng.randrange(1000), 7)
        call = Call(
            task.task_id,
            "agent",
            arm,
            usage,
            Decimal("0.000000123"),
            f"c{i}",
            decision.decision_id,
            started_at=at(i),
        )
        tasks.append(task)
        decisions.append(decision)
        calls.append(call)
        if i % 5:
            late = at(i + rng.randrange(1, 50))
            first = Outcome(task.task_id, rng.random() < 0.6, decision.decision_id, f"o{i}", reported_at=late)
            outcomes.append(first)
            if i % 7 == 0:
                later = late + timedelta(minutes=3)
                revised = replace(first, outcome_id=f"r{i}", passed=not first.passed, reported_at=later)
                outcomes.append(revised)
    return tasks, decisions, calls, outcomes


def write(ledger: Ledger, shuffled_by: int | None = None, times: int = 1) -> None:
    tasks, decisions, calls, outcomes = facts()
    for turn in range(times):
        for some, add in (
            (tasks, ledger.add_task),
            (decisions, ledger.add_decision),
            (calls, ledger.add_call),
            (outcomes, ledger.add_outcome),
        ):
            order: list[object] = list(some)
            if shuffled_by is not None:
                random.Random(shuffled_by + turn).shuffle(order)
            put: Callable[[object], object] = add  # type: ignore[assignment]  # one of four
            for one in order:
                put(one)


def test_money_is_exact(ledger: Ledger) -> None:
    write(ledger)
    spent, extra = ledger.spend()
    assert spent == 60 * Decimal("0.000000123")
    assert extra == 0


def test_evidence_is_identical_after_replays_out_of_order_with_revisions(
    ledger: Ledger, tmp_path: Path
) -> None:
    write(ledger)
    once = ledger.evidence().state()
    write(ledger)
    assert ledger.evidence().state() == once, "written twice"
    with Ledger(tmp_path / "other.db") as other:
        write(other, shuffled_by=9, times=2)
        assert other.evidence().state() == once, "out of order, and on another database"
    assert ledger.evidence(tenant="nobody").n_judged == 0


def test_a_revision_holds_from_when_it_is_reported(ledger: Ledger) -> None:
    task = ledger.add_task(Task(created_at=NOON))
    decision = ledger.add_decision(Decision(task.task_id, "a", "a", decided_at=NOON))
    ledger.add_outcome(Outcome(task.task_id, True, decision.decision_id, reported_at=at(2)))
    ledger.add_outcome(Outcome(task.task_id, False, decision.decision_id, reported_at=at(1)))
    assert ledger.evidence().passes.sum() == 1, "an older report that arrives later changes nothing"
    ledger.add_outcome(Outcome(task.task_id, False, decision.decision_id, reported_at=at(3)))
    assert (ledger.evidence().passes.sum(), ledger.evidence().failures.sum()) == (0, 1)


def test_an_outcome_of_the_task_is_that_of_attempts_without_one_of_their_own(ledger: Ledger) -> None:
    task = ledger.add_task(Task(created_at=NOON))
    first = ledger.add_decision(Decision(task.task_id, "a", "a", decided_at=NOON))
    ledger.add_decision(Decision(task.task_id, "b", "b", attempt=2, failed_before=("a",), decided_at=at(1)))
    ledger.add_outcome(Outcome(task.task_id, False, first.decision_id, reported_at=at(1)))
    ledger.add_outcome(Outcome(task.task_id, True, reported_at=at(2)))
    seen = ledger.evidence()
    assert seen.failures[seen.row("a")].sum() == 1
    assert seen.retry_passes[seen.row("b")].sum() == 1


def test_what_is_reported_of_the_task_later_revises_its_last_attempt(ledger: Ledger) -> None:
    task = ledger.add_task(Task(created_at=NOON))
    first = ledger.add_decision(Decision(task.task_id, "a", "a", decided_at=NOON))
    ledger.add_outcome(Outcome(task.task_id, False, first.decision_id, reported_at=at(1)))
    second = Decision(task.task_id, "b", "b", attempt=2, failed_before=("a",), decided_at=at(1))
    ledger.add_decision(second)
    ledger.add_outcome(Outcome(task.task_id, True, second.decision_id, reported_at=at(2)))
    ledger.add_outcome(Outcome(task.task_id, False, reported_at=at(3)))
    seen = ledger.evidence()
    assert seen.failures[seen.row("a")].sum() == 1
    assert seen.retry_failures[seen.row("b")].sum() == 1
    (row,) = build_report(ledger, by="class").rows
    assert (row.n_passed, row.n_failed) == (0, 1)
    ledger.add_outcome(Outcome(task.task_id, True, second.decision_id, reported_at=at(4)))
    assert ledger.evidence().retry_passes.sum() == 1
    (row,) = build_report(ledger, by="class").rows
    assert (row.n_passed, row.n_failed) == (1, 0)


def test_one_key_holds_one_record(ledger: Ledger) -> None:
    task = ledger.add_task(Task("x", "t1", created_at=NOON))
    ledger.add_task(task)
    with pytest.raises(InvalidRecordError, match="'t1' is taken"):
        ledger.add_task(replace(task, task_class="y"))
    call = Call("t1", "agent", "m", Usage(1), Decimal("0.5"), "c1", started_at=NOON)
    ledger.add_call(call)
    with pytest.raises(InvalidRecordError, match="'c1' is taken"):
        ledger.add_calls([replace(call, call_id="c2"), replace(call, cost_usd=Decimal("0.6"))])
    assert len(ledger.task("t1")["calls"]) == 1, "all or none"


def test_what_does_not_exist_is_an_error_and_writes_nothing(ledger: Ledger) -> None:
    task = ledger.add_task(Task(task_id="t1", created_at=NOON))
    with pytest.raises(UnknownDecisionError, match="no task 'nope'"):
        ledger.add_outcome(Outcome("nope", True))
    with pytest.raises(UnknownDecisionError, match="no decision 'nope'"):
        ledger.add_outcomes([Outcome("t1", True), Outcome("t1", True, "nope")])
    with pytest.raises(UnknownDecisionError):
        ledger.add_decision(Decision("nope", "a", "a"))
    with pytest.raises(UnknownDecisionError):
        ledger.settle("nope", Decimal(1))
    with pytest.raises(UnknownDecisionError):
        ledger.task_of("nope")
    assert ledger.task(task.task_id)["outcomes"] == []


def test_a_clock_that_runs_backwards_is_an_error(ledger: Ledger) -> None:
    task = ledger.add_task(Task(created_at=NOON))
    decision = ledger.add_decision(Decision(task.task_id, "a", "a", decided_at=NOON))
    with pytest.raises(InvalidRecordError, match="clock ran backwards"):
        ledger.add_outcome(Outcome(task.task_id, True, decision.decision_id, reported_at=at(-1)))
    with pytest.raises(InvalidRecordError, match="clock ran backwards"):
        Call(task.task_id, "agent", "m", Usage(1), Decimal(0), latency_seconds=-0.1)
    other = ledger.add_task(Task(created_at=NOON))
    with pytest.raises(InvalidRecordError, match="belongs to task"):
        ledger.add_outcome(Outcome(other.task_id, True, decision.decision_id))


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
            barrier.wait()
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


def test_many_outcomes_at_once_are_all_booked_or_none(tmp_path: Path) -> None:
    with Ledger(tmp_path / "many.db") as ledger:
        ledger.add_task(Task(task_id="t", created_at=NOON))
        many = (Outcome("t", True, outcome_id=f"o{i}", reported_at=at(1)) for i in range(100_000))
        assert ledger.add_outcomes(many) == 100_000
        bad = [*(Outcome("t", True, reported_at=at(2)) for _ in range(6000)), Outcome("gone", True)]
        with pytest.raises(UnknownDecisionError):
            ledger.add_outcomes(bad)
        with ledger.database.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM outcome")).scalar() == 100_000


def test_the_migrations_make_the_tables_that_the_code_names(ledger: Ledger) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with ledger.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, tables.metadata) == []


def test_opening_again_and_at_once_migrates_once(location: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: Ledger(location).close(), range(6)))


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


@pytest.mark.parametrize(
    ("make", "told"),
    [
        pytest.param(lambda: Decision("t", "a", "a", propensity=0), "above 0", id="propensity"),
        pytest.param(lambda: Decision("t", "a", "a", predicted=2), "between 0 and 1", id="predicted"),
        pytest.param(lambda: Decision("t", "", "a"), "1 to 200", id="empty-id"),
        pytest.param(lambda: Task(task_id="x" * 300), "1 to 200", id="long-id"),
        pytest.param(lambda: Task(created_at=datetime(2026, 1, 1)), "time zone", id="naive"),
        pytest.param(lambda: Outcome("t", 1), "True or False", id="not-boolean"),  # type: ignore[arg-type]  # tested
        pytest.param(lambda: Outcome("t", True, grade=3), "between 0 and 1", id="grade"),
        pytest.param(lambda: Call("t", "agent", "m", Usage(), Decimal(-1)), "0 or more", id="negative-cost"),
        pytest.param(
            lambda: Call("t", "brain", "m", Usage(), Decimal(0)),  # type: ignore[arg-type]  # tested
            "choose of agent",
            id="component",
        ),
    ],
)
def test_impossible_records_are_refused_when_they_are_made(make: Callable[[], object], told: str) -> None:
    with pytest.raises(InvalidRecordError, match=told):
        make()
