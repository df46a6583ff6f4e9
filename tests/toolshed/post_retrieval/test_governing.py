"""Governing text: in turn for every need, each passage once, and only what is near enough."""

from collections.abc import Sequence

import numpy as np
import pytest

from toolshed.backbones.lexical import query_words
from toolshed.documents import Passage
from toolshed.options import SearchArguments, checked
from toolshed.post_retrieval.governing import Govern, encoded_needs
from toolshed.queries import EncodedQuery, EncodedText, Encodings, Query, QueryPlan
from toolshed.rankings import FoundPassage, Selection, WeighedSubQuery
from toolshed.stages import run_blocking

TEXTS = ["Mail Ana. Call Bob.", "Mail Ana.", "Call Bob."]


def selection(*weights: float, most: int = 2) -> Selection:
    options = checked(SearchArguments, {"passages_per_need": most})
    encodings = Encodings({"dense": np.eye(3, dtype=np.float32)}, [query_words(text) for text in TEXTS])
    kinds = ("whole", "sentence", "sentence")
    parts = [WeighedSubQuery(*part) for part in zip(TEXTS, kinds, weights or (0.1, 1.0, 1.0), strict=True)]
    asked = EncodedQuery(QueryPlan(Query(TEXTS[0], options=options), ()), encodings)
    return Selection(asked, (), parts, 0.0, "no_match", 0)


def passage(name: str, need: EncodedText, **channels: float) -> FoundPassage:
    return FoundPassage(Passage(name, 0, 0, 4, "Law.", ((0, 4),)), 1.0, channels, (), sub_query=need.text)


def governed(found: dict[str, Sequence[str]], chosen: Selection | None = None) -> list[tuple[str, str]]:
    """Document and need of what governs, where these documents are found for these needs."""

    def find(need: EncodedText, most: int) -> Sequence[FoundPassage]:
        return [passage(name, need, dense=0.9) for name in found[need.text]][:most]

    result = run_blocking(Govern(find, {"dense": 0.5}), chosen or selection())
    return [(one.passage.document_id, one.sub_query) for one in result.passages]


def test_the_best_of_every_need_comes_before_the_second_of_any() -> None:
    assert governed({"Mail Ana.": ["a", "b"], "Call Bob.": ["c", "d"]}) == [
        ("a", "Mail Ana."),
        ("c", "Call Bob."),
        ("b", "Mail Ana."),
        ("d", "Call Bob."),
    ]


def test_a_passage_that_governs_two_needs_is_told_once() -> None:
    assert governed({"Mail Ana.": ["a", "b"], "Call Bob.": ["b"]}) == [("a", "Mail Ana."), ("b", "Call Bob.")]


def test_no_more_are_asked_for_than_are_wanted_for_a_need() -> None:
    found = {"Mail Ana.": ["a", "b"], "Call Bob.": []}
    assert governed(found, selection(most=1)) == [("a", "Mail Ana.")]


@pytest.mark.parametrize(
    ("channels", "governs"),
    [
        ({"dense": 0.46}, True),
        ({"dense": 0.1, "sentences": 0.7}, True),
        ({"dense": 0.45, "sentences": 0.45}, False),
        ({"words": 30.0}, False),
        ({}, False),
    ],
    ids=str,
)
def test_one_channel_near_enough_is_enough_and_words_alone_are_not(
    channels: dict[str, float], governs: bool
) -> None:
    stage = Govern(lambda need, most: [passage("a", need, **channels)], {"dense": 0.46, "sentences": 0.46})
    assert bool(run_blocking(stage, selection()).passages) is governs


def test_needs_are_searched_by_the_encodings_that_the_tools_were_found_with() -> None:
    found = {need.text: need.vectors["dense"].tolist() for need in encoded_needs(selection())}
    assert found == {"Mail Ana.": [0, 1, 0], "Call Bob.": [0, 0, 1]}
    (whole,) = encoded_needs(selection(1.0, 0.0, 0.0))
    assert (whole.text, whole.vectors["dense"].tolist()) == (TEXTS[0], [1, 0, 0])
