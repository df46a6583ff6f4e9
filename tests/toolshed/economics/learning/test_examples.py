"""Cheap backbones with examples, and classes of tasks."""

from collections.abc import Iterator

import numpy as np
import pytest

from toolshed.economics.choosing.candidates import Candidate
from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.learning.examples import ExampleStore, showing_examples
from toolshed.economics.learning.task_classes import RetrievalFeatures, TaskClasses, difficulty
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Decision, Outcome
from toolshed.economics.running.account import CostAccount
from toolshed.economics.running.attempts import Attempt, Reply
from toolshed.economics.running.backbone_policy import BackbonePolicy
from toolshed.errors import TooLittleEvidenceError
from toolshed.metering.usage import Usage
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


@pytest.mark.parametrize(
    ("features", "rated"),
    [
        (RetrievalFeatures(confidence=0.9, n_required=1, n_words=6), "easy"),
        (RetrievalFeatures(confidence=0.9, n_required=4, n_words=6), "medium"),
        (RetrievalFeatures(confidence=0.05, n_required=0, n_words=6), "hard"),
    ],
    ids=["plain", "many-arguments", "doubtful"],
)
def test_sub_queries_are_rated(features: RetrievalFeatures, rated: str) -> None:
    assert difficulty(features) == rated


def test_easy_sub_queries_go_to_the_cheap_backbone_and_hard_ones_to_the_large(account: CostAccount) -> None:
    policy = BackbonePolicy(account, ["gpt-4o-mini", "gpt-4o"], failure_price=0.05)

    def call(attempt: Attempt) -> Reply[str]:
        return Reply(attempt.model, Usage(500, 50))

    for _ in range(40):
        task = account.start_task("agent")
        policy.run(call, task=task, task_class="easy", check=lambda _: True)
        policy.run(call, task=task, task_class="hard", check=lambda model: model == "gpt-4o")
    choices = {
        name: account.select(StepRequest(name, ["gpt-4o-mini", "gpt-4o"], failure_usd=0.05)).model
        for name in ("easy", "hard")
    }
    assert choices == {"easy": "gpt-4o-mini", "hard": "gpt-4o"}
    assert account.ledger.evidence().classes == ["easy", "hard"], "of one task, each by its own class"


def test_clusters_are_the_kinds_of_requests_and_equal_for_equal_seeds() -> None:
    encoder = HashingEncoder()
    kinds = ["refund the order", "weather in the city", "translate the letter"]
    texts = [f"{kind} number {i}" for kind in kinds for i in range(20)]
    vectors, plain = encoder.encode(texts), [RetrievalFeatures()] * 60
    classes = TaskClasses.fit(vectors, plain, n_classes=3)
    names = [classes.class_of(vector, RetrievalFeatures()) for vector in vectors]
    assert [len(set(names[i : i + 20])) for i in (0, 20, 40)] == [1, 1, 1]
    assert len(set(names)) == 3
    again = TaskClasses.fit(vectors, plain, n_classes=3)
    assert np.array_equal(classes.centres, again.centres)
    later = TaskClasses.fit(vectors, plain, n_classes=3, version=2)
    assert later.class_of(vectors[0], RetrievalFeatures()) not in names
    with pytest.raises(TooLittleEvidenceError, match="too few"):
        TaskClasses.fit(vectors[:2], plain[:2], n_classes=3)


def test_features_alone_can_tell_classes_apart() -> None:
    vectors = HashingEncoder().encode(["do it"] * 20)
    features = [RetrievalFeatures(n_parts=1 if i < 10 else 6, confidence=float(i < 10)) for i in range(20)]
    classes = TaskClasses.fit(vectors, features, n_classes=2)
    assert classes.class_of(vectors[0], features[0]) != classes.class_of(vectors[0], features[-1])
