"""Requests that go on: which ones do, and what they are searched by."""

from typing import Any

import pytest

from toolshed.errors import InvalidQueryError
from toolshed.intra_retrieval.follow_ups import MAX_TURN_CHARACTERS, MAX_TURNS, goes_on, in_context
from toolshed.shed.asynchronous import AsyncToolshed
from toolshed.shed.results import SearchResult
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool

WEATHER = "What's the weather in Paris?"


@pytest.mark.parametrize(
    "text",
    [
        "and for Berlin?",
        "And in Porto?",
        "What about Berlin?",
        "How about the day after?",
        "Berlin?",
        "in euros, please",
        "The same for Oslo.",
        "Do it again with 5.",
        "Show me another one.",
        "No, the other one.",
        "tomorrow instead",
        "Is it warm there?",
    ],
)
def test_what_cannot_be_understood_alone_goes_on(text: str) -> None:
    assert goes_on(text)
    assert in_context(text, [WEATHER]) == f"{WEATHER}\n{text}"


@pytest.mark.parametrize(
    "text",
    [
        WEATHER,
        "Book a table.",
        "Send an email to Ana.",
        "And book a table for two at eight.",
        "weather forecast London",
        "In the meantime I would like you to find out what the train to Porto costs.",
        "Translate this letter into French",
        "   ",
    ],
)
def test_what_stands_alone_is_searched_alone(text: str) -> None:
    assert in_context(text, [WEATHER]) == text


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        pytest.param([], "and for Berlin?", id="nothing-before"),
        pytest.param(["Book a table.", WEATHER], f"{WEATHER}\nand for Berlin?", id="the-last-one"),
        pytest.param(
            [WEATHER, "and in Oslo?", " "], f"{WEATHER}\nand for Berlin?", id="behind-others-that-go-on"
        ),
        pytest.param(["and in Oslo?"], "and for Berlin?", id="nothing-that-stands-alone"),
        pytest.param([WEATHER, *["and in Oslo?"] * MAX_TURNS], "and for Berlin?", id="too-long-ago"),
    ],
)
def test_the_turn_that_is_gone_on_from(turns: list[str], expected: str) -> None:
    assert in_context("and for Berlin?", turns) == expected


def test_of_a_long_turn_only_the_beginning_counts() -> None:
    found = in_context("and for Berlin?", ["Find me a hotel " + "near the river " * 200])
    assert len(found) <= MAX_TURN_CHARACTERS + len("\nand for Berlin?")


TOOLS = [
    make_tool("current_weather", "Get the weather in a city."),
    make_tool("send_mail", "Send an email to somebody."),
    make_tool("book_table", "Book a table in a restaurant."),
    make_tool("play_song", "Play a song."),
]


@pytest.fixture(scope="module")
def shed() -> Any:
    with Toolshed("memory:", pipeline="instant") as made:
        made.add_tools(*TOOLS)
        yield made


def names(found: SearchResult) -> list[str]:
    return [one.tool.name for one in found.tools]


def test_a_follow_up_finds_the_tool_of_the_turn_before(shed: Toolshed) -> None:
    found = shed.search("and for Berlin?", 1, history=["Play a song.", WEATHER], abstain_below=0)
    assert names(found) == ["current_weather"]
    assert found.query == "and for Berlin?"
    assert [need.text for need in found.needs]


def test_what_stands_alone_gives_the_same_to_the_last_bit_with_and_without_history(shed: Toolshed) -> None:
    request = "Send an email to Ana and book a table."
    told = []
    for history in (None, [], [WEATHER, "and in Oslo?"]):
        found = shed.search(request, 4, history=history, abstain_below=0)
        told.append([(one.tool.tool_id, one.score, one.confidence) for one in found.tools])
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize(
    "history",
    [pytest.param("and", id="a-text"), pytest.param([1], id="numbers"), pytest.param(7, id="a-number")],
)
def test_a_history_that_is_none_is_refused(shed: Toolshed, history: Any) -> None:
    with pytest.raises(InvalidQueryError, match="history"):
        shed.search("and for Berlin?", history=history)


async def test_asynchronous_searches_take_it_too(shed: Toolshed) -> None:
    async with AsyncToolshed("memory:", pipeline="instant") as asynchronous:
        await asynchronous.add_tools(*TOOLS)
        found = await asynchronous.search("and for Berlin?", 1, history=[WEATHER], abstain_below=0)
    assert names(found) == ["current_weather"]


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        pytest.param(["Hi."] * 1_001, "history has 1,001 values; at most 1,000 are taken", id="turns"),
        pytest.param(["a" * 200_001], "a turn of history has 200,001 characters", id="characters"),
    ],
)
def test_histories_have_bounds(shed: Toolshed, history: list[str], reason: str) -> None:
    with pytest.raises(InvalidQueryError, match=reason):
        shed.search("and for Berlin?", history=history)
