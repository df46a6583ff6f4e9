"""The policy: choose, reserve, call, book, settle, escalate once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from toolshed.economics.choosing.candidates import StepFeatures
from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.learning.examples import ExampleStore
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.prices.pricing import PriceSheet
from toolshed.economics.prices.runtime import fit_runtime
from toolshed.economics.reporting.explain import explain_task
from toolshed.economics.reporting.report import build_report
from toolshed.economics.running.account import Budget, CostAccount
from toolshed.economics.running.attempts import Attempt, Reply
from toolshed.economics.running.backbone_policy import BackbonePolicy
from toolshed.errors import (
    BudgetExceededError,
    InvalidRecordError,
    NoEligibleBackboneError,
    TooLittleEvidenceError,
    UnknownDecisionError,
)
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


def test_negative_features_are_refused() -> None:
    for name in ("input_tokens", "max_output_tokens", "cached_tokens", "check_usd"):
        with pytest.raises(InvalidRecordError, match=name):
            StepFeatures(**{name: -1})  # type: ignore[arg-type]  # what is tested


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
        barrier.wait()
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


def test_an_account_opened_again_knows_what_was_learnt(account: CostAccount) -> None:
    policy = BackbonePolicy(account, [SMALL, LARGE], failure_price=0.05)
    for _ in range(30):
        policy.run(answer, task_class="hard", check=lambda value: value == LARGE)
    learnt = account.selector.evidence.state()
    again = CostAccount(Ledger(account.ledger.location))
    assert again.select(StepRequest("hard", [SMALL, LARGE], failure_usd=0.05)).model == LARGE
    assert again.selector.evidence.state() == learnt, "what is learnt at once is what the ledger says"
    again.close()


def test_the_operator_is_told_when_an_arm_gets_worse(
    account: CostAccount, caplog: pytest.LogCaptureFixture
) -> None:
    policy = BackbonePolicy(account, [SMALL], failure_price=1)
    for i in range(60):
        account.report(policy.run(answer).task_id, i < 40)
    assert "gpt-4o-mini began to pass less than predicted" in caplog.text
    report = build_report(account.ledger)
    assert [one.arm for one in report.alarms][:1] == [SMALL]
    assert "drift:" in report.to_text()
    assert report.to_json()["drift_alarms"]


def test_revised_outcomes_are_learnt_from_the_ledger(account: CostAccount) -> None:
    done = BackbonePolicy(account, [SMALL], failure_price=1).run(answer)
    account.report(done.task_id, True)
    assert account.selector.evidence.passes.sum() == 1
    account.report(decision_id=done.decision_ids[0], passed=False)
    account.select(StepRequest("default", [SMALL], failure_usd=1))
    assert account.selector.evidence.failures.sum() == 1
    assert account.selector.evidence.passes.sum() == 0


def test_reports_about_nothing_are_refused(account: CostAccount) -> None:
    with pytest.raises(UnknownDecisionError):
        account.report("nope", True)
    with pytest.raises(UnknownDecisionError):
        account.report(decision_id="nope", passed=True)
    with pytest.raises(InvalidRecordError, match="task_id or the decision_id"):
        account.report(passed=True)
    with pytest.raises(InvalidRecordError, match="True or False"):
        account.report("nope")


def test_self_hosted_runtimes_are_fitted_from_the_ledger(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("models: {own: [{accelerators: 2, accelerator_hour: 3.6}]}")
    account = CostAccount(Ledger("memory:"), PriceSheet.from_file(tmp_path / "p.yaml"))
    task = account.start_task()
    for i in range(60):
        usage = Usage(100 * (i % 7 + 1), 10 * (i % 5 + 1))
        seconds = 0.2 + 0.001 * usage.input_tokens + 0.02 * usage.output_tokens
        hiccup = 30.0 if i % 10 == 0 else 0.0
        account.book_call(task.task_id, "agent", "own", usage, latency_seconds=seconds + hiccup)
    account.refresh()
    call = account.book_call(task.task_id, "agent", "own", Usage(1000, 100), latency_seconds=99.0)
    # (.2 + 1 + 2) seconds on two accelerators at $.001 a second
    assert float(call.cost_usd) == pytest.approx(0.0064, rel=0.05)
    assert "idealized runtime" in call.price_source
    account.close()


def test_too_few_latencies_are_no_fit() -> None:
    with pytest.raises(TooLittleEvidenceError, match="20"):
        fit_runtime([(1, 1, 1.0)])
