"""``AsyncToolshed``: the verbs of ``Toolshed`` for asynchronous programs."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from toolshed.catalog.sources import Source
from toolshed.documents import LegalDocument, Passage
from toolshed.indexing.passages import DocumentReport
from toolshed.metering.runs import recorded_run
from toolshed.options import (
    CallArguments,
    DocumentArguments,
    IndexArguments,
    PassageArguments,
    SearchArguments,
)
from toolshed.shed.opening import ShedArguments
from toolshed.shed.outcomes import ShedOutcomes
from toolshed.shed.results import PassageSearchResult, SearchResult
from toolshed.shed.shed import Toolshed
from toolshed.types import IndexedSource, SyncReport, ToolDefinition
from toolshed.visibility import EVERYTHING

if TYPE_CHECKING:
    from toolshed.calling.results import CallResult, ResultPage
    from toolshed.economics.running.verbs import Backbones, Costs


class AsyncToolshed:
    """The same verbs for asynchronous programs.

    A search awaits the stages that wait; what computes, reads or writes does so in a worker thread, so the
    event loop stays free.
    """

    def __init__(self, location: str | Path = "./shed", **options: Unpack[ShedArguments]) -> None:
        self._shed = Toolshed(location, **options)

    async def search(self, query: str, k: int = 5, **options: Unpack[SearchArguments]) -> SearchResult:
        """See :meth:`Toolshed.search`."""
        shed = self._shed
        search = await asyncio.to_thread(shed.tools.prepared, query, k, options, shed.passages)
        with recorded_run() as run:
            try:
                selection = await search.run_awaited()
            finally:
                await asyncio.to_thread(shed.booking.book, run, "retrieval", options.get("task_id"))
        query_id = await asyncio.to_thread(shed.seen_by(EVERYTHING).remembered, selection)
        return replace(search.result(selection, run), call=self.call, query_id=query_id)

    async def call(
        self,
        tool_id: str,
        arguments: Mapping[str, Any] | None = None,
        **options: Unpack[CallArguments],
    ) -> "CallResult":
        """See :meth:`Toolshed.call`; asynchronous functions are awaited in this loop."""
        tool = await self.get_tool(tool_id)
        caller = await asyncio.to_thread(lambda: self._shed.caller)
        return await caller.acall(tool, arguments, options)

    async def read_result(
        self, handle: str, offset: int = 0, *, max_characters: int = 20_000
    ) -> "ResultPage":
        """See :meth:`Toolshed.read_result`."""
        return self._shed.read_result(handle, offset, max_characters=max_characters)

    async def add_tools(self, *sources: Source, **options: Unpack[IndexArguments]) -> SyncReport:
        """See :meth:`Toolshed.add_tools`."""
        return await asyncio.to_thread(self._shed.add_tools, *sources, **options)

    async def sync_tools(self, *sources: Source, **options: Unpack[IndexArguments]) -> SyncReport:
        """See :meth:`Toolshed.sync_tools`."""
        return await asyncio.to_thread(self._shed.sync_tools, *sources, **options)

    async def add_documents(
        self, *sources: str | Path | LegalDocument, **options: Unpack[DocumentArguments]
    ) -> DocumentReport:
        """See :meth:`Toolshed.add_documents`."""
        return await asyncio.to_thread(self._shed.add_documents, *sources, **options)

    async def sync_documents(
        self, *sources: str | Path | LegalDocument, **options: Unpack[DocumentArguments]
    ) -> DocumentReport:
        """See :meth:`Toolshed.sync_documents`."""
        return await asyncio.to_thread(self._shed.sync_documents, *sources, **options)

    async def search_passages(
        self, query: str, k: int = 5, **options: Unpack[PassageArguments]
    ) -> PassageSearchResult:
        """See :meth:`Toolshed.search_passages`."""
        return await asyncio.to_thread(self._shed.search_passages, query, k, **options)

    async def list_documents(self) -> list[str]:
        """See :meth:`Toolshed.list_documents`."""
        return await asyncio.to_thread(self._shed.list_documents)

    async def get_passages(self, document_id: str) -> list[Passage]:
        """See :meth:`Toolshed.get_passages`."""
        return await asyncio.to_thread(self._shed.get_passages, document_id)

    async def delete_documents(self, *document_ids: str) -> int:
        """See :meth:`Toolshed.delete_documents`."""
        return await asyncio.to_thread(self._shed.delete_documents, *document_ids)

    async def get_tool(self, tool_id: str) -> ToolDefinition:
        """See :meth:`Toolshed.get_tool`."""
        return await asyncio.to_thread(self._shed.get_tool, tool_id)

    async def tool_named(self, name: str) -> ToolDefinition:
        """See :meth:`Toolshed.tool_named`."""
        return await asyncio.to_thread(self._shed.tool_named, name)

    async def list_tools(self) -> list[str]:
        """See :meth:`Toolshed.list_tools`."""
        return await asyncio.to_thread(self._shed.list_tools)

    async def sources(self) -> list[IndexedSource]:
        """See :meth:`Toolshed.sources`."""
        return await asyncio.to_thread(self._shed.sources)

    async def remove_source(self, name: str) -> int:
        """See :meth:`Toolshed.remove_source`."""
        return await asyncio.to_thread(self._shed.remove_source, name)

    async def delete_tools(self, *tool_ids: str) -> int:
        """See :meth:`Toolshed.delete_tools`."""
        return await asyncio.to_thread(self._shed.delete_tools, *tool_ids)

    @property
    def backbones(self) -> "Backbones":
        """See :attr:`Toolshed.backbones`; its policy's ``arun`` awaits calls."""
        return self._shed.backbones

    @property
    def outcomes(self) -> ShedOutcomes:
        """See :attr:`Toolshed.outcomes`."""
        return self._shed.outcomes

    @property
    def costs(self) -> "Costs":
        """See :attr:`Toolshed.costs`."""
        return self._shed.costs

    async def warm_up(self) -> None:
        """See :meth:`Toolshed.warm_up`."""
        await asyncio.to_thread(self._shed.warm_up)

    async def refresh(self) -> bool:
        """See :meth:`Toolshed.refresh`."""
        return await asyncio.to_thread(self._shed.refresh)

    async def close(self) -> None:
        """See :meth:`Toolshed.close`."""
        await asyncio.to_thread(self._shed.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
