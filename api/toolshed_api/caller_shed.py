"""A tenant's knowledge base in the hands of one caller: the one thing behind REST, MCP and the gateway."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from toolshed.catalog.definitions import Catalog
from toolshed.documents import LegalDocument, Passage
from toolshed.errors import ConfigurationError, UnknownDecisionError, UnknownDocumentError, UnknownSourceError
from toolshed.indexing.passages import DocumentReport
from toolshed.options import (
    CallArguments,
    DocumentArguments,
    IndexArguments,
    OnChange,
    PassageArguments,
    SearchArguments,
)
from toolshed.shed.results import PassageSearchResult, SearchResult
from toolshed.types import IndexedSource, SyncReport, ToolDefinition
from toolshed_api.audit.trail import Note
from toolshed_api.caller_credentials import CallerCredentials
from toolshed_api.callers import DEFAULT_TENANT, ForeignSourceError
from toolshed_api.observability import conventions as names
from toolshed_api.observability.metrics import PASSAGE_SEARCHES, count_search, counted_call
from toolshed_api.observability.tracing import span, trace_search

if TYPE_CHECKING:
    from toolshed.calling.results import CallResult, ResultPage
    from toolshed.economics.choosing.selection import Selection
    from toolshed.economics.choosing.step_request import StepRequest
    from toolshed.economics.ledger.records import Outcome
    from toolshed.economics.reporting.report import CostReport
    from toolshed.economics.running.backbone_policy import BackbonePolicy
    from toolshed.economics.running.terms import Budget, OutcomeDetails
    from toolshed.economics.running.verbs import PolicyOptions
    from toolshed.safety.quarantine import HeldTool
    from toolshed.shed.usage_library import UsageReport
    from toolshed_api.audit.use import UseReport
    from toolshed_api.search_queue import SearchQueue

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class CallerShed(CallerCredentials):
    """What a caller may do with the tools, text and books of his tenant.

    Every verb does its work inside :meth:`doing`, which asks for its scope and writes the audit log. What is
    refused, counted or written down is decided here, so that whoever serves a caller, in whatever protocol,
    serves him the same.

    Attributes:
        turns: Where searches wait for their turn; None where whoever serves him has seen to that.
        is_patient: Whether they wait however long it takes, and are never refused for that.
    """

    turns: "SearchQueue | None" = None
    is_patient: bool = False

    def _in_turn(self, search: Callable[[], Result]) -> Result:
        if self.turns is None:
            return search()
        return self.turns.search_in_turn(search, is_patient=self.is_patient)

    def search(self, query: str, k: int = 5, **options: Unpack[SearchArguments]) -> SearchResult:
        """See :meth:`Toolshed.search`."""
        with self.doing("search", "search", text=query) as note:
            found = self._in_turn(lambda: self._view.search(query, k, **options))
            note.found = tuple(one.tool.tool_id for one in found.tools)
            count_search(found)
            trace_search(found, self.caller.tenant)
            return found

    def get_tool(self, tool_id: str) -> ToolDefinition:
        """See :meth:`Toolshed.get_tool`."""
        with self.doing("search", "tools.get", tool_id):
            return self._view.get_tool(tool_id)

    def tool_named(self, name: str) -> ToolDefinition:
        """See :meth:`Toolshed.tool_named`."""
        with self.doing("search", "tools.get", name):
            return self._view.tool_named(name)

    def definitions(self) -> list[ToolDefinition]:
        """The definitions of all tools that the caller may find, ordered by their ids."""
        with self.doing("search", "tools.list"):
            return self._view.definitions()

    def catalog_version(self) -> object:
        """What is another when the tools have changed."""
        return self.shed.tools.version

    def tools_named(self, names: Sequence[str]) -> list[ToolDefinition]:
        """See :meth:`ShedView.tools_named`."""
        with self.doing("search", "tools.get", ", ".join(names)):
            return self._view.tools_named(names)

    def list_tools(self) -> list[str]:
        """See :meth:`Toolshed.list_tools`."""
        with self.doing("search", "tools.list"):
            return self._view.list_tools()

    def sources(self) -> list[IndexedSource]:
        """See :meth:`Toolshed.sources`."""
        with self.doing("search", "sources.list"):
            return self._view.sources()

    def call(
        self,
        tool_id: str,
        arguments: Mapping[str, Any] | None = None,
        **options: Unpack[CallArguments],
    ) -> "CallResult":
        """See :meth:`Toolshed.call`."""
        with self._calling(tool_id, arguments) as note, counted_call() as failed, _call_span(tool_id):
            called = self._view.call(tool_id, arguments, **self._with_credentials(tool_id, options))
            failed.append(called.is_error)
            note.outcome = "tool_error" if called.is_error else "ok"
            return called

    async def acall(
        self,
        tool_id: str,
        arguments: Mapping[str, Any] | None = None,
        **options: Unpack[CallArguments],
    ) -> "CallResult":
        """See :meth:`AsyncToolshed.call`."""
        with self._calling(tool_id, arguments) as note, counted_call() as failed, _call_span(tool_id):
            given = await asyncio.to_thread(self._with_credentials, tool_id, options)
            called = await self._view.acall(tool_id, arguments, **given)
            failed.append(called.is_error)
            note.outcome = "tool_error" if called.is_error else "ok"
            return called

    def _calling(self, tool_id: str, arguments: Mapping[str, Any] | None) -> AbstractContextManager[Note]:
        return self.doing("call", "call", tool_id, text=json.dumps(arguments, default=str))

    def read_result(self, handle: str, offset: int = 0, *, max_characters: int = 20_000) -> "ResultPage":
        """See :meth:`Toolshed.read_result`."""
        with self.doing("call", "results.read", handle):
            return self._view.read_result(handle, offset, max_characters=max_characters)

    def backbones(
        self, models: Sequence[str], budgets: "Sequence[Budget]" = (), **terms: Unpack["PolicyOptions"]
    ) -> "BackbonePolicy":
        """What runs model calls on the caller's account, within budgets: his, and his tenant's."""
        with self.doing("chat", "models.call", ", ".join(models)):
            policy = self.shed.backbones.policy(models, **terms)
            return replace(policy, budget=next(iter(budgets), None), also=tuple(budgets[1:]))

    def own_task(self, task_id: str) -> str:
        """The id of a task of the caller's tenant; another tenant's is not there.

        Raises:
            UnknownDecisionError: If there is no such task.
        """
        with self.doing("chat", "tasks.continue", task_id):
            self.shed.account.check_own(task_id)
            return task_id

    def search_passages(
        self, query: str, k: int = 5, **options: Unpack[PassageArguments]
    ) -> PassageSearchResult:
        """See :meth:`Toolshed.search_passages`."""
        told = {names.OPERATION: names.RETRIEVAL, names.DATA_SOURCE: "passages"}
        with self.doing("search", "passages.search", text=query), span("retrieval passages", told):
            PASSAGE_SEARCHES.inc()
            return self._in_turn(lambda: self.shed.search_passages(query, k, **options))

    def report_search(self, task_id: str, passed: bool, **details: "Unpack[OutcomeDetails]") -> "Outcome":
        """Report whether the task of a search passed; it is booked as one now, if it is not yet.

        Args:
            task_id: What the caller was given for the search; nobody else knows it.
            passed: Whether it passed.
            details: See :meth:`.CostAccount.report`.
        """
        with self.doing("call", "outcomes.report", task_id):
            account = self.shed.account
            try:
                account.ledger.task(task_id)
            except UnknownDecisionError:
                account.start_task("retrieval", task_id=task_id)
            return account.report(task_id, passed, **details)

    def list_documents(self) -> list[str]:
        """See :meth:`Toolshed.list_documents`."""
        with self.doing("search", "documents.list"):
            return self.shed.list_documents()

    def get_passages(self, document_id: str) -> list[Passage]:
        """See :meth:`Toolshed.get_passages`."""
        with self.doing("search", "documents.get", document_id):
            return self.shed.get_passages(document_id)

    def add_catalogs(self, catalogs: Sequence[Catalog], **options: Unpack[IndexArguments]) -> SyncReport:
        """See :meth:`Toolshed.add_catalogs`."""
        with self.doing("index", "tools.add", _named(catalogs)):
            self._check_writes(catalogs)
            return self.shed.add_catalogs(catalogs, **options)

    def sync_catalogs(self, catalogs: Sequence[Catalog], **options: Unpack[IndexArguments]) -> SyncReport:
        """See :meth:`Toolshed.sync_catalogs`."""
        with self.doing("index", "tools.sync", _named(catalogs)):
            self._check_writes(catalogs)
            return self.shed.sync_catalogs(catalogs, **options)

    def enhance_catalogs(self, catalogs: Sequence[Catalog], enhancements: str) -> SyncReport:
        """Index stored tools anew with a file of what was written of them, which the service made itself.

        Tools that were changed or removed since they were read are left as they are.
        """
        with self.doing("index", "tools.enhance", _named(catalogs)):
            self._check_writes(catalogs)
            wanted = [tool for catalog in catalogs for tool in catalog.tools]
            stored = self.shed.tools.store.fetch([tool.tool_id for tool in wanted])
            as_stored = {one.tool_id: one.definition.content_hash for one in stored}
            same = {tool.tool_id for tool in wanted if as_stored.get(tool.tool_id) == tool.content_hash}
            kept = [
                replace(one, tools=tuple(tool for tool in one.tools if tool.tool_id in same))
                for one in catalogs
            ]
            kept = [one for one in kept if one.tools]
            if not kept:
                return SyncReport()
            with self.shed.booking.run("indexing") as run:
                report = self.shed.tools.sync(kept, {"enhancements": enhancements}, remove_missing=False)
            return replace(report, unbooked=run.unbooked)

    def _check_writes(self, catalogs: Sequence[Catalog]) -> None:
        for catalog in catalogs:
            self.check_source(catalog.source)

    def check_source(self, name: str) -> None:
        """Refuse sources that are not his, whether they are there or not.

        Raises:
            ForeignSourceError: If he may not change it.
        """
        granted = self.caller.visible.sources
        if granted is not None and name not in granted:
            raise ForeignSourceError(f"the source {name!r} is none that {self.caller.name!r} may change")

    def delete_tool(self, tool_id: str) -> None:
        """Remove a tool.

        Raises:
            UnknownToolError: If it is not there.
        """
        with self.doing("index", "tools.delete", tool_id):
            self.check_source(self._view.get_tool(tool_id).source)
            self.shed.delete_tools(tool_id)

    def remove_source(self, name: str) -> int:
        """See :meth:`Toolshed.remove_source`."""
        with self.doing("index", "sources.delete", name):
            if name not in {source.name for source in self._view.sources()}:
                raise UnknownSourceError(f"there is no source {name!r}")
            self.check_source(name)
            return self.shed.remove_source(name)

    def held_tools(self) -> "tuple[list[HeldTool], OnChange]":
        """What waits for a decision, and what happens to dangerous changes."""
        with self.doing("admin", "quarantine.list"):
            self._check_administers()
            return self.shed.quarantine.held(), self.shed.quarantine.policy

    def decide_on_held(self, tool_id: str, content_hash: str, *, is_approved: bool) -> None:
        """See :meth:`.ToolQuarantine.approve` and :meth:`.ToolQuarantine.reject`."""
        with self.doing("admin", "quarantine.approve" if is_approved else "quarantine.reject", tool_id):
            self._check_administers()
            decide = self.shed.quarantine.approve if is_approved else self.shed.quarantine.reject
            decide(tool_id, content_hash, by=self.caller.name)

    def set_change_policy(self, on_change: OnChange) -> None:
        """See :meth:`.ToolQuarantine.set_policy`."""
        with self.doing("admin", "quarantine.policy", on_change):
            self._check_administers()
            self.shed.quarantine.set_policy(on_change)

    def use_report(self, *, n_days: int, limit: int) -> "UseReport":
        """What searches of his tenant found, and what was called.

        Args:
            n_days: Today and the days before it, in UTC.
            limit: Most of a kind to tell.

        Raises:
            ConfigurationError: If no audit log is kept.
        """
        with self.doing("admin", "use.read"):
            self._check_administers()
            if self.trail.log is None:
                raise ConfigurationError("no audit log is kept here, and use is counted there")
            tool_ids = self.shed.list_tools()
            return self.trail.log.use_report(self.caller.tenant, tool_ids, n_days=n_days, limit=limit)

    def _check_administers(self) -> None:
        """Ask for all tools too: what is held back tells of any."""
        self.caller.require("admin")
        if not self.caller.visible.is_everything:
            raise ForeignSourceError(
                f"{self.caller.name!r} is granted some of the tools, and this is about all"
            )

    def writable_tools(self) -> list[ToolDefinition]:
        """The tools that he may change, ordered by their ids."""
        with self.doing("index", "tools.list"):
            granted = self.caller.visible.sources
            tools = self.shed.tools.definitions()
            return [tool for tool in tools if granted is None or tool.source in granted]

    def add_documents(
        self, *documents: LegalDocument, **options: Unpack[DocumentArguments]
    ) -> DocumentReport:
        """See :meth:`Toolshed.add_documents`."""
        named = ", ".join(document.document_id for document in documents[:5])
        with self.doing("index", "documents.add", named):
            return self.shed.add_documents(*documents, **options)

    def delete_document(self, document_id: str) -> None:
        """Remove a document.

        Raises:
            UnknownDocumentError: If it is not there.
        """
        with self.doing("index", "documents.delete", document_id):
            if not self.shed.delete_documents(document_id):
                raise UnknownDocumentError(f"there is no document {document_id!r} in the knowledge base")

    def report_outcome(
        self, task_id: str | None, passed: bool, **details: "Unpack[OutcomeDetails]"
    ) -> "Outcome":
        """See :meth:`.CostAccount.report`; of his own tenant's tasks only."""
        with self.doing("call", "outcomes.report", task_id or ""):
            account, decision_id = self.shed.account, details.get("decision_id")
            if decision_id is not None:
                account.check_own(account.ledger.task_of(decision_id))
            if task_id is not None:
                account.check_own(task_id)
            return account.report(task_id, passed, **details)

    def report_usage(self, query_id: str, tools_used: Sequence[str], passed: bool) -> "UsageReport":
        """See :meth:`.ShedOutcomes.report`, of a search; in his name, and of tools that he may find."""
        with self.doing("call", "outcomes.usage", query_id):
            for tool_id in tools_used:
                self._view.get_tool(tool_id)
            return self.shed.outcomes.report(
                query_id=query_id, tools_used=tools_used, passed=passed, reporter=self.caller.name
            )

    def select(self, step: "StepRequest", *, budget: "Budget | None" = None) -> "Selection":
        """See :meth:`.CostAccount.select`."""
        with self.doing("search", "backbones.select"):
            return self.shed.account.select(step, budget=budget)

    def cost_report(
        self,
        by: str = "model",
        *,
        tenant: str | None,
        since: datetime | None = None,
        until: datetime | None = None,
        human_usd: float | None = None,
    ) -> "CostReport":
        """What was spent and what it bought, by his own tenant; an administrator may ask for others.

        Args:
            by: What rows are grouped by; see :func:`.build_report`.
            tenant: Whose; all tenants' when None.
            since: From when on.
            until: Up to when.
            human_usd: What a human costs on a problem.

        Raises:
            MissingScopeError: If he asks for another tenant, and is no administrator of the service.
        """
        with self.doing("search", "costs.read", tenant or "all tenants"):
            if tenant != self.caller.tenant:
                self.caller.require("admin")
                self.caller.require_tenant(DEFAULT_TENANT)
            return self.shed.costs.report(by, tenant=tenant, since=since, until=until, human_usd=human_usd)


def _named(catalogs: Sequence[Catalog]) -> str:
    return ", ".join(dict.fromkeys(catalog.source for catalog in catalogs))


def _call_span(tool_id: str) -> AbstractContextManager[Any]:
    told = {names.OPERATION: names.EXECUTE_TOOL, names.TOOL_NAME: tool_id}
    return span(f"{names.EXECUTE_TOOL} {tool_id}", told)
