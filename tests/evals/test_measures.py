import math

import pytest

from toolshed_evals.measures import means, measure

QRELS = {"q1": frozenset({"a", "b"}), "q2": frozenset({"c"}), "q3": frozenset({"d"})}
RUN = {"q1": ["a", "x", "b"], "q2": ["x", "y", "z", "u", "v", "c"]}


def test_values_worked_out_by_hand() -> None:
    values = measure(RUN, QRELS)
    assert values["recall@1"] == {"q1": 0.5, "q2": 0.0, "q3": 0.0}
    assert values["recall@5"] == {"q1": 1.0, "q2": 0.0, "q3": 0.0}
    assert values["recall@10"] == {"q1": 1.0, "q2": 1.0, "q3": 0.0}
    assert values["completeness@5"] == {"q1": 1.0, "q2": 0.0, "q3": 0.0}
    assert values["completeness@10"] == {"q1": 1.0, "q2": 1.0, "q3": 0.0}
    assert values["mrr"] == {"q1": 1.0, "q2": pytest.approx(1 / 6), "q3": 0.0}
    ideal = 1 + 1 / math.log2(3)
    assert values["ndcg@5"]["q1"] == pytest.approx((1 + 1 / math.log2(4)) / ideal)
    assert values["ndcg@10"]["q2"] == pytest.approx(1 / math.log2(7))


def test_completeness_is_all_or_nothing_where_recall_is_fractional() -> None:
    values = measure({"q": ["a"]}, {"q": frozenset({"a", "b"})})
    assert (values["recall@5"]["q"], values["completeness@5"]["q"]) == (0.5, 0.0)


def test_a_query_without_results_scores_zero_and_does_not_disappear() -> None:
    assert means(measure(RUN, QRELS))["recall@5"] == pytest.approx(1 / 3)
    assert means(measure({"q3": []}, {"q3": QRELS["q3"]}))["mrr"] == 0.0


def test_queries_nobody_judged_do_not_count() -> None:
    assert set(measure({**RUN, "extra": ["a"]}, QRELS)["recall@5"]) == set(QRELS)
