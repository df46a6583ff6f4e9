"""Fitting how passages are ranked: on made-up questions whose answer is known."""

import numpy as np
import pytest

from toolshed_evals.legal import fitting
from toolshed_evals.legal.fitting import NAMES, Fit, Judged


def made(n: int, *, seed: int = 0) -> list[Judged]:
    """Questions whose answer is the candidate with the most similar sentence; every fourth has none."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(n):
        features = random.random((12, len(NAMES)))
        recall = np.zeros(12)
        if number % 4:
            best = int(features[:, NAMES.index("sentence")].argmax())
            features[best, NAMES.index("sentence")] += 0.5
            recall[best] = 1.0
        found.append(Judged(features, recall, f"d{number % 5}" if number % 4 else ""))
    return found


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fitting.fitted(made(80))


def test_what_speaks_for_answers_gets_the_weight(fit: Fit) -> None:
    assert NAMES[int(np.argmax(fit.weights))] == "sentence"
    assert fit.weights[NAMES.index("front_matter")] <= 0
    assert all(weight >= 0 for name, weight in zip(NAMES, fit.weights, strict=True) if name != "front_matter")


def test_answers_come_first_and_are_believed_where_they_are(fit: Fit) -> None:
    questions = made(80, seed=1)
    with_answer = [one for one in questions if one.document]
    assert np.mean([fitting.recall_at(fit, one, 1) for one in with_answer]) > 0.9
    without = [fitting.confidence(fit, one) for one in questions if not one.document]
    assert np.mean([fitting.confidence(fit, one) for one in with_answer]) > np.mean(without) + 0.3


def test_what_was_left_out_is_measured() -> None:
    measured = fitting.left_out(made(40))
    assert measured["recall@1"] > 0.9
    assert measured["recall@4"] >= measured["recall@1"]
    assert measured["auroc"] > 0.9
