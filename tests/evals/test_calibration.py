import numpy as np
import pytest
from scipy.special import expit

from toolshed_evals.calibration import Judged, abstention_threshold, confidences, fit


def queries(n: int, *, seed: int, is_answerable: bool = True) -> list[Judged]:
    """Tools whose relevance follows a known logistic law of their similarity."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        similarities = random.uniform(0, 1, (5, 2))
        chance = expit(-4 + 8 * similarities[:, 0])
        relevant = random.uniform(size=5) < chance if is_answerable else np.zeros(5, dtype=bool)
        made.append(Judged(similarities, relevant, int(relevant.sum())))
    return made


def test_the_law_behind_the_data_is_found() -> None:
    intercept, weight, noise = fit([queries(3_000, seed=1)])
    assert intercept == pytest.approx(-4, abs=0.4)
    assert weight == pytest.approx(8, abs=0.6)
    assert 0 <= noise < 0.4


def test_weights_are_never_negative() -> None:
    flipped = [
        Judged(1 - query.similarities, query.is_relevant, query.n_relevant) for query in queries(300, seed=2)
    ]
    assert (fit([flipped])[1:] >= 0).all()


def test_the_threshold_costs_at_most_a_thousandth_of_recall() -> None:
    judged = [queries(500, seed=3), queries(200, seed=4, is_answerable=False) + queries(50, seed=5)]
    theta = fit(judged)
    threshold = abstention_threshold(judged, theta)
    assert threshold > 0
    for group in judged:
        answerable = [query for query in group if query.n_relevant]
        lost = confidences(answerable, theta) < threshold
        recall = np.array([query.is_relevant.sum() / query.n_relevant for query in answerable])
        assert (recall * lost).mean() <= 1e-3
