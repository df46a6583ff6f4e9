from dataclasses import replace

import numpy as np
import pytest

from toolshed.post_retrieval.selection import estimated_tokens, judge, select
from toolshed.presets import Calibration
from toolshed.queries import EncodedQuery, Encodings, Query, QueryPlan
from toolshed.rankings import ScoredTools, Selection, WeighedSubQuery
from toolshed.testing import make_tool

CALIBRATION = Calibration(intercept=0.0, weights={"dense": 1.0}, abstain_below=0.0)
NAMES = ["a", "b", "c", "d"]
ASKED = EncodedQuery(QueryPlan(Query("asked"), ()), Encodings({}, ()))


def scored(scores: list[float], evidence: list[list[float]] | None = None) -> ScoredTools:
    rows = np.array(evidence or [scores], np.float32)
    sub_queries = [WeighedSubQuery(f"sub-query {n}", "sentence", 1.0) for n in range(len(rows))]
    tools = [make_tool(name, "x" * 40) for name in NAMES[: len(scores)]]
    return ScoredTools(
        ASKED, tools, np.array(scores, np.float32), sub_queries, rows, {"dense": rows}, len(tools)
    )


def chosen(
    tools: ScoredTools,
    *,
    k: int = 5,
    min_confidence: float = 0.0,
    abstain_below: float = 0.0,
    max_tokens: int | None = None,
) -> Selection:
    judged = judge(tools, CALIBRATION, None, k=k)
    refuses = judged.confidence < abstain_below
    return select(tools, judged, min_confidence=min_confidence, refuses=refuses, max_tokens=max_tokens)


def names(selection: Selection) -> list[str]:
    return [found.tool.name for found in selection.tools]


@pytest.mark.parametrize(
    ("scores", "k", "expected"),
    [
        pytest.param([1, 3, 2], 2, ["b", "c"], id="best-first"),
        pytest.param([1, 1, 1, 1], 2, ["a", "b"], id="ties-by-tool-id"),
        pytest.param([2, 1], 99, ["a", "b"], id="k-beyond-the-catalog"),
        pytest.param([1, float("-inf"), 2], 3, ["c", "a"], id="excluded-tools-stay-out"),
        pytest.param([float("-inf")] * 2, 3, [], id="all-excluded"),
    ],
)
def test_the_best_k_are_taken(scores: list[float], k: int, expected: list[str]) -> None:
    assert names(chosen(scored(scores), k=k)) == expected


def test_confidence_is_logistic_in_the_similarity() -> None:
    (found,) = chosen(scored([2.0])).tools
    assert found.confidence == pytest.approx(1 / (1 + np.exp(-2.0)))


def test_tools_below_the_floor_are_left_out_and_counted() -> None:
    selection = chosen(scored([2.0, -2.0]), min_confidence=0.5)
    assert names(selection) == ["a"]
    assert selection.n_below_floor == 1


def test_nothing_fits_when_even_the_best_is_too_weak() -> None:
    selection = chosen(scored([-1.0, -2.0]), abstain_below=0.5)
    assert (selection.status, names(selection), selection.n_below_floor) == ("no_match", [], 2)
    assert selection.confidence == pytest.approx(1 / (1 + np.e))


def test_the_budget_is_kept_and_counted() -> None:
    tools = scored([3.0, 2.0, 1.0])
    long = make_tool("b", "A long story. " * 400)
    tools = replace(tools, tools=[tools.tools[0], long, tools.tools[2]])
    selection = chosen(tools, max_tokens=300)
    assert names(selection) == ["a", "b", "c"]
    assert [found.shortened is not None for found in selection.tools] == [False, True, False]
    assert (selection.n_over_budget, selection.tokens_counted_by) == (0, "estimate")
    assert selection.n_tokens is not None
    assert selection.n_tokens <= 300


def test_without_a_budget_nothing_is_counted_or_shortened() -> None:
    selection = chosen(scored([1.0]))
    assert (selection.n_tokens, selection.tools[0].shortened) == (None, None)


def test_a_tool_is_shown_with_the_sub_query_that_speaks_most_for_it() -> None:
    selection = chosen(scored([1.0, 1.0], evidence=[[0.1, 0.2], [0.9, 0.1]]))
    assert [(found.sub_query, round(found.channels["dense"], 3)) for found in selection.tools] == [
        ("sub-query 1", 0.9),
        ("sub-query 0", 0.2),
    ]


def test_the_whole_query_may_speak_for_a_tool_more_than_its_sub_query() -> None:
    tools = scored([1.0], evidence=[[0.8], [0.3]])
    sub_queries = [WeighedSubQuery("whole", "whole", 0.1), WeighedSubQuery("one", "sentence", 1.0)]
    tools = replace(tools, sub_queries=sub_queries)
    (found,) = chosen(tools).tools
    assert found.sub_query == "one"
    assert found.channels["dense"] == pytest.approx(0.8)


def test_tokens_are_a_quarter_of_the_characters() -> None:
    assert estimated_tokens(make_tool("t", "x" * 400)) == pytest.approx(100, abs=20)
