from langchain_core.tools import StructuredTool, tool

from toolshed.catalog.langchain_tools import is_langchain_tool, langchain_tool


@tool
def convert_currency(amount: float, target: str) -> float:
    """Convert an amount of money into another currency."""
    return amount * len(target)


def test_a_decorated_tool_is_read() -> None:
    definition = langchain_tool(convert_currency)
    assert definition.tool_id == "langchain:convert_currency"
    assert definition.description == "Convert an amount of money into another currency."
    assert set(definition.parameters["properties"]) == {"amount", "target"}


def test_a_tool_with_a_json_schema_is_read() -> None:
    schema = {"type": "object", "properties": {"q": {"type": "string"}}}
    built = StructuredTool(name="lookup", description="Look up.", args_schema=schema, func=lambda q: q)
    assert langchain_tool(built).parameters["properties"] == {"q": {"type": "string"}}


def test_functions_are_not_taken_for_langchain_tools() -> None:
    assert is_langchain_tool(convert_currency)
    assert not is_langchain_tool(test_a_decorated_tool_is_read)
    assert not is_langchain_tool({"name": "x"})
