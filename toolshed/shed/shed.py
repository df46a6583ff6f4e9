"""The Python SDK: ``Toolshed``, one knowledge base of tools and legal text."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from toolshed.calling.credentials import CredentialBook
from toolshed.catalog.definitions import Catalog
from toolshed.errors import ToolCallError
from toolshed.options import (
    CallArguments,
    IndexArguments,
    Progress,
    SearchArguments,
    checked,
)
from toolshed.shed.document_verbs import DocumentVerbs
from toolshed.shed.encoders import Encoders
from toolshed.shed.location import Location
from toolshed.shed.opening import ShedArguments, open_tools
from toolshed.shed.outcomes import ShedOutcomes
from toolshed.shed.parts import booking_of, passages_of, tuning_of, usage_of
from toolshed.shed.results import SearchResult
from toolshed.shed.safekeeping import CredentialVault, StateFile, ToolQuarantine
from toolshed.shed.tool_library import ToolLibrary, reads_dense_vectors
from toolshed.shed.view import ShedView
from toolshed.types import IndexedSource, SyncReport, ToolDefinition
from toolshed.visibility import EVERYTHING, Visibility
from toolshed.waiting import wait_for

if TYPE_CHECKING:
    from toolshed.backbones.chat import ChatModel
    from toolshed.calling.caller import ToolCaller
    from toolshed.calling.results import CallResult, ResultPage
    from toolshed.catalog.sources import Source
    from toolshed.economics.running.account import CostAccount
    from toolshed.economics.running.verbs import Backbones, Costs
    from toolshed.pre_retrieval.enhancing import EnhancementReport


class Toolshed(DocumentVerbs):
    """A knowledge base of tools and legal text, and the pipeline that searches it.

    Args:
        location: A folder (created when it does not exist), ``http(s)://`` of a Qdrant server, or
            ``memory:``.
        options: See :class:`~toolshed.shed.opening.ShedArguments`. ``pipeline`` is ``default``; ``instant``
            for cold starts and machines without the transformer; one of the baselines ``hybrid``,
            ``dense``, ``bm25``; or what builds one (:data:`~toolshed.pipelines.PipelineBuilder`).

    Raises:
        ConfigurationError: If an argument makes no sense.
        KnowledgeBaseError: If the knowledge base cannot be opened; see the subclasses.
    """

    def __init__(self, location: str | Path = "./shed", **options: Unpack[ShedArguments]) -> None:
        given = checked(ShedArguments, options)
        at = Location.of(location)
        pipeline = given["pipeline"]
        # Before anything is opened: what is refused leaves no folder locked.
        self._credentials = CredentialBook(given["credentials"])
        self._state = StateFile(at, given["state"], given["ledger"])
        self.vault = CredentialVault(self._state, given["secrets_key"])
        self.reach = given["reach"]
        self.encoders = Encoders(
            given["encoder"],
            reads_dense=reads_dense_vectors(pipeline),
            n_threads=given["encoder_threads"],
            is_multilingual=given["multilingual"],
        )
        self.knowledge_base = store = open_tools(at, self.encoders.manifest, given)
        self.encoders.opened(store.manifest)
        self.usage = usage_of(at, store.manifest, lambda: self.tools, self.encoders, given)
        self.tuning = tuning_of(at, store.manifest, lambda: self.tools, given)
        self.tools = ToolLibrary(
            store,
            self.encoders,
            pipeline,
            given["blas_threads"],
            examples=self.usage.serving,
            tuned=self.tuning.states,
        )
        self.quarantine = ToolQuarantine(self._state, self.tools, given["tenant"])
        self._caller_lock = threading.Lock()
        self._caller: ToolCaller | None = None
        self._is_closed = False
        self.passages = passages_of(at, store.manifest, self.encoders, given)
        self.booking = booking_of(at, given)

    def add_tools(self, *sources: "Source", **options: Unpack[IndexArguments]) -> SyncReport:
        """Index tools; those that are there and have not changed cost nothing.

        Args:
            sources: Paths (of an ``mcp.json`` and of folders of skills too), URLs, ``mcp+stdio:COMMAND``;
                functions, tools of agent frameworks, dictionaries, :class:`ToolDefinition`; lists and
                toolkits of these.
            options: See :class:`~toolshed.options.IndexArguments`.

        Returns:
            What changed, and what was left out: a bad entry, or a source of several that cannot be read,
            costs only itself.

        Raises:
            SourceError: If no source can be read, or one and ``strict`` is set.
            InvalidToolError: If there is nothing but bad entries, or one and ``strict`` is set.
            SourceConflictError: If a source has the name of another that is there; nothing is indexed then.
        """
        given = checked(IndexArguments, options)
        return self.add_catalogs(self._read(sources, given), **options)

    def sync_tools(self, *sources: "Source", **options: Unpack[IndexArguments]) -> SyncReport:
        """Like :meth:`add_tools`, and remove what these sources no longer list."""
        given = checked(IndexArguments, options)
        return self.sync_catalogs(self._read(sources, given), **options)

    def _read(self, sources: "Sequence[Source]", given: IndexArguments) -> list[Catalog]:
        # Readers of every format: what only searches need not wait for them.
        from toolshed.catalog.sources import read_sources

        name, seconds = given["source_name"], given["timeout_seconds"]
        return read_sources(sources, name=name, timeout_seconds=seconds, reach=self.reach)

    def add_catalogs(self, catalogs: Sequence[Catalog], **options: Unpack[IndexArguments]) -> SyncReport:
        """Like :meth:`add_tools`, for catalogs that were read before."""
        return self._sync(catalogs, options, False)

    def sync_catalogs(self, catalogs: Sequence[Catalog], **options: Unpack[IndexArguments]) -> SyncReport:
        """Like :meth:`sync_tools`, for catalogs that were read before."""
        return self._sync(catalogs, options, True)

    def _sync(self, catalogs: Sequence[Catalog], options: IndexArguments, remove_missing: bool) -> SyncReport:
        self._check_files([options.get("enhancements")])
        held_by = self.quarantine.review(options.get("on_change"))
        with self.booking.run("indexing") as run:
            report = self.tools.sync(catalogs, options, remove_missing=remove_missing, review=held_by)
        return replace(report, unbooked=run.unbooked)

    def enhance(
        self,
        chat: "ChatModel",
        path: str | Path,
        *,
        n_questions: int = 12,
        n_at_once: int = 4,
        progress: Progress | None = None,
    ) -> "EnhancementReport":
        """Let a model write how people ask for each tool, into a file to review and to index with.

        See :func:`~toolshed.pre_retrieval.enhancing.write_enhancements`; the calls are booked.
        """
        from toolshed.pre_retrieval.enhancing import write_enhancements

        tools = self.tools.definitions()
        with self.booking.run("enhancement") as run:
            report = wait_for(
                write_enhancements(
                    tools, chat, path, n_questions=n_questions, n_at_once=n_at_once, progress=progress
                )
            )
        return replace(report, unbooked=run.unbooked)

    def search(self, query: str, k: int = 5, **options: Unpack[SearchArguments]) -> SearchResult:
        """Find the tools an agent needs for a request.

        Args:
            query: The request, in the agent's or the user's words.
            k: Most tools to return.
            options: See :class:`~toolshed.options.SearchArguments`.

        Raises:
            InvalidQueryError: If the query is empty or too long, or an option is out of range.
        """
        return self.seen_by(EVERYTHING).search(query, k, **options)

    def seen_by(self, visible: Visibility, owner: str = "") -> ShedView:
        """The knowledge base as a caller sees it to whom some tools are granted; the others are not there.

        Args:
            visible: What is granted to him.
            owner: Who he is: his long answers are read on by nobody else.
        """
        return ShedView(self, visible, owner)

    def call(
        self,
        tool_id: str,
        arguments: Mapping[str, Any] | None = None,
        **options: Unpack[CallArguments],
    ) -> "CallResult":
        """Call a tool: of an MCP server, an operation of an OpenAPI document, a Python function added here.

        Args:
            tool_id: The tool.
            arguments: Its arguments by name, checked against its schema before anything is sent.
            options: See :class:`~toolshed.options.CallArguments`.

        Returns:
            What the tool answered, also where it says that it failed: see ``is_error``.

        Raises:
            UnknownToolError: If there is no such tool.
            ToolCallError: If the call could not be made or no answer came; see the subclasses.
        """
        return self.seen_by(EVERYTHING).call(tool_id, arguments, **options)

    def read_result(self, handle: str, offset: int = 0, *, max_characters: int = 20_000) -> "ResultPage":
        """Read on in a long result.

        Args:
            handle: What the result gave.
            offset: The character to begin with.
            max_characters: Most characters to return.

        Raises:
            UnknownResultError: If it is not kept any more.
        """
        return self.caller.read(handle, offset, max_characters)

    def get_tool(self, tool_id: str) -> ToolDefinition:
        """The definition of a tool.

        Raises:
            UnknownToolError: If there is no such tool.
        """
        return self.tools.get(tool_id)

    def tool_named(self, name: str) -> ToolDefinition:
        """The tool that an exported name stands for: the name that providers and models call it by.

        Raises:
            UnknownToolError: If no tool has that name.
        """
        return self.tools.named(name)

    def list_tools(self) -> list[str]:
        """The ids of all tools, sorted."""
        return self.tools.ids()

    def sources(self) -> list[IndexedSource]:
        """The sources of tools by name: where each was read, and how many tools it has."""
        return self.tools.sources()

    def remove_source(self, name: str) -> int:
        """Remove all tools of a source; returns how many there were.

        Raises:
            UnknownSourceError: If there is no source of that name.
        """
        return self.tools.remove_source(name)

    def damages(self) -> list[str]:
        """Read everything that is stored; what is wrong with each record that is not as it was written."""
        parts = (self.passages, self.usage, self.tuning, self._state, self.booking)
        return [*self.knowledge_base.check(), *(one for part in parts for one in part.damages())]

    def delete_tools(self, *tool_ids: str) -> int:
        """Remove tools; returns how many there were."""
        return self.tools.delete(tool_ids)

    def catalog_tokens(self) -> int:
        """Tokens that sending every definition would take, estimated at four characters a token."""
        return self.tools.tokens()

    def warm_up(self) -> None:
        """Load the encoder and the matrices now rather than at the first search."""
        self.tools.prepared("warm up", 1, {}, self.passages).run()

    def refresh(self) -> bool:
        """See what other processes wrote to a shared Qdrant server; says whether anything changed.

        The embedded knowledge base belongs to one process and never needs it.
        """
        if not self.knowledge_base.is_shared:
            return False
        return any([self.tools.refresh(), self.usage.refresh(), self.tuning.refresh()])

    @property
    def caller(self) -> "ToolCaller":
        """What calls tools."""
        # Imported when needed: searching does without.
        from toolshed.calling.caller import ToolCaller

        with self._caller_lock:
            if self._caller is None:
                if self._is_closed:
                    raise ToolCallError("the knowledge base is closed; open it again to call tools")
                self._caller = ToolCaller(
                    self.tools.callables,
                    credentials=self._credentials,
                    is_shared=self.knowledge_base.is_shared,
                    reach=self.reach,
                )
            return self._caller

    @property
    def account(self) -> "CostAccount":
        """The books: ledger, prices and what was learnt of backbones."""
        return self.booking.account

    @cached_property
    def backbones(self) -> "Backbones":
        """Choosing the backbone of a step, and running calls on it."""
        account = self.account
        from toolshed.economics.running.verbs import Backbones

        return Backbones(account)

    @cached_property
    def outcomes(self) -> ShedOutcomes:
        """Reporting outcomes of tasks and of searches."""
        return ShedOutcomes(lambda: self.account, self.usage)

    @cached_property
    def costs(self) -> "Costs":
        """Asking what was spent, and what it bought."""
        account = self.account
        from toolshed.economics.running.verbs import Costs

        return Costs(account)

    def close(self) -> None:
        """Release the knowledge base, end connections to tools; calling it again does nothing."""
        with self._caller_lock:
            self._is_closed = True
        if self._caller is not None:
            self._caller.close()
        self.passages.close()
        self.usage.close()
        self.tuning.close()
        self.booking.close()
        self._state.close()
        self.tools.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
