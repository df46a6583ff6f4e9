"""Tools of one name in one source."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from toolshed.catalog.definitions import Catalog, collect
from toolshed.catalog.openapi import parse_openapi
from toolshed.catalog.python_objects import read_objects
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition


def collected(*tools: ToolDefinition) -> Catalog:
    def builder(tool: ToolDefinition) -> Callable[[], ToolDefinition]:
        return lambda: tool

    return collect("s", ((str(n), builder(tool)) for n, tool in enumerate(tools)))


def test_namesakes_are_told_apart_by_what_they_say_in_any_order() -> None:
    tools = [make_tool("send", text, source="s") for text in ("By mail.", "By fax.", "By pigeon.")]
    ids = {frozenset(tool.tool_id for tool in collected(*some).tools) for some in permutations(tools)}
    assert len(ids) == 1
    (one,) = ids
    assert len(one) == 3
    catalog = collected(*tools, make_tool("other", source="s"))
    assert not catalog.invalid
    assert {tool.name for tool in catalog.tools} == {"send", "other"}
    assert "3 tools have the id 's:send' and are told apart as s:send-" in catalog.warnings[0]


def test_the_same_tool_twice_is_there_once_and_said() -> None:
    tool = make_tool("send", "By mail.", source="s")
    catalog = collected(tool, replace(tool), replace(tool))
    assert catalog.tools == (tool,)
    assert "is listed 3 times with the same definition" in catalog.warnings[0]


def test_what_differs_only_in_what_no_model_reads_is_told_apart_too() -> None:
    tool = make_tool("send", "By mail.", source="s")
    assert len({t.tool_id for t in collected(tool, replace(tool, title="Other")).tools}) == 2


def test_services_of_one_file_tell_their_namesakes_apart() -> None:
    tool = make_tool("send", "By mail.", source="s")
    catalog = collected(replace(tool, service="north"), replace(tool, service="south"))
    assert [t.tool_id for t in catalog.tools] == ["s:north.send", "s:south.send"]


def test_a_name_that_looks_like_ours_is_not_taken_from_its_tool() -> None:
    first, second = make_tool("send", "By mail.", source="s"), make_tool("send", "By fax.", source="s")
    taken = collected(first, second).tools[0].tool_id.removeprefix("s:")
    catalog = collected(first, make_tool(taken, "Is called so.", source="s"), second)
    assert len({tool.tool_id for tool in catalog.tools}) == 3
    assert next(t for t in catalog.tools if t.name == taken).tool_id == f"s:{taken}"


@pytest.mark.parametrize("turned", [False, True])
def test_operations_of_one_operation_id_are_told_apart_by_method_and_path(turned: bool) -> None:
    paths = {"/desks": {"get": {"operationId": "desk"}}, "/desks/{n}": {"get": {"operationId": "desk"}}}
    ordered = dict(sorted(paths.items(), reverse=turned))
    catalog = parse_openapi({"openapi": "3.0.0", "info": {"title": "Desks"}, "paths": ordered})
    assert {tool.tool_id for tool in catalog.tools} == {"Desks:GET /desks", "Desks:GET /desks/{n}"}
    assert not catalog.invalid


def test_many_namesakes_are_summed_up() -> None:
    tools = [make_tool(f"t{n}", text, source="s") for n in range(50) for text in ("A", "B")]
    catalog = collected(*tools)
    assert len(catalog.tools) == 100
    assert catalog.warnings[-1] == "and 30 more names like these"


def test_the_callables_of_namesakes_stay_theirs() -> None:
    def north() -> None:
        """Send north."""

    def south() -> None:
        """Send south."""

    north.__name__ = south.__name__ = "send"
    (catalog,) = read_objects([north, south])
    assert {catalog.callables[tool.tool_id] for tool in catalog.tools} == {north, south}
    assert "north" in catalog.tools[0].description
    assert catalog.callables[catalog.tools[0].tool_id] is north
