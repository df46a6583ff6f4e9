"""Tools that an operator pins: they stand in the list of tools as themselves, beside the search."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from mcp_types import Tool, ToolAnnotations
from pydantic import ValidationError

from toolshed.errors import ToolshedError, UnknownToolError
from toolshed.post_retrieval.equip.exported_tool import original_arguments
from toolshed.post_retrieval.equip.mcp import to_mcp
from toolshed.types import ToolDefinition
from toolshed_api.caller_shed import CallerShed
from toolshed_api.mcp.calling import call
from toolshed_api.mcp.own_tools import Exchange, ToolAnswer, failed

# What stands in every list costs every request.
MAX_PINNED = 50
_SUFFIX = "_tool"


@dataclass(frozen=True, slots=True)
class PinnedTool:
    """A tool of a source in our list of tools.

    Attributes:
        name: What it is listed as.
        definition: The tool.
    """

    name: str
    definition: ToolDefinition

    def listed(self) -> Tool:
        """How it stands in a list of tools: with its own schema and hints; other extras are left out."""
        (said,) = to_mcp([self.definition])
        return Tool(
            name=self.name,
            title=said.get("title") or self.definition.name,
            description=said["description"],
            input_schema=said["inputSchema"],
            annotations=_hints(self.definition.annotations),
        )

    async def answer(self, exchange: Exchange, given: Mapping[str, Any]) -> ToolAnswer:
        """Call it."""
        try:
            arguments = original_arguments(self.definition, given)
            return await call(exchange, self.definition, arguments)
        except ToolshedError as error:
            return failed(error.code, str(error))


def pinned_tools(shed: CallerShed, tool_ids: Sequence[str], taken: Set[str]) -> dict[str, PinnedTool]:
    """Those of the pinned tools that a caller may find, by the names that they are listed as."""
    pinned: dict[str, PinnedTool] = {}
    for tool_id in tool_ids[:MAX_PINNED]:
        try:
            tool = shed.get_tool(tool_id)
        except UnknownToolError:
            # Not his to find, or not indexed yet.
            continue
        if tool.kind == "tool":
            name = tool.exported_name + (_SUFFIX if tool.exported_name in taken else "")
            pinned[name] = PinnedTool(name, tool)
    return pinned


def _hints(annotations: Mapping[str, Any]) -> ToolAnnotations:
    """Hints as the source gives them; none at all says that it may change things."""
    try:
        hints = ToolAnnotations.model_validate(annotations)
    except ValidationError:
        hints = ToolAnnotations()
    return hints.model_copy(
        update={
            "read_only_hint": bool(hints.read_only_hint),
            "destructive_hint": hints.destructive_hint is not False,
        }
    )
