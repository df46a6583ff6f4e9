"""What all adapters that equip agents share: finding tools, and running a model's call of one."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolshed.errors import InvalidArgumentsError, ToolshedError
from toolshed.options import SearchArguments
from toolshed.post_retrieval.equip import original_arguments
from toolshed.shed.shed import Toolshed
from toolshed.shed.view import ShedView
from toolshed.types import ToolDefinition
from toolshed.visibility import EVERYTHING

# Beyond this nobody means a request; it is far below what a search takes.
_MAX_CHARACTERS = 20_000

SEARCH_NAME = "search_tools"
SEARCH_DESCRIPTION = (
    "Loads more tools. When no tool at hand does what is needed, describe what is to be done in a sentence; "
    "the tools for it can be called afterwards."
)
SEARCH_PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"query": {"type": "string", "description": "What is to be done, in a sentence."}},
    "required": ["query"],
    "additionalProperties": False,
}
NOTHING_FITS = "No tool fits. Say so, or describe the need in other words."
NO_QUERY = "Give a query: a sentence that says what is to be done."


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a call came to, as a model reads it.

    Attributes:
        text: The answer, or why there is none.
        is_error: Whether the tool failed, or could not be called.
    """

    text: str
    is_error: bool = False


@dataclass(frozen=True)
class AgentTools:
    """The tools of a knowledge base for an agent.

    Args:
        shed: The knowledge base, or what a caller may see of it (:meth:`Toolshed.seen_by`).
        k: Most tools of a search.
        options: See :class:`~toolshed.options.SearchArguments`.
    """

    shed: Toolshed | ShedView
    k: int = 5
    options: SearchArguments = field(default_factory=SearchArguments)

    @property
    def view(self) -> ShedView:
        """The knowledge base as the agent sees it."""
        return self.shed if isinstance(self.shed, ShedView) else self.shed.seen_by(EVERYTHING)

    def find(self, query: object) -> list[ToolDefinition]:
        """The tools for a query of a user or a model; none where it is no text."""
        if not isinstance(query, str) or not query.strip():
            return []
        found = self.view.search(query[:_MAX_CHARACTERS], self.k, **self.options)
        # Skills are instructions, which nobody calls.
        return [one.tool for one in found.tools if one.tool.kind == "tool"]

    def named(self, names: Sequence[str]) -> list[ToolDefinition]:
        """The tools of exported names, in their order; those that are there no more are left out."""
        return self.view.tools_named(names)

    def everything(self) -> list[ToolDefinition]:
        """All tools that can be called, ordered by their ids."""
        return [tool for tool in self.view.definitions() if tool.kind == "tool"]

    def run(self, name: str, arguments: object) -> ToolAnswer:
        """Call a tool as a model does: by its exported name. What fails is said, not raised."""
        try:
            tool = self.view.tool_named(name)
            result = self.view.call(tool.tool_id, _taken(tool, arguments))
        except ToolshedError as error:
            return ToolAnswer(str(error), is_error=True)
        return ToolAnswer(str(result), result.is_error)

    async def arun(self, name: str, arguments: object) -> ToolAnswer:
        """See :meth:`run`."""
        try:
            tool = await asyncio.to_thread(self.view.tool_named, name)
            taken = _taken(tool, arguments)
        except ToolshedError as error:
            return ToolAnswer(str(error), is_error=True)
        return await self.acall(tool.tool_id, taken)

    async def acall(self, tool_id: str, taken: Any) -> ToolAnswer:
        """Call a tool by its id, with arguments as it names them."""
        try:
            result = await self.view.acall(tool_id, taken)
        except ToolshedError as error:
            return ToolAnswer(str(error), is_error=True)
        return ToolAnswer(str(result), result.is_error)


def _taken(tool: ToolDefinition, arguments: object) -> Any:  # Any: what the tool takes, mostly an object
    if not isinstance(arguments, Mapping):
        raise InvalidArgumentsError(
            f"the arguments for {tool.exported_name!r} are of type {type(arguments).__name__}; "
            "they must be a JSON object"
        )
    return original_arguments(tool, arguments)
