"""Objects at hand as tools, and the callables behind them."""

from langchain_core.tools import tool

from toolshed.catalog.python_objects import read_objects
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
