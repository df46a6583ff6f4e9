"""LangChain tools as tool definitions."""

from typing import Any

from pydantic import PydanticUserError

from toolshed.catalog.definitions import define_tool
from toolshed.errors import InvalidToolError
from toolshed.types import ToolDefinition

_ONE_TEXT = {"type": "object", "properties": {"tool_input": {"type": "string"}}, "required": ["tool_input"]}


def is_langchain_tool(value: object) -> bool:
    """Whether a value quacks like LangChain's ``BaseTool``; imports nothing of LangChain."""
    return all(hasattr(value, name) for name in ("name", "description", "tool_call_schema", "invoke"))


def langchain_tool(tool: Any, *, source: str = "langchain") -> ToolDefinition:
    """Read a LangChain tool.

    Raises:
        InvalidToolError: If its arguments have no JSON Schema.
    """
    try:
        schema = _ONE_TEXT if _takes_one_text(tool) else _schema(tool.tool_call_schema)
    # PydanticUserError is a TypeError or none of them; schemas of others' classes may fail in any of these.
    except (AttributeError, LookupError, NameError, TypeError, ValueError, PydanticUserError) as error:
        raise InvalidToolError(f"the LangChain tool {tool.name!r} has no argument schema: {error}") from error
    # Name and text of the tool, once more.
    parameters = {key: said for key, said in schema.items() if key not in ("title", "description")}
    return define_tool(
        tool.name, tool.description, parameters, source=source, tags=getattr(tool, "tags", None) or []
    )


def _takes_one_text(tool: Any) -> bool:
    """Whether it is a ``Tool`` of one text: LangChain gives the arguments of its own methods for it."""
    return (
        getattr(tool, "args_schema", None) is None and getattr(tool, "args", None) == _ONE_TEXT["properties"]
    )


def _schema(given: Any) -> dict[str, Any]:
    """The JSON Schema of the arguments: as it is, of a class of pydantic 2, or of pydantic 1."""
    if isinstance(given, dict):
        return given
    make = getattr(given, "model_json_schema", None) or given.schema
    schema: dict[str, Any] = make()
    return schema
