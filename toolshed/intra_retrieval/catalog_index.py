"""The tools of a knowledge base, scored for a query: exactly where they fit into memory."""

import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from toolshed.backbones.static import StaticEncoder
from toolshed.errors import KnowledgeBaseError
from toolshed.intra_retrieval.catalog_documents import IndexedDocuments
from toolshed.intra_retrieval.channels import ScoringIndex
from toolshed.intra_retrieval.spelling import NO_WORDS, KnownWords
from toolshed.knowledge_base.engine import Filter
from toolshed.knowledge_base.tools import ToolStore
from toolshed.queries import Encodings, Query
from toolshed.rankings import ChannelRanking, Standard

# Up to here every tool is scored exactly: 6 KB of matrices a tool, and quicker than index queries.
RESIDENT_LIMIT = 50_000
_BACKGROUND_SIZE = 4_000
_CANDIDATES_PER_QUERY = 50
# Filters whose matrices are kept, beside those of all tools.
_REMEMBERED_FILTERS = 16


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What is in memory: every tool that passes a filter (``len(index) == n_tools``), or a sample of them."""

    n_tools: int
    index: ScoringIndex | None


@dataclass(slots=True)
class _Remembered:
    """What was read at one revision of the store: by filter, the latest asked for last."""

    revision: int
    loaded: dict[Hashable, _Loaded] = field(default_factory=dict)
    sources: frozenset[str] | None = None


class CatalogIndex:
    """Keeps the matrices of a store of tools in memory and renews them when it changes.

    Up to ``resident_limit`` tools all are scored. Beyond, the store names candidates for each sub-query
    and channel, and a random sample of the catalog supplies means, deviations and frequencies.
    """

    def __init__(
        self,
        store: ToolStore,
        *,
        resident_limit: int = RESIDENT_LIMIT,
        background_size: int = _BACKGROUND_SIZE,
    ) -> None:
        self.store = store
        self._background_size = background_size
        self._resident_limit = resident_limit
        self._lock = threading.Lock()
        self._remembered: _Remembered | None = None
        # Digest of the tools at the last refresh; the first refresh always reads.
        self._seen: int | None = None

    def refresh(self) -> bool:
        """Read the store again if another process changed its tools; says whether one did.

        Searches go on with what is loaded until the new matrices are ready.
        """
        seen = hash(tuple(self.store.stored_tools()))
        if seen == self._seen:
            return False
        read = _Remembered(self.store.revision, {None: self._read(None)})
        with self._lock:
            self._remembered, self._seen = read, seen
        return True

    @property
    def version(self) -> tuple[int, int | None]:
        """What is another when the tools have changed, as far as this process knows."""
        return self.store.revision, self._seen

    def is_empty(self) -> bool:
        """Whether there is nothing to search."""
        return self._load(None).index is None

    def sources(self) -> frozenset[str]:
        """The sources that tools came from."""
        with self._lock:
            current = self._current()
            if current.sources is None:
                current.sources = self.store.sources()
            return current.sources

    def all_tools(self) -> ScoringIndex:
        """Every tool, or a sample where there are too many to be resident.

        Raises:
            KnowledgeBaseError: If there is none.
        """
        index = self._load(None).index
        if index is None:
            raise KnowledgeBaseError("the knowledge base holds no tools")
        return index

    def words(self, only: Filter | None, encoder: StaticEncoder) -> KnownWords:
        """The words of the tools that may be found, or of a sample of them."""
        index = self._load(only).index
        return NO_WORDS if index is None else index.soft_words(encoder).known

    def filter_of(self, query: Query) -> Filter | None:
        """What the store is asked for so that only tools come that a query may find; None for all."""
        wanted, visible = query.options["sources"], query.visible
        if visible.is_everything:
            return None if wanted is None else {"source": wanted}
        tools = self.store.stored_tools()
        return {
            "tool_id": [
                tool.tool_id
                for tool in tools
                if visible.shows(tool.tool_id, tool.source) and (wanted is None or tool.source in wanted)
            ]
        }

    def __len__(self) -> int:
        return self._load(None).n_tools

    def score(
        self, encodings: Encodings, channels: Sequence[str], *, only: Filter | None = None
    ) -> ChannelRanking | None:
        """Score the tools on these channels; None where there are none.

        A channel of several vectors a tool needs the channel of its whole document before it. Tools that
        do not pass the filter are not scored or counted, and have no part in means, deviations and
        frequencies.
        """
        loaded = self._load(only)
        if loaded.index is None:
            return None
        scores = loaded.index.score(encodings, channels)
        documents = IndexedDocuments.of(loaded.index)
        standards = {channel: Standard.of(values) for channel, values in scores.items()}
        tools = loaded.index.definitions
        candidates = None
        if len(tools) < loaded.n_tools:
            candidates = self._candidates(encodings, channels, loaded.index, only)
        if candidates is not None:
            found = candidates.score(encodings, channels)
            # The sample stays among the candidates: it stands for the rest of the catalog in what follows.
            tools = [*tools, *candidates.definitions]
            order = sorted(range(len(tools)), key=lambda column: tools[column].tool_id)
            documents = documents.joined(candidates, order)
            tools = [tools[column] for column in order]
            scores = {channel: np.hstack([scores[channel], found[channel]])[:, order] for channel in channels}
        return ChannelRanking(tools, scores, standards, loaded.n_tools, encodings, documents)

    def _load(self, only: Filter | None) -> _Loaded:
        wanted = None if only is None else frozenset((name, frozenset(only[name])) for name in only)
        with self._lock:
            loaded = self._current().loaded
            # Callers that ask again find it made; what was not asked for the longest makes room.
            found = loaded.pop(wanted) if wanted in loaded else self._read(only)
            loaded[wanted] = found
            if len(loaded) > _REMEMBERED_FILTERS + 1:
                del loaded[next(known for known in loaded if known is not None)]
            return found

    def _current(self) -> _Remembered:
        revision = self.store.revision
        if self._remembered is None or self._remembered.revision != revision:
            self._remembered = _Remembered(revision)
        return self._remembered

    def _read(self, only: Filter | None) -> _Loaded:
        n_tools = self.store.count(only)
        is_resident = n_tools <= self._resident_limit
        records = list(islice(self.store.scan(only), n_tools if is_resident else self._background_size))
        return _Loaded(len(records) if is_resident else n_tools, ScoringIndex(records) if records else None)

    def _candidates(
        self, encodings: Encodings, channels: Sequence[str], background: ScoringIndex, only: Filter | None
    ) -> ScoringIndex | None:
        queries = list(background.queries(encodings, channels))
        hits = self.store.search(queries, limit=_CANDIDATES_PER_QUERY, only=only)
        sampled = set(background.tool_ids)
        tool_ids = dict.fromkeys(hit.key for found in hits for hit in found if hit.key not in sampled)
        records = self.store.fetch(list(tool_ids))
        return ScoringIndex(records, background=background) if records else None
