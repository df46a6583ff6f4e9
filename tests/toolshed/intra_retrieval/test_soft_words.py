import numpy as np
import pytest

from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.soft_words import AskedWords, SoftWords, WordTable, in_order_of_appearance
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition

STATIC = StaticEncoder()
TOOLS = [
    make_tool("send_email", "Send an electronic message to a person."),
    make_tool("get_forecast", "Weather of the coming days."),
    ToolDefinition(
        "update_desk",
        "Update a desk.",
        {"type": "object", "properties": {"colour": {"enum": ["mahogany", "oak"]}}},
    ),
]


def match(text: str) -> dict[str, list[float]]:
    words = SoftWords(WordTable.of(TOOLS, STATIC))
    found = words.match(AskedWords.of(text, STATIC), np.arange(len(TOOLS)))
    return {name: getattr(found, name).tolist() for name in type(found).__slots__}


def test_words_of_like_meaning_match() -> None:
    found = match("mail somebody")
    assert np.argmax(found["query"]) == 0
    assert np.argmax(found["query_in_name"]) == 0


def test_a_request_in_the_tools_own_words_is_meant_wholly() -> None:
    found = match("update desk")
    assert found["query"][2] == pytest.approx(1)
    assert found["name"][2] == pytest.approx(1)


def test_choices_of_arguments_are_words_too() -> None:
    found = match("mahogany")
    assert np.argmax(found["query_in_arguments"]) == 2
    assert found["query_anywhere"][2] == pytest.approx(1)


def test_shares_lie_between_none_and_all() -> None:
    for text in ("", "???", "the of and", "xqzt", "send an email to everyone about the weather"):
        for values in match(text).values():
            assert all(0 <= value <= 1.0001 for value in values)


def test_rare_words_count_more_and_candidates_know_what_is_rare() -> None:
    background = SoftWords(WordTable.of(TOOLS, STATIC))
    candidates = SoftWords(WordTable.of(TOOLS[:1], STATIC), background=background)
    assert candidates.idf("desk") == background.idf("desk")
    assert background.idf("unheard") > 0


def test_different_words_are_in_the_order_in_which_they_come_first() -> None:
    rows = np.random.default_rng(0).integers(0, 50, size=400).astype(np.int32)
    different, which = in_order_of_appearance(rows, 60)
    assert different.tolist() == list(dict.fromkeys(rows.tolist()))
    np.testing.assert_array_equal(different[which], rows)
