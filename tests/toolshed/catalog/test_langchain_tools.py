from typing import Annotated

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import InjectedToolArg, StructuredTool, Tool, tool

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


def test_a_tool_of_one_text_takes_that_text() -> None:
    lookup = Tool(name="lookup", description="Look up.", func=str.upper)
    arguments = {"tool_input": "desk"}
    assert langchain_tool(lookup).parameters["properties"] == {"tool_input": {"type": "string"}}
    assert lookup.invoke(arguments) == "DESK"


def test_name_and_text_of_a_tool_are_not_said_again_with_its_arguments() -> None:
    assert not {"title", "description"} & langchain_tool(convert_currency).parameters.keys()


def test_what_langchain_fills_in_is_no_argument() -> None:
    @tool
    def fetch(page: int, user: Annotated[str, InjectedToolArg], config: RunnableConfig) -> str:
        """Fetch a page."""
        return f"{page}{user}{config}"

    assert set(langchain_tool(fetch).parameters["properties"]) == {"page"}
