"""The tools of a knowledge base: index them, search them, list and remove them."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolshed.blas import few_blas_threads
from toolshed.catalog.definitions import Catalog
from toolshed.errors import ConfigurationError, UnknownSourceError, UnknownToolError
from toolshed.indexing.origins import indexed_sources, renamed
from toolshed.indexing.tools import Review, SyncRules, sync_catalogs, unwatched
from toolshed.intra_retrieval.catalog_index import CatalogIndex
from toolshed.intra_retrieval.follow_ups import checked_history, in_context
from toolshed.intra_retrieval.usage import UsageIndex
from toolshed.knowledge_base.tools import TOOL_LAYOUT, StoredTool, ToolStore
from toolshed.knowledge_base.tuned import TunedState
from toolshed.metering.runs import RunRecord
from toolshed.options import IndexArguments, PipelineName, SearchArguments, checked
from toolshed.pipelines import Ingredients, PipelineBuilder, build_pipeline
from toolshed.post_retrieval.selection import estimated_tokens
from toolshed.pre_retrieval.enhancement import read_enhancements
from toolshed.presets import PIPELINES
from toolshed.queries import Query, checked_text
from toolshed.rankings import Selection
from toolshed.shed.encoders import Encoders
from toolshed.shed.passage_library import PassageLibrary
from toolshed.shed.results import SearchResult
from toolshed.stages import Stage, run_awaited, run_blocking
from toolshed.types import IndexedSource, SyncReport, ToolDefinition
from toolshed.vectors import CompactVectors
from toolshed.visibility import EVERYTHING, Visibility

logger = logging.getLogger(__name__)


def reads_dense_vectors(pipeline: PipelineName | PipelineBuilder) -> bool:
    """Whether a pipeline reads vectors of the transformer; one of the user's own may.

    Raises:
        ConfigurationError: If there is no pipeline of that name.
    """
    if callable(pipeline):
        return True
    if pipeline not in PIPELINES:
        raise ConfigurationError(f"unknown pipeline {pipeline!r}; choose one of {', '.join(PIPELINES)}")
    return any(TOOL_LAYOUT.channel(name).encoding == "dense" for name in PIPELINES[pipeline].channels)


_UNTUNED: Mapping[str, TunedState] = {}


@dataclass(frozen=True, slots=True)
class PreparedSearch:
    """A search that was checked and only needs to be run.

    Attributes:
        query: What is asked for.
        given: The query's text as the user gave it.
        pipeline: What answers it.
        blas_threads: Most threads of linear algebra meanwhile; None for any.
    """

    query: Query
    given: str
    pipeline: Stage[Query, Selection]
    blas_threads: int | None

    def run(self) -> Selection:
        """Run the pipeline to its end."""
        with few_blas_threads(self.blas_threads):
            return run_blocking(self.pipeline, self.query)

    async def run_awaited(self) -> Selection:
        """Run the pipeline: await what waits, compute in worker threads."""
        with few_blas_threads(self.blas_threads):
            return await run_awaited(self.pipeline, self.query)

    def result(self, selection: Selection, run: RunRecord) -> SearchResult:
        """What was found, and what it took."""
        return SearchResult.of(self.given, selection, run, pipeline=repr(self.pipeline))


class ToolLibrary:
    """The tools of a knowledge base.

    Args:
        store: Where they are.
        encoders: The encoders.
        pipeline: Name of the pipeline that searches, or what builds one.
        blas_threads: Most threads of linear algebra while one does; None for any.
        examples: Gives what was learnt from use.
        tuned: Gives what judged requests changed of pipelines, the same object until that changes.
    """

    def __init__(
        self,
        store: ToolStore,
        encoders: Encoders,
        pipeline: PipelineName | PipelineBuilder,
        blas_threads: int | None = 1,
        examples: Callable[[], UsageIndex | None] | None = None,
        tuned: Callable[[], Mapping[str, TunedState]] = lambda: _UNTUNED,
    ) -> None:
        self._blas_threads, self._examples = blas_threads, examples
        self._tuned = tuned
        self._pipeline_lock = threading.Lock()
        # The pipeline, and what it was built with.
        self._built: tuple[Mapping[str, TunedState], Stage[Query, Selection]] | None = None
        self.store = store
        self._encoders = encoders
        self._index = CatalogIndex(store)
        self._built_by = pipeline
        # By tool id, the Python objects that were given in this process. Any: callables of every framework.
        self.callables: dict[str, Any] = {}
        # What reports progress may index more.
        self._sync_lock = threading.RLock()
        self._names_lock = threading.Lock()
        # Tool ids by exported name, as they were last read.
        self._names: Mapping[str, str] | None = None

    def sync(
        self,
        catalogs: Sequence[Catalog],
        given: IndexArguments,
        *,
        remove_missing: bool,
        review: Review | None = None,
    ) -> SyncReport:
        """See :meth:`Toolshed.sync_catalogs`."""
        options = checked(IndexArguments, given)
        named = renamed(catalogs, options["source_name"])
        file = options["enhancements"]
        enhancements = read_enhancements(file) if file is not None else ()
        # One after the other: of two that want one name, the second must see the first.
        with self._sync_lock:
            report = sync_catalogs(
                self.store,
                named,
                static=lambda: self._encoders.static,
                dense=lambda: self._encoders.stored,
                multilingual=lambda: self._encoders.stored_multilingual,
                rules=SyncRules(
                    remove_missing, options["replace"], options["strict"], options["skip_invalid"], review
                ),
                enhancements=enhancements,
                progress=options["progress"] or unwatched,
            )
            self._keep_callables(named, report)
        for reason in (*report.invalid, *report.failed):
            logger.warning("left out: %s", reason)
        return report

    def _keep_callables(self, catalogs: Sequence[Catalog], report: SyncReport) -> None:
        for tool_id in report.removed:
            self.callables.pop(tool_id, None)
        for catalog in catalogs:
            self.callables.update(catalog.callables)

    def prepared(
        self,
        query: str,
        k: int,
        given: SearchArguments,
        passages: PassageLibrary,
        visible: Visibility = EVERYTHING,
    ) -> PreparedSearch:
        """A search, checked before anything is computed.

        Args:
            query: What is asked for.
            k: Most tools to return.
            given: What else was asked.
            passages: Where governing text is looked for.
            visible: The tools that who asks may find.

        Raises:
            InvalidQueryError: If the query is empty or too long, or an option out of range.
            UnknownSourceError: If there is no source of a name.
        """
        options = checked(SearchArguments, given, k=k)
        text, history = checked_text(query), checked_history(options["history"])
        turns = (*history, text) if history else ()
        asked = Query(in_context(text, history), k, options, visible, turns)
        self._check_sources(options["sources"], visible)
        pipeline = self._pipeline
        if options["include_passages"]:
            pipeline = pipeline >> passages.governing()
        return PreparedSearch(asked, query, pipeline, self._blas_threads)

    def _check_sources(self, wanted: Sequence[str] | None, visible: Visibility) -> None:
        if wanted is None:
            return
        known = (
            self._index.sources()
            if visible.is_everything
            else frozenset(source.name for source in self.sources(visible))
        )
        unknown = sorted(set(wanted) - known)
        if unknown:
            raise UnknownSourceError(
                f"there is no source {unknown[0]!r}; the sources are {', '.join(sorted(known)) or 'none yet'}"
            )

    def made_of(self) -> Ingredients:
        """What pipelines search, with what was tuned for it."""
        return Ingredients(
            self._index,
            self._encoders.read,
            self._examples,
            self._encoders.read_multilingual,
            self._tuned(),
        )

    @property
    def _pipeline(self) -> Stage[Query, Selection]:
        """The pipeline, built anew after it was tuned."""
        tuned = self._tuned()
        with self._pipeline_lock:
            if self._built is None or self._built[0] is not tuned:
                made_of = self.made_of()
                made = (
                    self._built_by(made_of)
                    if callable(self._built_by)
                    else build_pipeline(self._built_by, made_of)
                )
                self._built = made_of.tuned, made
            return self._built[1]

    def document_vectors(self, encoders: Iterable[str]) -> tuple[Sequence[str], Mapping[str, CompactVectors]]:
        """Ids of all tools, or of a sample of many, and their document vectors by those of these encoders."""
        if self._index.is_empty():
            return (), {}
        tools = self._index.all_tools()
        return tools.tool_ids, {
            name: tools.whole_vectors(name) for name in encoders if name in tools.whole_channels
        }

    def get(self, tool_id: str, visible: Visibility = EVERYTHING) -> ToolDefinition:
        """See :meth:`Toolshed.get_tool`."""
        found = self.store.fetch([tool_id])
        if not found or not visible.shows(tool_id, found[0].definition.source):
            raise UnknownToolError(f"there is no tool {tool_id!r}; ids are written source:name")
        return found[0].definition

    def named(self, name: str, visible: Visibility = EVERYTHING) -> ToolDefinition:
        """See :meth:`Toolshed.tool_named`."""
        for is_last_try in (False, True):
            tool_id = self._ids_by_name(again=is_last_try).get(name)
            found = self.store.fetch([tool_id]) if tool_id else []
            # The store may have changed since its names were read.
            if found and found[0].definition.exported_name == name:
                tool = found[0].definition
                if visible.shows(tool.tool_id, tool.source):
                    return tool
        raise UnknownToolError(
            f"no tool is exported as {name!r}; toolshed search and list_tools() tell what there is"
        )

    def all_named(self, names: Sequence[str], visible: Visibility = EVERYTHING) -> list[ToolDefinition]:
        """The tools that exported names stand for, in their order; names that are of none are left out."""
        tools: dict[str, ToolDefinition] = {}
        for is_last_try in (False, True):
            ids = self._ids_by_name(again=is_last_try)
            found = self.store.fetch([ids[name] for name in names if name in ids])
            tools = {record.definition.exported_name: record.definition for record in found}
            # The store may have changed since its names were read.
            if all(name in tools for name in names):
                break
        there = [tools[name] for name in names if name in tools]
        return [tool for tool in there if visible.shows(tool.tool_id, tool.source)]

    def _ids_by_name(self, *, again: bool) -> Mapping[str, str]:
        with self._names_lock:
            if again or self._names is None:
                self._names = {name: tool_id for tool_id, name in self.store.exported_names().items()}
            return self._names

    @property
    def version(self) -> tuple[int, int | None]:
        """What is another when the tools have changed; of a shared store, at the last refresh."""
        return self._index.version

    def ids(self, visible: Visibility = EVERYTHING) -> list[str]:
        """The ids of the tools that may be found, sorted."""
        return [tool.tool_id for tool in self._stored(visible)]

    def sources(self, visible: Visibility = EVERYTHING) -> list[IndexedSource]:
        """See :meth:`Toolshed.sources`."""
        return indexed_sources(self._stored(visible))

    def _stored(self, visible: Visibility) -> list[StoredTool]:
        return [tool for tool in self.store.stored_tools() if visible.shows(tool.tool_id, tool.source)]

    def remove_source(self, name: str) -> int:
        """See :meth:`Toolshed.remove_source`."""
        stored = self.store.stored_tools()
        tool_ids = [tool.tool_id for tool in stored if tool.source == name]
        if not tool_ids:
            known = ", ".join(sorted({tool.source for tool in stored})) or "none yet"
            raise UnknownSourceError(f"there is no source {name!r}; the sources are {known}")
        return self.delete(tool_ids)

    def definitions(self, visible: Visibility = EVERYTHING) -> list[ToolDefinition]:
        """The definitions of the tools that may be found, ordered by their ids."""
        shown = (tool for tool in self.store.definitions() if visible.shows(tool.tool_id, tool.source))
        return sorted(shown, key=lambda tool: tool.tool_id)

    def delete(self, tool_ids: Sequence[str]) -> int:
        """Remove tools; returns how many there were."""
        present = self.store.present(tool_ids)
        if present:
            self.store.delete(present)
        for tool_id in present:
            self.callables.pop(tool_id, None)
        return len(present)

    def tokens(self) -> int:
        """See :meth:`Toolshed.catalog_tokens`."""
        return sum(estimated_tokens(record.definition) for record in self.store.scan())

    def refresh(self) -> bool:
        """See :meth:`Toolshed.refresh`."""
        return self.store.is_shared and self._index.refresh()

    def keep(self) -> None:
        """Keep what searches read of the tools beside them, for other processes."""
        self._index.keep()

    def close(self) -> None:
        """Release the store."""
        self.store.close()
