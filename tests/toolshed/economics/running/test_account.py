"""The account: what it learns, reports and is told again when it is opened."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Decision
from toolshed.economics.prices.pricing import PriceSheet
from toolshed.economics.reporting.report import build_report
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.attempts import Attempt, Reply
from toolshed.economics.running.backbone_policy import BackbonePolicy
from toolshed.errors import InvalidRecordError, UnknownDecisionError
from toolshed.metering.usage import Usage

SMALL, LARGE = "gpt-4o-mini", "gpt-4o"

USAGE = Usage(1000, 100)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[CostAccount]:
    opened = CostAccount(Ledger(tmp_path / "ledger.db"))
    yield opened
    opened.close()


def answer(attempt: Attempt) -> Reply[str]:
    return Reply(attempt.model, USAGE)


def decided(account: CostAccount) -> Decision:
    task = account.start_task("x")
    return account.ledger.add_decision(Decision(task.task_id, SMALL, SMALL))


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


def test_the_same_report_twice_is_one_whatever_its_time(account: CostAccount) -> None:
    decision = decided(account)
    first = account.report(decision.task_id, True, outcome_id="webhook-1")
    seen = account.selector.evidence.n_judged
    again = account.report(decision.task_id, True, outcome_id="webhook-1", source="user")
    assert again == first
    assert account.selector.evidence.n_judged == seen == 1
    assert len(account.ledger.task(decision.task_id)["outcomes"]) == 1
    with pytest.raises(InvalidRecordError, match="taken by another outcome"):
        account.report(decision.task_id, False, outcome_id="webhook-1")


def test_many_threads_that_send_the_same_report_book_it_once(account: CostAccount) -> None:
    decision = decided(account)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: account.report(decision.task_id, True, outcome_id="w"), range(24)))
    assert len(account.ledger.task(decision.task_id)["outcomes"]) == 1
    assert account.selector.evidence.n_judged == 1


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(days=400)])
def test_a_date_in_the_future_is_refused(account: CostAccount, ahead: timedelta) -> None:
    decision = decided(account)
    with pytest.raises(InvalidRecordError, match="in the future"):
        account.report(decision.task_id, True, reported_at=datetime.now(UTC) + ahead)
    assert account.ledger.task(decision.task_id)["outcomes"] == []


def test_an_outcome_never_blocks_its_revision(account: CostAccount) -> None:
    decision = decided(account)
    # A machine whose clock is ahead, and reports that share a time.
    soon = datetime.now(UTC) + timedelta(seconds=40)
    account.report(decision.task_id, True, reported_at=soon, outcome_id="z")
    account.report(decision.task_id, False)
    (judged,) = account.ledger.first_attempts()
    assert judged[3] is False
    other, noon = decided(account), datetime.now(UTC)
    account.report(other.task_id, False, reported_at=noon, outcome_id="zz")
    account.report(other.task_id, True, reported_at=noon, outcome_id="a")
    assert [one[3] for one in account.ledger.first_attempts()] == [False, True]


def test_a_report_from_a_machine_whose_clock_is_behind_is_taken(account: CostAccount) -> None:
    task = account.start_task("x", created_at=datetime.now(UTC) + timedelta(seconds=30))
    assert account.report(task.task_id, True).passed
