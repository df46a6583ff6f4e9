"""A knowledge base as one caller sees it."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

from toolshed.options import CallArguments, SearchArguments
from toolshed.rankings import Selection
from toolshed.shed.results import SearchResult
from toolshed.types import IndexedSource, ToolDefinition
from toolshed.visibility import Visibility

if TYPE_CHECKING:
    from toolshed.calling.results import CallResult, ResultPage
    from toolshed.shed.shed import Toolshed


@dataclass(frozen=True, slots=True)
class ShedView:
    """The verbs of :class:`~toolshed.shed.shed.Toolshed` that read tools and call them, for one caller.

    Tools that he may not find are to him not there: they raise what an unknown id raises.

    Attributes:
        shed: The knowledge base.
        visible: The tools that the caller may find.
        owner: Who he is: long answers are kept for whoever called, and read on by nobody else.
    """

    shed: "Toolshed"
    visible: Visibility
    owner: str = ""

    def search(self, query: str, k: int = 5, **options: Unpack[SearchArguments]) -> SearchResult:
        """See :meth:`Toolshed.search`."""
        shed = self.shed
        search = shed.tools.prepared(query, k, options, shed.passages, self.visible)
        with shed.booking.run("retrieval", options.get("task_id")) as run:
            selection = search.run()
        return replace(search.result(selection, run), call=self.call, query_id=self.remembered(selection))

    def remembered(self, selection: Selection) -> str:
        """The id that the outcome of a search may be reported by."""
        query_id = uuid.uuid4().hex
        self.shed.usage.remember(query_id, selection, self.visible)
        return query_id

    def call(
        self,
        tool_id: str,
        arguments: Mapping[str, Any] | None = None,
        **options: Unpack[CallArguments],
    ) -> "CallResult":
        """See :meth:`Toolshed.call`."""
        return self.shed.caller.call(self.get_tool(tool_id), arguments, options, owner=self.owner)

    async def acall(
        self,
        tool_id: str,
        arguments: Mapping[str, Any] | None = None,
        **options: Unpack[CallArguments],
    ) -> "CallResult":
        """See :meth:`AsyncToolshed.call`; whoever stops waiting ends the call."""
        tool = await asyncio.to_thread(self.get_tool, tool_id)
        return await self.shed.caller.acall(tool, arguments, options, owner=self.owner)

    def read_result(self, handle: str, offset: int = 0, *, max_characters: int = 20_000) -> "ResultPage":
        """See :meth:`Toolshed.read_result`; of his own answers."""
        return self.shed.caller.read(handle, offset, max_characters, owner=self.owner)

    def get_tool(self, tool_id: str) -> ToolDefinition:
        """See :meth:`Toolshed.get_tool`."""
        return self.shed.tools.get(tool_id, self.visible)

    def tool_named(self, name: str) -> ToolDefinition:
        """See :meth:`Toolshed.tool_named`."""
        return self.shed.tools.named(name, self.visible)

    def definitions(self) -> list[ToolDefinition]:
        """The definitions of all tools that he may find, ordered by their ids."""
        return self.shed.tools.definitions(self.visible)

    def tools_named(self, names: Sequence[str]) -> list[ToolDefinition]:
        """The tools that exported names stand for, in their order; names that are of none are left out."""
        return self.shed.tools.all_named(names, self.visible)

    def list_tools(self) -> list[str]:
        """See :meth:`Toolshed.list_tools`."""
        return self.shed.tools.ids(self.visible)

    def sources(self) -> list[IndexedSource]:
        """See :meth:`Toolshed.sources`."""
        return self.shed.tools.sources(self.visible)
