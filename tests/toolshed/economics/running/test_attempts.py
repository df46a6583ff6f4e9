"""The attempt machine, asked step by step as a driver of one's own would."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from openai.types import CompletionUsage

from toolshed.economics.choosing.candidates import StepFeatures
from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Task
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.attempts import Attempts, Reply
from toolshed.economics.running.terms import Budget
from toolshed.errors import LedgerError, NoEligibleBackboneError, UnknownDecisionError
from toolshed.metering.usage import Usage
from toolshed.state.database import Database

SMALL, LARGE, HUGE = "gpt-4o-mini", "gpt-4o", "o3"
USAGE = Usage(1000, 100)
BUDGET = Budget(limit_usd=Decimal(1))


@pytest.fixture
def account() -> Iterator[CostAccount]:
    opened = CostAccount(Ledger("memory:"))
    yield opened
    opened.close()


def request(*models: str, **features: Any) -> StepRequest:
    given = StepFeatures(**{"check_usd": Decimal(0), **features})
    return StepRequest("x", models or (SMALL, LARGE), given, failure_usd=0.05)


def committed(account: CostAccount) -> Decimal:
    return account.ledger.committed_usd(window_start=BUDGET.window_start(datetime.now(UTC)))


def test_a_decision_holds_for_every_call_until_a_check_fails(account: CostAccount) -> None:
    attempts = Attempts(account, Task("x"), BUDGET)
    for _ in range(2):
        attempt = attempts.begin(request(is_run=True))
        assert (attempt.model, attempt.number) == (SMALL, 1)
        attempts.book(Reply("x", USAGE), 0.1)
        assert attempts.judge(None) is None
    following = attempts.judge(False)
    assert following is not None
    assert (following.model, following.number) == (LARGE, 2)
    attempts.book(Reply("x", USAGE), 0.1)
    assert attempts.judge(False) is None, "once"
    story = account.ledger.task(attempts.task_id)
    assert [one["model"] for one in story["decisions"]] == [SMALL, LARGE]
    assert [one["model"] for one in story["calls"]] == [SMALL, SMALL, LARGE]
    assert [one["passed"] for one in story["outcomes"]] == [False, False]
    assert attempts.spent_usd == committed(account) == Decimal("0.00021") * 2 + Decimal("0.0035")


def test_what_had_failed_before_is_not_tried_after_a_failure_either(account: CostAccount) -> None:
    attempts = Attempts(account, Task("x"))
    assert attempts.begin(request(SMALL, LARGE, HUGE, failed=(LARGE,))).model == SMALL
    attempts.book(Reply("x", USAGE), 0.1)
    following = attempts.judge(False)
    assert following is not None
    assert following.model == HUGE


def test_a_call_that_fails_is_booked_and_the_next_one_goes_on(account: CostAccount) -> None:
    attempts = Attempts(account, Task("x"), BUDGET)
    attempts.begin(request(), prompt="x" * 4000)
    attempts.fail(TimeoutError("slow"), 2.0)
    attempts.begin(request(), prompt="x" * 4000)
    attempts.book(Reply("x", USAGE), 0.1)
    story = account.ledger.task(attempts.task_id)
    assert [one["error"] for one in story["calls"]] == ["TimeoutError: slow", None]
    assert len(story["decisions"]) == 1
    assert committed(account) == Decimal("0.00015") + Decimal("0.00021")


def test_a_call_that_will_not_be_made_gives_its_reservation_back(account: CostAccount) -> None:
    attempts = Attempts(account, Task("x"), BUDGET)
    attempts.begin(request(input_tokens=1000))
    assert committed(account) > 0
    attempts.release()
    attempts.release()
    assert committed(account) == 0


def test_a_reserved_call_is_told_how_much_it_may_say(account: CostAccount) -> None:
    capped = Attempts(account, Task("x"), BUDGET).begin(request(input_tokens=1000))
    assert capped.max_output_tokens is not None
    assert capped.max_output_tokens > 0
    assert Attempts(account, Task("x")).begin(request(input_tokens=1000)).max_output_tokens is None


def test_a_task_is_booked_with_its_first_decision(account: CostAccount) -> None:
    task = Task("x")
    attempts = Attempts(account, task)
    with pytest.raises(NoEligibleBackboneError):
        attempts.begin(request(needs_tools=True, failed=(SMALL, LARGE)))
    with pytest.raises(UnknownDecisionError):
        account.ledger.task(task.task_id)
    attempts.begin(request())
    assert account.ledger.task(task.task_id)["decisions"]
    booked = account.start_task("x")
    Attempts(account, booked.task_id).begin(request())
    assert len(account.ledger.task(booked.task_id)["decisions"]) == 1


def test_checks_are_booked_where_they_cost(account: CostAccount) -> None:
    attempts = Attempts(account, Task("x"), check_usd=Decimal("0.002"))
    attempts.begin(request())
    attempts.book(Reply("x", USAGE), 0.1)
    attempts.judge(True)
    components = [one["component"] for one in account.ledger.task(attempts.task_id)["calls"]]
    assert sorted(components) == ["agent", "verifier"]
    assert attempts.spent_usd == Decimal("0.00221")


class Refusing(Ledger):
    """A ledger that takes nothing more after a while, as on a full disk."""

    is_full = False

    def add_calls(self, calls: Any) -> None:
        if self.is_full:
            raise LedgerError("the ledger refused: database or disk is full. Nothing of this was written")
        super().add_calls(calls)


@pytest.mark.parametrize(
    ("usage", "booked"),
    [
        pytest.param({"prompt_tokens": 1000, "completion_tokens": 100}, (1000, 100, "provider"), id="dict"),
        pytest.param(
            CompletionUsage(prompt_tokens=1000, completion_tokens=100, total_tokens=1100),
            (1000, 100, "provider"),
            id="type",
        ),
        pytest.param(
            {
                "prompt_tokens": 1000,
                "completion_tokens": 5,
                "total_tokens": 1405,
                "completion_tokens_details": {"reasoning_tokens": 400},
            },
            (1000, 405, "provider"),
            id="odd",
        ),
        pytest.param({"tokens": {"in": 5}}, (250, 1, "estimate"), id="unknown"),
        pytest.param(object(), (250, 1, "estimate"), id="no-usage"),
    ],
)
def test_a_paid_reply_is_booked_whatever_its_usage_looks_like(
    account: CostAccount, usage: object, booked: tuple[int, int, str]
) -> None:
    attempts = Attempts(account, Task("x"), BUDGET)
    attempts.begin(request(), prompt="x" * 1000)
    attempts.book(Reply("x", usage, "word"), 0.1)
    (call,) = account.ledger.task(attempts.task_id)["calls"]
    assert (call["input_tokens"], call["output_tokens"], call["usage_source"]) == booked
    assert committed(account) == call["cost"] > 0


def test_a_ledger_that_is_full_loses_no_paid_reply_and_keeps_the_reservation(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger = Refusing("memory:")
    account = CostAccount(ledger)
    attempts = Attempts(account, Task("x"), BUDGET)
    attempts.begin(request(input_tokens=1000))
    held = committed(account)
    ledger.is_full = True
    attempts.book(Reply("paid for", USAGE), 0.1)
    assert attempts.judge(True) is None
    assert "disk is full" in attempts.unbooked[0]
    assert "disk is full" in caplog.text
    assert committed(account) == held > 0, "too little is spent then, never too much"
    account.close()


def test_what_is_rolled_back_is_not_remembered(account: CostAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    joined, selector = Database.joined, account.selector

    @contextmanager
    def refused(database: Database) -> Iterator[None]:
        with joined(database):
            yield
            raise LedgerError("the disk is full when it is committed")

    attempts = Attempts(account, Task("x"), BUDGET)
    explored: list[float] = []
    monkeypatch.setattr(selector, "count_explored", explored.append)
    with monkeypatch.context() as patched:
        patched.setattr(Database, "joined", refused)
        with pytest.raises(LedgerError):
            attempts.begin(request(input_tokens=1000))
    assert (attempts.decisions, attempts.selection, explored) == ([], None, [])
    attempts.begin(request(input_tokens=1000))
    assert len(explored) == 1
    with monkeypatch.context() as patched:
        patched.setattr(Database, "joined", refused)
        attempts.book(Reply("x", USAGE), 0.1)
    assert selector.spend_usd == 0
    story = account.ledger.task(attempts.task_id)
    assert (len(story["decisions"]), story["calls"]) == (1, [])


def test_a_call_that_was_released_is_not_booked_as_failed(account: CostAccount) -> None:
    attempts = Attempts(account, Task("x"), BUDGET)
    attempts.begin(request(input_tokens=1000))
    attempts.release()
    attempts.fail(TimeoutError(), 0.1)
    assert account.ledger.task(attempts.task_id)["calls"] == []
