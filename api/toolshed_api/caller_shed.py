"""A tenant's knowledge base in the hands of one caller: the one thing behind REST, MCP and the gateway."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from toolshed.documents import Passage
from toolshed.errors import UnknownDecisionError
from toolshed.options import CallArguments, PassageArguments, SearchArguments
from toolshed.shed.results import PassageSearchResult, SearchResult
from toolshed.shed.shed import Toolshed
from toolshed.shed.view import ShedView
from toolshed.types import IndexedSource, ToolDefinition
from toolshed_api.callers import Caller

if TYPE_CHECKING:
    from toolshed.calling.results import CallResult, ResultPage
    from toolshed.economics.ledger.records import Outcome
    from toolshed.economics.running.account import OutcomeDetails


@dataclass(frozen=True, slots=True)
class CallerShed:
    """What a caller may do with the tools, text and books of his tenant.

    Every verb asks for its scope first. What it refuses, counts or writes down is decided here, so that
    whoever serves a caller, in whatever protocol, serves him the same.

    Attributes:
        shed: The knowledge base of the caller's tenant.
        caller: Who asks.
    """

    shed: Toolshed
    caller: Caller

    @property
    def _view(self) -> ShedView:
        return self.shed.seen_by(self.caller.visible)

    def search(self, query: str, k: int = 5, **options: Unpack[SearchArguments]) -> SearchResult:
        """See :meth:`Toolshed.search`."""
        self.caller.require("search")
        return self._view.search(query, k, **options)

    def get_tool(self, tool_id: str) -> ToolDefinition:
        """See :meth:`Toolshed.get_tool`."""
        self.caller.require("search")
        return self._view.get_tool(tool_id)

    def tool_named(self, name: str) -> ToolDefinition:
        """See :meth:`Toolshed.tool_named`."""
        self.caller.require("search")
        return self._view.tool_named(name)

    def definitions(self) -> list[ToolDefinition]:
        """The definitions of all tools that the caller may find, ordered by their ids."""
        self.caller.require("search")
        return self._view.definitions()

    def catalog_version(self) -> object:
        """What is another when the tools have changed."""
        return self.shed.tools.version

    def list_tools(self) -> list[str]:
        """See :meth:`Toolshed.list_tools`."""
        self.caller.require("search")
        return self._view.list_tools()

    def sources(self) -> list[IndexedSource]:
        """See :meth:`Toolshed.sources`."""
        self.caller.require("search")
        return self._view.sources()

    def call(
        self,
        tool_id: str,
        arguments: Mapping[str, Any] | None = None,
        **options: Unpack[CallArguments],
    ) -> "CallResult":
        """See :meth:`Toolshed.call`."""
        self.caller.require("call")
        return self._view.call(tool_id, arguments, **options)

    async def acall(
        self,
        tool_id: str,
        arguments: Mapping[str, Any] | None = None,
        **options: Unpack[CallArguments],
    ) -> "CallResult":
        """See :meth:`AsyncToolshed.call`."""
        self.caller.require("call")
        return await self._view.acall(tool_id, arguments, **options)

    def read_result(self, handle: str, offset: int = 0, *, max_characters: int = 20_000) -> "ResultPage":
        """See :meth:`Toolshed.read_result`."""
        self.caller.require("call")
        return self.shed.read_result(handle, offset, max_characters=max_characters)

    def search_passages(
        self, query: str, k: int = 5, **options: Unpack[PassageArguments]
    ) -> PassageSearchResult:
        """See :meth:`Toolshed.search_passages`."""
        self.caller.require("search")
        return self.shed.search_passages(query, k, **options)

    def report_search(self, task_id: str, passed: bool, **details: "Unpack[OutcomeDetails]") -> "Outcome":
        """Report whether the task of a search passed; it is booked as one now, if it is not yet.

        Args:
            task_id: What the caller was given for the search; nobody else knows it.
            passed: Whether it passed.
            details: See :meth:`.CostAccount.report`.
        """
        self.caller.require("call")
        account = self.shed.account
        try:
            account.ledger.task(task_id)
        except UnknownDecisionError:
            account.start_task("retrieval", task_id=task_id)
        return account.report(task_id, passed, **details)

    def list_documents(self) -> list[str]:
        """See :meth:`Toolshed.list_documents`."""
        self.caller.require("search")
        return self.shed.list_documents()

    def get_passages(self, document_id: str) -> list[Passage]:
        """See :meth:`Toolshed.get_passages`."""
        self.caller.require("search")
        return self.shed.get_passages(document_id)
