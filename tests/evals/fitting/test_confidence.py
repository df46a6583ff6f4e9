"""When to refuse: chosen on families that were left out."""

import numpy as np
import pytest

from toolshed.post_retrieval.confidence import Logistic
from toolshed_evals.fitting.confidence import MAX_REFUSED, AskedOnce, refusal_thresholds

# The probability is that of the only feature.
MODEL = Logistic(0.0, np.array([1.0]))


def family(logits: list[float], kind: str = "full") -> list[AskedOnce]:
    is_right = np.array([True])
    return [AskedOnce(kind, np.zeros((1, 1)), is_right, np.array([logit])) for logit in logits]


@pytest.mark.parametrize("name", [*MAX_REFUSED])
def test_no_family_loses_more_than_any_may(name: str) -> None:
    hard = family([-3.0] * 4 + [1.0] * 96)
    threshold = refusal_thresholds([hard, *[family([2.0] * 100)] * 9], [MODEL] * 10)[name]
    # Of ten families one loses four of a hundred: in the mean that would do.
    assert threshold == pytest.approx(MODEL.probabilities(np.array([[-3.0]]))[0])


def test_the_mean_over_families_counts_too() -> None:
    families = [family([-2.0] + [1.0] * 299) for _ in range(8)]
    found = refusal_thresholds(families, [MODEL] * 8)
    low, high = MODEL.probabilities(np.array([[-2.0], [1.0]]))
    assert found == {"0.3%": pytest.approx(low), "1%": pytest.approx(high)}


def test_misspelt_requests_are_not_given_up_for_the_others() -> None:
    families = [[*family([1.0] * 300), *family([-4.0, 1.0], "slips")] for _ in range(4)]
    assert refusal_thresholds(families, [MODEL] * 4)["1%"] == pytest.approx(
        MODEL.probabilities(np.array([[-4.0]]))[0]
    )
