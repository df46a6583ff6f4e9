"""Tools for Anthropic's messages."""

from collections.abc import Iterable
from typing import Any

from toolshed.post_retrieval.equip.argument_keys import DOTTED_KEYS
from toolshed.post_retrieval.equip.exported_tool import Exportable, exported_tools


def to_anthropic(tools: Iterable[Exportable]) -> list[dict[str, Any]]:
    """Tools for Anthropic's messages; one without a description has no such key."""
    return [
        {
            "name": tool.name,
            **({"description": tool.description} if tool.description else {}),
            "input_schema": tool.schema,
        }
        for tool in exported_tools(tools, DOTTED_KEYS)
    ]
