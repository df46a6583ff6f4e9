"""Snapshots of evidence: what comes of them is what comes of all facts."""

import itertools
import random
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.ledger_facts import NOON
from toolshed.economics.learning.evidence import Evidence
from toolshed.economics.ledger import snapshots
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Call, Decision, Outcome, Task
from toolshed.economics.ledger.snapshots import Known, known, refreshed
from toolshed.metering.usage import Usage

TENANTS = ("default", "other")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots that are kept of few facts, and soon."""
    monkeypatch.setattr(snapshots, "_WORTH_KEEPING", 1)
    monkeypatch.setattr(snapshots, "_SETTLED_AFTER", timedelta(minutes=2))


class Traffic:
    """Writes facts of tasks in random order: late calls, attempts, revisions, some of long ago."""

    def __init__(self, ledger: Ledger, seed: int) -> None:
        self.ledger, self.rng, self.minute = ledger, random.Random(seed), 0
        self.open: list[tuple[str, str, int]] = []

    def step(self) -> None:
        self.minute += 1
        rng, now = self.rng, NOON + timedelta(minutes=self.minute)
        if not self.open or rng.random() < 0.5:
            task = Task(rng.choice("xyz"), tenant=rng.choice(TENANTS), created_at=now)
            self.ledger.add_task(task)
            failed: tuple[str, ...] = ()
            for attempt in range(1, rng.randint(1, 3) + 1):
                arm = rng.choice("abc")
                decision = Decision(
                    task.task_id,
                    arm,
                    arm,
                    attempt=attempt,
                    failed_before=failed,
                    predicted=0.9,
                    exploration_usd=Decimal("0.001"),
                    decided_at=now,
                )
                self.ledger.add_decision(decision)
                self.open.append((task.task_id, decision.decision_id, self.minute))
                failed = (*failed, arm)
        task_id, decision_id, since = rng.choice(self.open[-6:] if rng.random() < 0.9 else self.open)
        match rng.randint(0, 3):
            case 0:
                usage = Usage(rng.randint(1, 500), rng.randint(1, 500))
                began = NOON + timedelta(minutes=rng.randint(since, self.minute))
                self.ledger.add_call(
                    Call(
                        task_id,
                        "agent",
                        "m",
                        usage,
                        Decimal("0.01"),
                        decision_id=decision_id,
                        started_at=began,
                    )
                )
            case 1:
                at = NOON + timedelta(minutes=rng.randint(since, self.minute), seconds=rng.random())
                self.ledger.add_outcome(Outcome(task_id, rng.random() < 0.5, decision_id, reported_at=at))
            case _:
                self.ledger.add_outcome(Outcome(task_id, rng.random() < 0.5, reported_at=now))


def assert_whole(found: Known, ledger: Ledger, tenant: str) -> None:
    expected = ledger.evidence(tenant=tenant)
    mine, all_of = found.evidence.state(), expected.state()
    assert mine["alarms"] == all_of["alarms"]
    assert mine["shortfall"] == pytest.approx(all_of["shortfall"])
    cells, wanted = mine["cells"], all_of["cells"]
    assert isinstance(cells, dict)
    assert isinstance(wanted, dict)
    seen = {cell: values for cell, values in cells.items() if any(values[:4]) or values[4]}
    assert seen.keys() == {cell for cell, values in wanted.items() if any(values[:4]) or values[4]}
    for cell, values in seen.items():
        assert values[-1] == wanted[cell][-1]
        assert values[:-1] == pytest.approx(wanted[cell][:-1], abs=1e-9)
    assert (found.spent_usd, found.explored_usd) == ledger.spend(tenant=tenant)


@pytest.mark.parametrize("seed", range(4))
def test_snapshots_and_what_came_later_come_to_what_all_facts_come_to(
    ledger: Ledger, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic = Traffic(ledger, seed)
    n_kept = 0
    for step in range(120):
        traffic.step()
        monkeypatch.setattr(snapshots, "utc_now", lambda: NOON + timedelta(minutes=traffic.minute))
        if step % 6 == 0:
            tenant = TENANTS[step // 6 % 2]
            assert_whole(refreshed(ledger.database, tenant), ledger, tenant)
            with ledger.database.reading() as connection:
                n_kept += bool(list(snapshots._snapshots(connection, tenant, None)))
    assert n_kept > 5


def test_a_fact_that_is_booked_late_is_not_lost(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "utc_now", lambda: NOON + timedelta(hours=1))
    for number in range(3):
        task = ledger.add_task(Task(created_at=NOON))
        decision = ledger.add_decision(Decision(task.task_id, "a", "a", decided_at=NOON))
        at = NOON + timedelta(minutes=number)
        ledger.add_outcome(Outcome(task.task_id, True, decision.decision_id, reported_at=at))
        assert refreshed(ledger.database, "default").evidence.passes.sum() == number + 1
    # As long ago as the first, and booked after a snapshot of all three.
    task = ledger.add_task(Task(created_at=NOON))
    decision = ledger.add_decision(Decision(task.task_id, "a", "a", decided_at=NOON))
    ledger.add_outcome(Outcome(task.task_id, False, decision.decision_id, reported_at=NOON))
    assert refreshed(ledger.database, "default").evidence.failures.sum() == 1


def test_older_snapshots_are_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "_SETTLED_AFTER", timedelta(minutes=15))
    times = [NOON - timedelta(minutes=15 * age) for age in range(500)]
    kept = snapshots._thinned(times, NOON)
    assert kept[0] == NOON
    ages = [(NOON - time) / timedelta(minutes=15) for time in kept]
    assert len(kept) <= 12
    young = NOON - timedelta(minutes=5)
    assert snapshots._thinned([NOON, young], NOON) == [NOON, young], "the latest is always kept"
    assert all(later <= 4 * max(earlier, 1) for earlier, later in itertools.pairwise(ages))


def test_reading_what_was_kept_reads_few_facts(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    for minute in range(60):
        at = NOON + timedelta(minutes=minute)
        task = ledger.add_task(Task(created_at=at))
        ledger.add_decision(Decision(task.task_id, "a", "a", decided_at=at))
        ledger.add_outcome(Outcome(task.task_id, True, reported_at=at))
    monkeypatch.setattr(snapshots, "utc_now", lambda: NOON + timedelta(minutes=52))
    refreshed(ledger.database, "default")
    with ledger.database.reading() as connection:
        again = known(connection, "default")
    assert (again.n_added, again.evidence.n_judged) == (9, 60)


def test_evidence_survives_being_put_away() -> None:
    assert Evidence.from_json(Evidence().to_json()).state() == Evidence().state()
