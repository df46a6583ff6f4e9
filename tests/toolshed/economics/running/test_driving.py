"""Driving awaited calls: the loop stays free, and what was paid is booked whatever happens."""

import asyncio
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.locked_ledger import heartbeat, locked
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.attempts import Attempt, Reply
from toolshed.economics.running.backbone_policy import BackbonePolicy
from toolshed.economics.running.terms import Budget
from toolshed.metering.usage import Usage

SMALL, LARGE = "gpt-4o-mini", "gpt-4o"
BUDGET = Budget(limit_usd=Decimal(1))
_said: ContextVar[str] = ContextVar("said", default="nothing")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def account(path: Path) -> Iterator[CostAccount]:
    opened = CostAccount(Ledger(path))
    yield opened
    opened.close()


async def answer(attempt: Attempt) -> Reply[str]:
    return Reply(attempt.model, Usage(1000, 100))


def calls(account: CostAccount) -> list[dict[str, Any]]:
    with account.ledger.database.engine.connect() as connection:
        return [dict(row) for row in connection.execute(text('SELECT * FROM "call"')).mappings()]


def committed(account: CostAccount) -> Decimal:
    return account.ledger.committed_usd(window_start=BUDGET.window_start(datetime.now(UTC)))


async def test_the_loop_ticks_on_while_another_process_holds_the_ledger(
    account: CostAccount, path: Path
) -> None:
    policy = BackbonePolicy(account, [SMALL, LARGE], failure_price=0.01, budget=BUDGET)
    async with heartbeat() as ticks:
        with locked(path, lambda: len(ticks) > 30):
            done = await policy.arun(answer, prompt="x", check=lambda _: True)
            assert len(ticks) > 30
    assert done.cost_usd == committed(account) == Decimal("0.00021")
    assert len(calls(account)) == 1


async def test_a_call_that_is_cancelled_is_booked(account: CostAccount) -> None:
    began = asyncio.Event()

    async def hangs(attempt: Attempt) -> Reply[str]:
        began.set()
        await asyncio.sleep(60)
        return await answer(attempt)

    policy = BackbonePolicy(account, [SMALL], failure_price=1, budget=BUDGET)
    step = asyncio.create_task(policy.arun(hangs, prompt="x" * 4000))
    await began.wait()
    step.cancel()
    with pytest.raises(asyncio.CancelledError):
        await step
    (call,) = calls(account)
    assert call["error"].startswith("CancelledError")
    assert committed(account) == Decimal("0.00015"), "its prompt, estimated at 1,000 tokens"


async def test_a_step_that_is_cancelled_before_its_call_gives_its_reservation_back(
    account: CostAccount, path: Path
) -> None:
    policy = BackbonePolicy(account, [SMALL], failure_price=1, budget=BUDGET)
    cancelled = threading.Event()
    with locked(path, cancelled.is_set):
        step = asyncio.create_task(policy.arun(answer, prompt="x" * 4000))
        await asyncio.sleep(0.1)
        step.cancel()
        cancelled.set()
        with pytest.raises(asyncio.CancelledError):
            await step
    assert (calls(account), committed(account)) == ([], Decimal(0))


async def test_a_coroutine_that_is_closed_books_its_call(account: CostAccount) -> None:
    began = threading.Event()

    async def hangs(attempt: Attempt) -> Reply[str]:
        began.set()
        await asyncio.Event().wait()
        return await answer(attempt)

    step = BackbonePolicy(account, [SMALL], failure_price=1).arun(hangs, prompt="x")
    waiting = step.send(None)
    while not began.is_set():
        await asyncio.sleep(0.01)
        if waiting is not None and waiting.done():
            waiting = step.send(None)
    step.close()
    assert calls(account)[0]["error"].startswith("GeneratorExit")


async def test_calls_and_checks_happen_in_the_callers_thread_and_context(account: CostAccount) -> None:
    seen: list[tuple[str, bool]] = []

    def here() -> bool:
        return threading.current_thread() is threading.main_thread()

    async def call(attempt: Attempt) -> Reply[str]:
        seen.append((_said.get(), here()))
        _said.set(f"called {attempt.number}")
        return await answer(attempt)

    def check(value: str) -> bool:
        seen.append((_said.get(), here()))
        return value == LARGE

    _said.set("before")
    done = await BackbonePolicy(account, [SMALL, LARGE], failure_price=0.05).arun(call, check=check)
    assert done.value == LARGE
    assert seen == [("before", True), ("called 1", True), ("called 1", True), ("called 2", True)]


async def test_a_check_that_raises_is_passed_on_after_the_call_is_booked(account: CostAccount) -> None:
    def raises(_: str) -> bool:
        raise ValueError("no idea")

    policy = BackbonePolicy(account, [SMALL], failure_price=1, budget=BUDGET)
    with pytest.raises(ValueError, match="no idea"):
        await policy.arun(answer, check=raises)
    assert committed(account) == Decimal("0.00021")


@pytest.mark.parametrize("location", ["memory:", "ledger.db"])
async def test_many_steps_at_once_are_all_booked(location: str, tmp_path: Path) -> None:
    account = CostAccount(Ledger(location if location == "memory:" else tmp_path / location))
    policy = BackbonePolicy(account, [SMALL, LARGE], failure_price=0.05)
    done = await asyncio.gather(*(policy.arun(answer, check=lambda _: True) for _ in range(30)))
    assert len(calls(account)) == len(done) == 30
    assert account.ledger.evidence().passes.sum() == 30
    account.close()
