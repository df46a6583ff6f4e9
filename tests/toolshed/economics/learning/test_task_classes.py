"""Classes of tasks: by how hard a sub-query looks, and by clusters."""

from collections.abc import Iterator

import numpy as np
import pytest

from toolshed.economics.choosing.step_request import StepRequest
from toolshed.economics.learning.task_classes import RetrievalFeatures, TaskClasses, difficulty
from toolshed.economics.ledger.ledger import Ledger
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
