"""Tools as an MCP server lists them."""

from collections.abc import Iterable
from typing import Any

from toolshed.post_retrieval.equip.argument_keys import DOTTED_KEYS
from toolshed.post_retrieval.equip.exported_tool import Exportable, ExportedTool, exported_tools
from toolshed.post_retrieval.equip.normal_schema import clean_schema


def to_mcp(tools: Iterable[Exportable]) -> list[dict[str, Any]]:
    """Tools as an MCP server lists them, with title, icons, annotations and ``_meta`` of their source.

    An output schema of anything but an object is left out: revisions of the protocol before 2026-07-28
    refuse the whole list for it.
    """
    return [_listed(tool) for tool in exported_tools(tools, DOTTED_KEYS, keep_extensions=True)]


def _listed(tool: ExportedTool) -> dict[str, Any]:
    definition = tool.definition
    listed: dict[str, Any] = {"name": tool.name}
    if definition.title:
        listed["title"] = definition.title
    listed |= {"description": tool.description, "inputSchema": tool.schema}
    if definition.output_schema is not None:
        output = clean_schema(definition.output_schema)
        if output.get("type") == "object":
            listed["outputSchema"] = output
    if definition.annotations:
        listed["annotations"] = dict(definition.annotations)
    listed |= {name: definition.extras[name] for name in ("icons", "_meta") if definition.extras.get(name)}
    return listed
