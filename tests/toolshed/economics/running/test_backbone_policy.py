"""The policy: choose, reserve, call, book, settle, escalate once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from toolshed.economics.choosing.candidates import StepFeatures
from toolshed.economics.learning.examples import ExampleStore
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Call
from toolshed.economics.reporting.explain import explain_task
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.attempts import Attempt, Reply
from toolshed.economics.running.backbone_policy import BackbonePolicy
from toolshed.economics.running.terms import Budget
from toolshed.economics.running.verbs import Backbones
from toolshed.errors import BudgetExceededError, InvalidRecordError, LedgerError, NoEligibleBackboneError
from toolshed.metering.usage import Usage
from toolshed.testing import HashingEncoder

SMALL, LARGE = "gpt-4o-mini", "gpt-4o"

USAGE = Usage(1000, 100)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[CostAccount]:
    opened = CostAccount(Ledger(tmp_path / "ledger.db"))
    yield opened
    opened.close()


def answer(attempt: Attempt) -> Reply[str]:
    return Reply(attempt.model, USAGE)


def test_a_step_is_booked_with_its_reason_price_and_outcome(account: CostAccount) -> None:
    done = BackbonePolicy(account, [SMALL, LARGE], failure_price=0.01).run(
        answer, task_class="sums", prompt="2 + 2 = ?", check=lambda value: value == SMALL
    )
    assert (done.value, done.passed, done.cost_usd) == (SMALL, True, Decimal("0.00021"))
    told = explain_task(account.ledger, done.task_id)
    assert "class 'sums': passed, $0.000210000" in told
    assert "gpt-4o-mini in class 'sums'" in told
    assert "1000 + 100 tokens" in told
    assert "genai-prices" in told


async def test_a_failed_check_escalates_once(account: CostAccount) -> None:
    async def call(attempt: Attempt) -> Reply[str]:
        return answer(attempt)

    policy = BackbonePolicy(account, [SMALL, LARGE, "o3"], failure_price=0.05)
    done = await policy.arun(call, check=lambda value: False)
    assert (done.passed, len(done.decision_ids)) == (False, 2)
    assert account.ledger.evidence().failures.sum() == 1
    assert account.ledger.evidence().retry_failures.sum() == 1


def test_checks_are_paid_too(account: CostAccount) -> None:
    policy = BackbonePolicy(account, [SMALL], failure_price=1, check_usd=Decimal("0.002"))
    done = policy.run(answer, check=lambda _: True)
    assert done.cost_usd == Decimal("0.00221")
    assert account.ledger.spend()[0] == Decimal("0.00221")


def test_an_error_of_the_call_is_booked_and_passed_on(account: CostAccount) -> None:
    def fails(attempt: Attempt) -> Reply[str]:
        raise TimeoutError("too slow")

    budget = Budget(limit_usd=Decimal(1))
    policy = BackbonePolicy(account, [SMALL], failure_price=1, budget=budget)
    with pytest.raises(TimeoutError, match="too slow"):
        policy.run(fails, prompt="x" * 4000)
    spent, _ = account.ledger.spend()
    assert spent == Decimal("0.00015"), "its prompt, estimated at 1,000 tokens"
    start = budget.window_start(datetime.now(UTC))
    assert account.ledger.committed_usd(window_start=start) == spent


def test_hostile_text_neither_hides_an_error_nor_loses_a_reply(account: CostAccount) -> None:
    def fails(attempt: Attempt) -> Reply[str]:
        raise ValueError("\ud800 and \x00")

    store = ExampleStore(account.ledger, HashingEncoder().encode)
    policy = BackbonePolicy(account, [SMALL], failure_price=1, examples=store)
    with pytest.raises(ValueError, match="and"):
        policy.run(fails, prompt="x")
    done = policy.run(lambda attempt: Reply("x", USAGE, "\ud800\x00 reply"), prompt="\ud800 prompt")
    assert done.value == "x"
    with pytest.raises(InvalidRecordError, match="not valid Unicode"):
        account.start_task("\ud800")
    with pytest.raises(InvalidRecordError, match="not valid Unicode"):
        account.report("\ud800", True)


def test_no_usage_is_an_estimate_and_marked(account: CostAccount) -> None:
    done = BackbonePolicy(account, [SMALL], failure_price=1).run(
        lambda attempt: Reply("x", None, "y" * 400), prompt="x" * 4000
    )
    (call,) = account.ledger.task(done.task_id)["calls"]
    assert (call["usage_source"], call["input_tokens"], call["output_tokens"]) == ("estimate", 1000, 100)


def test_what_is_not_worth_its_price_is_handed_over(account: CostAccount) -> None:
    with pytest.raises(NoEligibleBackboneError, match="hand over to a human"):
        BackbonePolicy(account, [LARGE], failure_price=0.0001).run(answer)


def test_sixteen_callers_stay_within_the_budget_and_the_cheap_model_takes_over(account: CostAccount) -> None:
    cap = Decimal("0.02")
    policy = BackbonePolicy(
        account, [SMALL, LARGE], failure_price=5, budget=Budget(cap, timedelta(days=365_00))
    )
    features = StepFeatures(input_tokens=1000, max_output_tokens=100)
    barrier, models, refused = threading.Barrier(16), [], []

    def work(_: int) -> None:
        barrier.wait(60)
        for _ in range(10):
            try:
                models.append(policy.run(answer, features=features).model)
            except BudgetExceededError:
                refused.append(1)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    spent, _ = account.ledger.spend()
    assert spent <= cap
    assert refused
    assert SMALL in models, "what a large call no longer fits into still pays small ones"


@pytest.mark.parametrize(
    ("model", "features", "usage"),
    [
        pytest.param("gemini-2.5-pro", {}, Usage(300_000, 2000), id="long-prompt"),
        pytest.param("gemini-2.5-pro", {}, Usage(200_000, 2000), id="just-not-long"),
        pytest.param("gpt-6-sol", {}, Usage(300_000, 900, cache_write_tokens=300_000), id="long-and-written"),
        pytest.param("claude-haiku-4-5", {}, Usage(9000, 900, cache_write_tokens=8000), id="written"),
        pytest.param(
            "claude-haiku-4-5",
            {"caches_for_an_hour": True},
            Usage(9000, 900, cache_write_tokens=8000, cache_write_1h_tokens=8000),
            id="written-for-an-hour",
        ),
        pytest.param(
            "gpt-5", {"service_tier": "priority"}, Usage(9000, 900, service_tier="priority"), id="tier"
        ),
        pytest.param(
            "gpt-5", {"service_tier": "flex"}, Usage(9000, 900, service_tier="flex"), id="cheap-tier"
        ),
        pytest.param("o3", {}, Usage(900, 9000, reasoning_tokens=8999), id="reasoning"),
        pytest.param("gpt-audio", {}, Usage(900, 900, output_audio_tokens=900), id="spoken"),
        pytest.param(
            "gpt-audio",
            {"input_audio_tokens": 800},
            Usage(900, 100, input_audio_tokens=800, output_audio_tokens=90),
            id="heard",
        ),
        pytest.param("us.anthropic.claude-sonnet-4-5-20250929-v1:0", {}, Usage(9000, 900), id="bedrock"),
    ],
)
def test_sixteen_callers_never_exceed_a_cap_at_any_tier(
    account: CostAccount, model: str, features: dict[str, Any], usage: Usage
) -> None:
    one = account.prices.price_call(model, usage, datetime.now(UTC)).cost_usd
    budget = Budget(one * Decimal("3.5"), timedelta(days=365_00))
    policy = BackbonePolicy(account, [model], failure_price=500, budget=budget)
    step = StepFeatures(usage.input_tokens, max_output_tokens=usage.output_tokens, **features)

    def work(_: int) -> bool:
        try:
            return bool(policy.run(lambda attempt: Reply(attempt.model, usage), features=step).value)
        except BudgetExceededError:
            return False

    with ThreadPoolExecutor(16) as pool:
        n_done = sum(pool.map(work, range(16)))
    assert 1 <= n_done <= 3
    assert account.ledger.spend().spent_usd == n_done * one <= (budget.limit_usd or 0)


def test_of_two_models_the_one_that_is_cheaper_at_this_length_is_chosen(account: CostAccount) -> None:
    short, long = StepFeatures(150_000, max_output_tokens=2000), StepFeatures(300_000, max_output_tokens=2000)
    models = ["gemini-2.5-pro", "gpt-4.1"]
    chosen = [
        Backbones(account).select("x", models, features=f, failure_price=0.9).model for f in (short, long)
    ]
    # 150,000 x 1.25 + 2,000 x 10 = .2075 against .316; 300,000 x 2.5 + 2,000 x 15 = .78 against .616
    assert chosen == models


def fill(ledger: Ledger, task_id: str) -> None:
    """Let a ledger in memory grow no further, as on a full disk, and use what room its pages have left."""
    with ledger.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    n_booked, told = 0, ""
    for size in (400, 100, 0):
        while "disk is full. Nothing of this was written" not in told and n_booked < 10_000:
            try:
                ledger.add_call(Call(task_id, "agent", "m", USAGE, Decimal(0), error="x" * size))
                n_booked += 1
            except LedgerError as error:
                told = str(error)
        assert told
        told = ""


def test_a_disk_that_is_full_is_said_before_a_call_and_loses_none_that_is_paid_for() -> None:
    account = CostAccount(Ledger("memory:"))
    policy = BackbonePolicy(account, [SMALL], failure_price=5, budget=Budget(Decimal(1)))
    n_paid = 0

    def call(attempt: Attempt) -> Reply[str]:
        nonlocal n_paid
        n_paid += 1
        fill(account.ledger, attempt.task_id)
        return Reply(f"paid to {attempt.model}", USAGE, "text")

    done = policy.run(call, prompt="q", check=lambda _: True)
    assert done.value == "paid to gpt-4o-mini"
    assert "disk is full" in done.unbooked[0]
    replies = [done.value]
    with pytest.raises(LedgerError, match="disk is full"):
        replies.extend(policy.run(call, prompt="q").value for _ in range(500))
    assert len(replies) == n_paid, "what could not be booked at all is not called"
    account.close()
