"""Needs: the sub-queries that each ask for something of their own."""

import pytest

from toolshed.post_retrieval.needs import need_of, need_texts
from toolshed.rankings import WeighedSubQuery

WHOLE = WeighedSubQuery("the whole query", "whole", 1.0)


@pytest.mark.parametrize(
    ("texts", "needs"),
    [
        (["Mail Ana.", "Call Bob."], ["Mail Ana.", "Call Bob."]),
        (["Mail Ana and call Bob.", "Mail Ana", "call Bob"], ["Mail Ana", "call Bob"]),
        (["Mail Ana that it rains.", "Mail Ana"], ["Mail Ana that it rains."]),
        ([], ["the whole query"]),
        (["Mail Ana.", "Mail Ana."], ["Mail Ana."]),
    ],
    ids=str,
)
def test_needs_do_not_contain_each_other(texts: list[str], needs: list[str]) -> None:
    parts = [WHOLE, *(WeighedSubQuery(text, "sentence", 1.0) for text in texts)]
    assert need_texts("the whole query", parts) == needs


def test_a_sub_query_with_little_say_is_no_need() -> None:
    parts = [WHOLE, WeighedSubQuery("my brother", "clause", 0.49), WeighedSubQuery("mail Ana", "clause", 0.5)]
    assert need_texts("the whole query", parts) == ["mail Ana"]
    assert need_texts("the whole query", parts[:2]) == ["the whole query"]


@pytest.mark.parametrize(
    ("sub_query", "need"),
    [
        ("call Bob", "call Bob"),
        ("Bob", "call Bob"),
        ("Then call Bob at once.", "call Bob"),
        ("Mail Ana and call Bob.", "Mail Ana"),
        ("something else", "Mail Ana"),
    ],
    ids=["itself", "within-it", "around-it", "around-several", "elsewhere"],
)
def test_every_sub_query_belongs_to_a_need(sub_query: str, need: str) -> None:
    assert need_of(sub_query, ["Mail Ana", "call Bob"]) == need
