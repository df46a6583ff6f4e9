"""Tools for Amazon Bedrock's Converse."""

from collections.abc import Iterable
from typing import Any

from toolshed.post_retrieval.equip.argument_keys import DOTTED_KEYS
from toolshed.post_retrieval.equip.exported_tool import Exportable, ExportedTool, exported_tools
from toolshed.post_retrieval.equip.inlined_schema import inlined

# Amazon's own models take nothing else at the top of a schema.
_AT_THE_TOP = ("type", "properties", "required")


def to_bedrock(tools: Iterable[Exportable]) -> list[dict[str, Any]]:
    """Tools for ``toolConfig={"tools": ...}`` of Converse; references are written out."""
    return [{"toolSpec": _specification(tool)} for tool in exported_tools(tools, DOTTED_KEYS)]


def _specification(tool: ExportedTool) -> dict[str, Any]:
    schema = inlined(tool.schema)
    return {
        "name": tool.name,
        **({"description": tool.description} if tool.description else {}),
        "inputSchema": {"json": {key: schema[key] for key in _AT_THE_TOP if key in schema}},
    }
