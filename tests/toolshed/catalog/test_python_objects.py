"""Objects at hand as tools, and the callables behind them."""

import itertools
from typing import Any

import pytest
from langchain_core.tools import BaseToolkit, tool

from toolshed.catalog.python_objects import read_object, read_objects
from toolshed.errors import InvalidToolError
from toolshed.shed.shed import Toolshed


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool
def shout(text: str) -> str:
    """Write a text in capitals."""
    return text.upper()


def test_what_can_be_called_is_kept_by_tool_id_and_goes_with_the_tool() -> None:
    with Toolshed("memory:", pipeline="instant") as shed:
        shed.add_tools(add, shout, {"name": "plain"})
        ids = {tool_id.partition(":")[2]: tool_id for tool_id in shed.list_tools()}
        assert shed.tools.callables == {ids["add"]: add, ids["shout"]: shout}
        assert shed.get_tool(ids["add"]).binding == {"kind": "python"}
        assert shed.get_tool(ids["add"]).location == f"python:{__name__}"
        assert shed.get_tool(ids["plain"]).binding is None
        shed.delete_tools(ids["add"])
        assert shed.tools.callables == {ids["shout"]: shout}


def test_objects_are_one_source_where_they_get_a_name() -> None:
    (catalog,) = read_objects([add, shout], name="desk-tools")
    assert [tool.tool_id for tool in catalog.tools] == ["desk-tools:add", "desk-tools:shout"]
    assert catalog.callables == {"desk-tools:add": add, "desk-tools:shout": shout}


class Toolkit(BaseToolkit):
    def get_tools(self) -> list[Any]:
        return [shout]


class Broken:
    def get_tools(self) -> list[Any]:
        raise KeyError("no desk")


class Asynchronous:
    async def get_tools(self) -> list[Any]:
        return []


class Answer:
    """As an MCP client gives it."""

    def __init__(self) -> None:
        self.tools = [add]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        pytest.param([add, [shout]], ["add", "shout"], id="nested-lists"),
        pytest.param((add,), ["add"], id="tuple"),
        pytest.param((f for f in (add, shout)), ["add", "shout"], id="generator"),
        pytest.param({"sum_up": add}.values(), ["add"], id="values"),
        pytest.param({"sum_up": add, "cry": shout}, ["sum_up", "cry"], id="by-name"),
        pytest.param({"twice": lambda number: 2 * number}, ["twice"], id="lambda-by-name"),
        pytest.param(Toolkit(), ["shout"], id="toolkit"),
        pytest.param(Answer(), ["add"], id="answer"),
        pytest.param({"tools": [{"name": "a"}, {"name": "b"}]}, ["a", "b"], id="json-list"),
        pytest.param({"functionDeclarations": [{"name": "a"}]}, ["a"], id="gemini"),
        pytest.param([], [], id="nothing"),
    ],
)
def test_groups_of_tools_stand_for_what_is_in_them(value: Any, names: list[str]) -> None:
    found = [tool.name for catalog in read_objects([value]) for tool in catalog.tools]
    assert sorted(found) == sorted(names)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Broken(), "number 1: get_tools() of Broken failed: KeyError: 'no desk'"),
        (Asynchronous(), "number 1: Asynchronous lists its tools asynchronously; give what it lists"),
        ([add, 7], "number 1.2: int is no source of tools"),
        ([[[[[[[[[[add]]]]]]]]]], "list is no source of tools"),
    ],
)
def test_groups_that_cannot_be_read_cost_themselves(value: Any, message: str) -> None:
    catalogs = read_objects([value, shout])
    assert [tool.name for catalog in catalogs for tool in catalog.tools if tool.source == "langchain"] == [
        "shout"
    ]
    assert message in str(catalogs[-1].invalid[0])


def test_a_list_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolshed.catalog.python_objects.MAX_OBJECTS", 5)
    *_, last = read_objects([itertools.repeat(add)])
    assert "more than 5 tools in one list" in str(last.invalid[0])


def test_what_is_left_out_of_a_function_is_told_in_the_report() -> None:
    def gather(*things: str) -> None:
        """Gather things."""

    with Toolshed("memory:", pipeline="instant") as shed:
        report = shed.add_tools(gather)
    source = report.added[0].partition(":")[0]
    assert report.warnings == [f"{source}: gather: '*things' is left out: it names no arguments"]


def test_a_name_in_a_dictionary_is_checked_like_any_other() -> None:
    (catalog,) = read_objects([{"a\u202eb": add}])
    assert "that nobody sees" in str(catalog.invalid[0])


def test_what_is_no_tool_says_what_is() -> None:
    with pytest.raises(
        InvalidToolError, match="give a path, a URL, a function, a tool of an agent framework"
    ):
        read_object(7)
