"""LangChain tools as tool definitions."""

from typing import Any

from toolshed.catalog.definitions import define_tool
from toolshed.errors import InvalidToolError
from toolshed.types import ToolDefinition


def is_langchain_tool(value: object) -> bool:
    """Whether a value quacks like LangChain's ``BaseTool``; imports nothing of LangChain."""
    return all(hasattr(value, name) for name in ("name", "description", "tool_call_schema", "invoke"))


def langchain_tool(tool: Any, *, source: str = "langchain") -> ToolDefinition:
    """Read a LangChain tool.

    Raises:
        InvalidToolError: If its arguments have no JSON Schema.
    """
    schema = tool.tool_call_schema  # Any: a pydantic model class or a JSON Schema
    try:
        parameters = schema if isinstance(schema, dict) else schema.model_json_schema()
    except (AttributeError, TypeError, ValueError) as error:
        raise InvalidToolError(f"the LangChain tool {tool.name!r} has no argument schema: {error}") from error
    return define_tool(
        tool.name, tool.description, parameters, source=source, tags=getattr(tool, "tags", None) or []
    )
