"""Tools that a model cannot tell apart."""

from tests.stores import tool_records
from toolshed.linting.duplicates import duplicate_findings
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition


def pairs(*tools: ToolDefinition) -> list[tuple[str, ...]]:
    return [(one.tool_id, *one.others) for one in duplicate_findings(tool_records(tools))]


def test_tools_that_say_nearly_the_same_are_told_once() -> None:
    assert pairs(
        make_tool("reserve_room", "Book a meeting room for the whole team"),
        make_tool("book_room", "Book a meeting room for a whole team"),
        make_tool("forecast", "Weather forecast for a city"),
    ) == [("test:book_room", "test:reserve_room")]


def test_opposites_and_siblings_are_not_the_same() -> None:
    assert pairs(make_tool("start_timer", "Start a timer"), make_tool("stop_timer", "Stop a timer")) == []
    assert pairs(make_tool("a", "Delete a user"), make_tool("b", "Delete a group")) == []


def test_of_many_copies_each_is_told_of_a_few_times() -> None:
    copies = [make_tool(f"copy_{n}", "Send a letter to a person by post") for n in range(30)]
    told = pairs(*copies)
    assert 0 < len(told) <= 45


def test_silent_tools_are_no_duplicates() -> None:
    assert pairs(make_tool("a"), make_tool("b")) == []
    assert pairs() == []
