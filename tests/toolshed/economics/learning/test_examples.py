"""Cheap backbones with examples: what is shown, charged and learnt."""

from collections.abc import Iterator

import pytest

from toolshed.economics.choosing.candidates import Candidate
from toolshed.economics.learning.examples import ExampleStore, showing_examples
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Decision, Outcome
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.attempts import Attempt, Reply
from toolshed.economics.running.backbone_policy import BackbonePolicy
from toolshed.testing import HashingEncoder


@pytest.fixture
def account() -> Iterator[CostAccount]:
    opened = CostAccount(Ledger("memory:"))
    yield opened
    opened.close()


def kept(store: ExampleStore, account: CostAccount, request: str, *, passed: bool | None = True) -> str:
    task = account.start_task("sql")
    store.keep(task.task_id, request, f"reply to {request}")
    if passed is not None:
        account.report(task.task_id, passed)
    return task.task_id


def test_only_what_passed_and_is_alike_is_shown(account: CostAccount) -> None:
    store = ExampleStore(account.ledger, HashingEncoder().encode)
    good = kept(store, account, "count orders by customer")
    kept(store, account, "count orders by month", passed=False)
    kept(store, account, "count orders by year", passed=None)
    kept(store, account, "translate poetry")
    assert [one.task_id for one in store.choose("sql", "count orders by region")] == [good]
    assert store.choose("other class", "count orders by region") == []
    assert (
        ExampleStore(account.ledger, HashingEncoder().encode, "another").choose("sql", "count orders") == []
    )
    account.report(good, False)
    assert store.choose("sql", "count orders by region") == [], "a revised outcome takes it back"


def test_examples_that_did_not_help_come_last(account: CostAccount) -> None:
    store = ExampleStore(account.ledger, HashingEncoder().encode, n_examples=1)
    misleading = kept(store, account, "count orders by region and customer")
    helpful = kept(store, account, "count orders by customer name")
    request = "count orders by region"
    assert store.choose("sql", request)[0].task_id == misleading
    for example, passed in [(misleading, False), (helpful, True)] * 15:
        task = account.start_task("sql")
        decision = Decision(task.task_id, "m+examples", "m", features={"examples": [example]})
        account.ledger.add_decision(decision)
        account.ledger.add_outcome(Outcome(task.task_id, passed, decision.decision_id))
    assert store.choose("sql", request)[0].task_id == helpful


def test_the_arm_with_examples_is_charged_for_them_and_learnt_apart(account: CostAccount) -> None:
    store = ExampleStore(account.ledger, HashingEncoder().encode)
    seen: list[Attempt] = []

    def call(attempt: Attempt) -> Reply[str]:
        seen.append(attempt)
        return Reply("SELECT 1", None, "SELECT 1")

    small = showing_examples("gpt-4o-mini")
    policy = BackbonePolicy(account, [Candidate("gpt-4o-mini"), small], failure_price=0.05, examples=store)
    done = policy.run(call, task_class="sql", prompt="count orders by customer", check=lambda _: True)
    assert done.selection.arm == "gpt-4o-mini", "there is nothing to show yet"
    only = BackbonePolicy(account, [small], failure_price=0.05, examples=store)
    done = only.run(call, task_class="sql", prompt="count orders by region", check=lambda _: True)
    assert done.selection.arm == "gpt-4o-mini+examples"
    assert "count orders by customer" in seen[-1].examples
    (told,) = account.ledger.task(done.task_id)["calls"]
    assert told["input_tokens"] > 20, "the examples' tokens are charged"
    assert account.ledger.shown_examples("sql", tenant="default")[0][1] is True
    assert "gpt-4o-mini+examples" in account.selector.evidence.arms
