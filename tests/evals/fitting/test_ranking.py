import numpy as np
import pytest

from toolshed.rankings import Candidates
from toolshed.tuning.listwise import JudgedCandidates
from toolshed_evals.fitting.ranking import Form, fit_more, fit_ranking

FORM = Form(("good", "noise"), ("good",), ("q",))


def judged(seed: int, *, sign: float = 1.0, q: float = 0.0) -> list[JudgedCandidates]:
    """Lists of five whose relevant one has the highest (or, turned, lowest) ``good``."""
    random = np.random.default_rng(seed)
    lists = []
    for _ in range(60):
        good, noise = random.normal(size=(2, 5))
        is_relevant = np.arange(5) == (sign * good).argmax()
        lists.append(
            JudgedCandidates(
                Candidates(np.arange(5), {"good": good, "noise": noise}, {"q": q}), is_relevant, 1
            )
        )
    return lists


def test_what_tells_relevant_tools_gets_the_weight() -> None:
    fitted = fit_ranking([judged(1), judged(2)], FORM)
    assert fitted.features["good"] > 5 * abs(fitted.features["noise"])


def test_a_weight_turns_with_the_request_where_that_is_right() -> None:
    fitted = fit_ranking([judged(1, q=1.0), judged(2, sign=-1.0, q=-1.0)], FORM)
    assert fitted.asked["q"] == pytest.approx(0)
    assert fitted.interactions[0, 0] > 1
    assert abs(fitted.features["good"]) < 0.5


def test_queries_without_a_choice_are_passed_over() -> None:
    only = Candidates(np.arange(1), {"good": np.ones(1), "noise": np.ones(1)}, {"q": 0.0})
    useless = [JudgedCandidates(only, np.array([True]), 1), JudgedCandidates(only, np.array([False]), 1)]
    fitted = fit_ranking([[*judged(1), *useless]], FORM)
    again = fit_ranking([judged(1)], FORM)
    assert fitted.features["good"] == pytest.approx(again.features["good"], rel=1e-3)


def test_weights_are_added_to_a_ranking_that_stays() -> None:
    turned = fit_ranking([judged(1, sign=-1.0)], Form(("good",), (), ()))
    more = fit_more(turned, [judged(2)], ["good"], l2=1e-3)
    assert set(more) == {"good"}
    assert more["good"] > -turned.features["good"] > 0
    assert fit_more(turned, [judged(2)], ["unknown"], l2=1e-3)["unknown"] == pytest.approx(0)
