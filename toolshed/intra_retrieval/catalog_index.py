"""The tools of a knowledge base, scored for a query: exactly where they fit into memory."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from toolshed.backbones.static import StaticEncoder
from toolshed.errors import KnowledgeBaseError
from toolshed.intra_retrieval.catalog_documents import IndexedDocuments
from toolshed.intra_retrieval.channels import ScoringIndex
from toolshed.intra_retrieval.reading_tools import arrays_of
from toolshed.intra_retrieval.spelling import NO_WORDS, KnownWords
from toolshed.intra_retrieval.tool_matrices import ToolMatrices
from toolshed.knowledge_base.engine import Filter
from toolshed.knowledge_base.tools import ToolStore
from toolshed.queries import Encodings
from toolshed.rankings import ChannelRanking, Standard
from toolshed.types import ToolDefinition
from toolshed.visibility import EVERYTHING, Visibility

# Up to here every tool is scored exactly: 3 KB of mapped files a tool, and quicker than index queries.
RESIDENT_LIMIT = 120_000
# What the matrices are kept as beside the knowledge base.
_PART = "tools"
# So many tools that changed are read by themselves; of more, all are.
_FEW = 64
_BACKGROUND_SIZE = 4_000
_CANDIDATES_PER_QUERY = 50
# What callers may find is kept for those that ask again: vectors of this size together, and so many callers.
_REMEMBERED_BYTES = 64 * 2**20
_REMEMBERED_CALLERS = 1_024


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What is in memory: every tool that may be found (``len(index) == n_tools``), or a sample of them."""

    n_tools: int
    index: ScoringIndex | None


_NOTHING = _Loaded(0, None)


class _Remembered:
    """What was read at one revision of the store; what callers asked for the longest ago makes room.

    Safe to use from several threads.

    Args:
        revision: The revision.
        n_tools: How many tools there are.
        matrices: All of them; None where there are too many.
        sample: A random sample of them, where there are too many.
    """

    def __init__(
        self, revision: int, n_tools: int, matrices: ToolMatrices | None, sample: ScoringIndex | None
    ) -> None:
        self.revision = revision
        self.matrices = matrices
        whole = ScoringIndex(matrices) if matrices else sample
        self.whole = _Loaded(n_tools, whole)
        self._lock = threading.Lock()
        self._seen: OrderedDict[Visibility, _Loaded] = OrderedDict()
        self._n_bytes = 0

    def get(self, visible: Visibility) -> _Loaded | None:
        """What was kept for a caller."""
        if visible.is_everything:
            return self.whole
        with self._lock:
            if visible in self._seen:
                self._seen.move_to_end(visible)
            return self._seen.get(visible)

    def keep(self, visible: Visibility, loaded: _Loaded) -> None:
        """Keep what a caller may find, unless it is too large to be kept."""
        with self._lock:
            if _bytes(loaded) > _REMEMBERED_BYTES or visible in self._seen:
                return
            self._seen[visible] = loaded
            self._n_bytes += _bytes(loaded)
            while self._n_bytes > _REMEMBERED_BYTES or len(self._seen) > _REMEMBERED_CALLERS:
                self._n_bytes -= _bytes(self._seen.popitem(last=False)[1])


def _bytes(loaded: _Loaded) -> int:
    return 0 if loaded.index is None else loaded.index.n_bytes


