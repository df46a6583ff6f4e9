"""Facts for a ledger: tasks in two classes, their attempts, and what came of them."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Call, Decision, Outcome, Task
from toolshed.metering.usage import Usage

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


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
