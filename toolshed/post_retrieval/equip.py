"""Equip an agent: the definitions in the form its framework takes."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from toolshed.errors import missing_extra
from toolshed.types import ToolDefinition

_MAX_NAME = 64
_ILLEGAL = re.compile(r"[^a-zA-Z0-9_-]+")


def provider_names(tools: Sequence[ToolDefinition]) -> dict[str, str]:
    """Legal, distinct names by tool id: letters, digits, ``_`` and ``-``, 64 characters at most.

    A name that is legal and unique stays as it is; tools of one name get their source before it.
    """
    bare = [_legal(tool.name) for tool in tools]
    names: dict[str, str] = {}
    for tool, name in zip(tools, bare, strict=True):
        wanted = name if bare.count(name) == 1 else _legal(f"{tool.source}__{tool.key or tool.name}")
        names[tool.tool_id] = _free(wanted, set(names.values()))
    return names


def _legal(name: str) -> str:
    return _ILLEGAL.sub("_", name).strip("_")[:_MAX_NAME] or "tool"


def _free(name: str, taken: set[str]) -> str:
    number = 2
    candidate = name
    while candidate in taken:
        suffix = f"_{number}"
        candidate = name[: _MAX_NAME - len(suffix)] + suffix
        number += 1
    return candidate


def to_openai(tools: Sequence[ToolDefinition]) -> list[dict[str, Any]]:
    """Tools for OpenAI's chat completions and everything compatible with them."""
    names = provider_names(tools)
    return [
        {
            "type": "function",
            "function": {
                "name": names[tool.tool_id],
                "description": tool.description,
                "parameters": dict(tool.parameters),
            },
        }
        for tool in tools
    ]


def to_anthropic(tools: Sequence[ToolDefinition]) -> list[dict[str, Any]]:
    """Tools for Anthropic's messages."""
    names = provider_names(tools)
    return [
        {
            "name": names[tool.tool_id],
            "description": tool.description,
            "input_schema": {"type": "object", **tool.parameters},
        }
        for tool in tools
    ]


def to_mcp(tools: Sequence[ToolDefinition]) -> list[dict[str, Any]]:
    """Tools as an MCP server lists them."""
    names = provider_names(tools)
    return [_mcp_tool(tool, names[tool.tool_id]) for tool in tools]


def _mcp_tool(tool: ToolDefinition, name: str) -> dict[str, Any]:
    listed: dict[str, Any] = {
        "name": name,
        "description": tool.description,
        "inputSchema": {"type": "object", **tool.parameters},
    }
    if tool.output_schema is not None:
        listed["outputSchema"] = dict(tool.output_schema)
    if tool.annotations:
        listed["annotations"] = dict(tool.annotations)
    return listed


def to_langchain(tools: Iterable[ToolDefinition], call: Callable[..., Any]) -> list[Any]:
    """LangChain tools; ``call(tool_id, arguments)`` runs one.

    Raises:
        ConfigurationError: If langchain-core is not installed.
    """
    try:
        from langchain_core.tools import StructuredTool
    except ImportError as error:
        raise missing_extra("langchain-core", "langchain") from error
    listed = list(tools)
    names = provider_names(listed)
    return [
        StructuredTool(
            name=names[tool.tool_id],
            description=tool.description or tool.name,
            args_schema=dict(tool.parameters),
            func=_bound(call, tool.tool_id),
        )
        for tool in listed
    ]


def _bound(call: Callable[..., Any], tool_id: str) -> Callable[..., Any]:
    return lambda **arguments: call(tool_id, arguments)