class CatalogIndex:
    """Keeps the matrices of a store of tools in memory and renews them when it changes.

    Up to ``resident_limit`` tools all are scored, and what a caller may find are rows of the same matrices.
    Beyond, the store names candidates for each sub-query and channel, and a random sample of the catalog
    supplies means, deviations and frequencies.
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
        read = self._read()
        with self._lock:
            self._remembered, self._seen = read, seen
        return True

    @property
    def version(self) -> tuple[int, int | None]:
        """What is another when the tools have changed, as far as this process knows."""
        return self.store.revision, self._seen

    def is_empty(self) -> bool:
        """Whether there is nothing to search."""
        return self._current().whole.index is None

    def sources(self) -> frozenset[str]:
        """The sources that tools came from."""
        matrices = self._current().matrices
        return self.store.sources() if matrices is None else matrices.sources

    def all_tools(self) -> ScoringIndex:
        """Every tool, or a sample where there are too many to be resident.

        Raises:
            KnowledgeBaseError: If there is none.
        """
        index = self._current().whole.index
        if index is None:
            raise KnowledgeBaseError("the knowledge base holds no tools")
        return index

    def tools_of(self, source: str, visible: Visibility) -> Sequence[ToolDefinition]:
        """The tools of a source that may be found, ordered by their ids; a sample of too many."""
        index = self._load(visible.within([source])).index
        return () if index is None else index.definitions

    def words(self, visible: Visibility, encoder: StaticEncoder) -> KnownWords:
        """The words of the tools that may be found, or of a sample of them."""
        index = self._load(visible).index
        return NO_WORDS if index is None else index.soft_words(encoder).known

    def __len__(self) -> int:
        return self._current().whole.n_tools

    def score(
        self, encodings: Encodings, channels: Sequence[str], *, visible: Visibility = EVERYTHING
    ) -> ChannelRanking | None:
        """Score the tools on these channels; None where there are none.

        A channel of several vectors a tool needs the channel of its whole document before it. Tools that
        may not be found are not scored or counted, and have no part in means, deviations and frequencies.
        """
        loaded = self._load(visible)
        if loaded.index is None:
            return None
        scores = loaded.index.score(encodings, channels)
        documents = IndexedDocuments.of(loaded.index)
        standards = {channel: Standard.of(values) for channel, values in scores.items()}
        tools: Sequence[ToolDefinition] = loaded.index.definitions
        candidates = None
        if len(tools) < loaded.n_tools:
            candidates = self._candidates(encodings, channels, loaded.index, visible)
        if candidates is not None:
            found = candidates.score(encodings, channels)
            # The sample stays among the candidates: it stands for the rest of the catalog in what follows.
            tools = [*tools, *candidates.definitions]
            order = sorted(range(len(tools)), key=lambda column: tools[column].tool_id)
            documents = documents.joined(candidates, order)
            tools = [tools[column] for column in order]
            scores = {channel: np.hstack([scores[channel], found[channel]])[:, order] for channel in channels}
        return ChannelRanking(tools, scores, standards, loaded.n_tools, encodings, documents)

    def _load(self, visible: Visibility) -> _Loaded:
        current = self._current()
        found = current.get(visible)
        if found is None:
            found = self._chosen(current, visible)
            current.keep(visible, found)
        return found

    def _chosen(self, current: _Remembered, visible: Visibility) -> _Loaded:
        if current.matrices is None:
            return self._read_from_store(self._filter(visible))
        rows = current.matrices.rows_of(visible)
        return _Loaded(len(rows), ScoringIndex(current.matrices, rows)) if len(rows) else _NOTHING

    def _current(self) -> _Remembered:
        with self._lock:
            if self._remembered is None or self._remembered.revision != self.store.revision:
                self._remembered = self._read()
            return self._remembered

    def _read(self) -> _Remembered:
        revision = self.store.revision
        n_tools = self.store.count()
        if n_tools > self._resident_limit:
            sample = self._read_from_store(None)
            return _Remembered(revision, sample.n_tools, None, sample.index)
        known, matrices = self._renewed()
        if not known:
            matrices = self._matrices()
        return _Remembered(revision, 0 if matrices is None else len(matrices), matrices, None)

    def _renewed(self) -> tuple[bool, ToolMatrices | None]:
        """The matrices of before with what changed, where that is known and little."""
        before = self._remembered
        if before is None or before.matrices is None:
            return False, None
        changed = self.store.changed_since(before.revision)
        if changed is None or len(changed) > max(_FEW, len(before.matrices) // 10):
            return False, None
        return True, before.matrices.renewed(changed, self.store.fetch(sorted(changed)))

    def _matrices(self) -> ToolMatrices | None:
        """Those that are kept, or that are made of all tools now; None where there is none."""
        kept, revision = self.store.kept(), self.store.revision
        arrays = kept.read(_PART) if kept else None
        if arrays is not None:
            return ToolMatrices(arrays, kept)
        made = arrays_of(self.store.scan())
        if made is None:
            return None
        if kept is None or revision != self.store.revision:
            return ToolMatrices(made)
        kept.write(_PART, made)
        # Mapped from the files rather than in memory twice.
        return ToolMatrices(kept.read(_PART) or made, kept)

    def keep(self) -> None:
        """Keep the matrices of now beside the knowledge base, where other processes map them."""
        current, kept = self._current(), self.store.kept()
        if kept and current.matrices and current.revision == self.store.revision and not kept.holds(_PART):
            kept.write(_PART, current.matrices.arrays)

    def _read_from_store(self, only: Filter | None) -> _Loaded:
        """The tools that pass a filter, or a sample where those are too many."""
        n_tools = self.store.count(only)
        is_resident = n_tools <= self._resident_limit
        records = list(islice(self.store.scan(only), n_tools if is_resident else self._background_size))
        return _Loaded(
            len(records) if is_resident else n_tools, ScoringIndex.of(records) if records else None
        )

    def _filter(self, visible: Visibility) -> Filter | None:
        """What the store is asked for so that only tools come that may be found; None for all."""
        if visible.is_everything:
            return None
        if not visible.tool_ids:
            return {"source": sorted(visible.sources or ())}
        tools = self.store.stored_tools()
        return {"tool_id": [tool.tool_id for tool in tools if visible.shows(tool.tool_id, tool.source)]}

    def _candidates(
        self,
        encodings: Encodings,
        channels: Sequence[str],
        background: ScoringIndex,
        visible: Visibility,
    ) -> ScoringIndex | None:
        queries = list(background.queries(encodings, channels))
        hits = self.store.search(queries, limit=_CANDIDATES_PER_QUERY, only=self._filter(visible))
        sampled = set(background.tool_ids)
        tool_ids = dict.fromkeys(hit.key for found in hits for hit in found if hit.key not in sampled)
        records = self.store.fetch(list(tool_ids))
        return ScoringIndex.of(records, background=background) if records else None
