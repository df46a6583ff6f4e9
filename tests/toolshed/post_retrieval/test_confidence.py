"""Confidence: falling along a list, and answers that say when they are unsure."""

import numpy as np
import pytest

from toolshed.post_retrieval.confidence import falling, odd_share, shipped_confidence
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool

TOOLS = [
    make_tool("send_email", "Send an email message to a person."),
    make_tool("read_email", "Read the emails of the inbox."),
    make_tool("get_forecast", "Weather forecast for a city."),
    make_tool("book_table", "Reserve a table at a restaurant."),
    make_tool("pay_invoice", "Pay an invoice."),
    make_tool("delete_invoice", "Delete an invoice."),
]


@pytest.fixture(scope="module")
def shed() -> Toolshed:
    opened = Toolshed("memory:")
    opened.add_tools(*TOOLS)
    return opened


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.9, 0.5, 0.1], [0.9, 0.5, 0.1]),
        ([0.2, 0.6], [0.4, 0.4]),
        ([0.5, 0.1, 0.2, 0.6], [0.5, 0.3, 0.3, 0.3]),
        ([], []),
    ],
)
def test_values_that_rise_are_pooled_to_their_mean(values: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(falling(np.array(values)), expected)


def test_odd_words_are_those_that_english_has_not() -> None:
    assert odd_share("send the weather forecast") == 0
    assert odd_share("zzqx wvkq") == 1
    assert odd_share("?!") == 0


@pytest.mark.parametrize(
    "query", ["weather in Rome", "invoice", "email the forecast to Ana and pay her invoice"]
)
def test_a_list_descends_in_confidence(shed: Toolshed, query: str) -> None:
    found = shed.search(query, k=6, abstain_below=0)
    values = [tool.confidence for tool in found.tools]
    assert values == sorted(values, reverse=True)
    assert found.confidence == values[0]


def test_a_request_that_a_tool_serves_is_ok_and_small_talk_is_not(shed: Toolshed) -> None:
    served, idle = shed.search("What is the weather forecast for Rome?"), shed.search("haha, nice one")
    assert (served.status, served.reason) == ("ok", "")
    assert idle.status in ("unsure", "no_match")
    assert idle.reason
    assert served.answerable > idle.answerable


@pytest.mark.parametrize("query", ["how are you?", "tell me a joke", "write me a poem about the sea"])
def test_small_talk_is_refused(shed: Toolshed, query: str) -> None:
    assert shed.search(query).status == "no_match"


def test_what_sounds_like_small_talk_is_found_where_a_tool_serves_it() -> None:
    with Toolshed("memory:") as shed:
        shed.add_tools(*TOOLS, make_tool("tell_joke", "Tell a random joke."))
        found = shed.search("tell me a joke")
    assert found.status == "ok"
    assert found.tools[0].tool.name == "tell_joke"


def test_a_need_that_is_told_rather_than_asked_is_not_refused(shed: Toolshed) -> None:
    found = shed.search("we want to eat out on Saturday, all five of us")
    assert found.status != "no_match"
    assert found.tools[0].tool.name == "book_table"


def test_other_languages_are_not_refused_and_the_reason_is_told(shed: Toolshed) -> None:
    found = shed.search("Bitte bezahle die Rechnung mit der Nummer 17")
    assert found.status == "unsure"
    assert "not in English" in found.reason
    assert found.tools


def test_whoever_is_ready_to_lose_more_is_refused_more() -> None:
    for pipeline in ("default", "instant"):
        fitted = shipped_confidence(pipeline)
        assert fitted is not None
        assert 0 < fitted.max_refused["0.3%"] <= fitted.max_refused["1%"] < 0.5
    assert shipped_confidence("bm25") is None


def test_what_is_forbidden_has_no_confidence(shed: Toolshed) -> None:
    found = shed.search("Pay the invoice, don't delete it", k=6, abstain_below=0)
    assert found.tools[0].tool.name == "pay_invoice"
    assert {tool.tool.name: tool.confidence for tool in found.tools}["delete_invoice"] == 0
