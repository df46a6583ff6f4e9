"""The tools of a knowledge base, scored for a query: exactly where they fit into memory."""

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from toolshed.backbones.lexical import as_query_vector
from toolshed.intra_retrieval.channels import ScoringIndex
from toolshed.knowledge_base.protocol import ChannelQuery, KnowledgeBase, ToolRecord
from toolshed.queries import Encodings
from toolshed.rankings import ChannelRanking, Standard
from toolshed.vectors import SparseVector, Vectors

# Up to here every tool is scored exactly: 6 KB of matrices a tool, and quicker than index queries.
RESIDENT_LIMIT = 50_000
_BACKGROUND_SIZE = 4_000
_CANDIDATES_PER_QUERY = 50
# Sets of sources whose matrices are kept.
_REMEMBERED_FILTERS = 16


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What is in memory: every tool (``len(index) == n_tools``), or a sample of them.

    Attributes:
        revision: The revision of the knowledge base that was read.
        n_tools: How many tools there are.
        index: Their matrices.
        tool_ids: Ids by source, read when they are first asked for.
        of_sources: The same for the tools of some sources, the latest asked for last.
    """

    revision: int
    n_tools: int
    index: ScoringIndex | None
    tool_ids: dict[str, list[str]] = field(default_factory=dict)
    of_sources: "dict[frozenset[str], _Loaded]" = field(default_factory=dict)


class CatalogIndex:
    """Keeps the matrices of a knowledge base in memory and renews them when it changes.

    Up to ``resident_limit`` tools all are scored. Beyond, the store names candidates for each sub-query
    and channel, and a random sample of the catalog supplies means, deviations and frequencies.
    """

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        *,
        resident_limit: int = RESIDENT_LIMIT,
        background_size: int = _BACKGROUND_SIZE,
    ) -> None:
        self._kb = knowledge_base
        self._background_size = background_size
        self._resident_limit = resident_limit
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        # Digest of the tools at the last refresh; the first refresh always reads.
        self._seen: int | None = None

    def refresh(self) -> bool:
        """Read the knowledge base again if another process changed its tools; says whether one did.

        Searches go on with what is loaded until the new matrices are ready.
        """
        seen = hash(tuple(self._kb.stored_tools()))
        if seen == self._seen:
            return False
        loaded = self._read(self._kb.revision)
        with self._lock:
            self._loaded, self._seen = loaded, seen
        return True

    def is_empty(self) -> bool:
        """Whether there is nothing to search."""
        return self._load().index is None

    def sources(self) -> frozenset[str]:
        """The sources that tools came from."""
        with self._lock:
            return frozenset(self._ids_by_source(self._current()))

    def __len__(self) -> int:
        return self._load().n_tools

    def score(
        self, encodings: Encodings, channels: Sequence[str], *, sources: frozenset[str] | None = None
    ) -> ChannelRanking | None:
        """Score the tools on these channels; None where there are none.

        A channel of several vectors a tool needs the channel of its whole document before it. With
        ``sources``, the tools of others are not scored or counted, and have no part in means, deviations
        and frequencies.
        """
        loaded = self._load(sources)
        if loaded.index is None:
            return None
        scores = loaded.index.score(encodings, channels)
        standards = {channel: Standard.of(values) for channel, values in scores.items()}
        if len(loaded.index) == loaded.n_tools:
            return ChannelRanking(loaded.index.definitions, scores, standards, loaded.n_tools)
        records = self._candidates(encodings, channels, loaded.index)
        if sources is not None:
            records = [record for record in records if record.definition.source in sources]
        if not records:
            return ChannelRanking(loaded.index.definitions, scores, standards, loaded.n_tools)
        candidates = ScoringIndex(records, background=loaded.index)
        found = candidates.score(encodings, channels)
        # The sample stays among the candidates: it stands for the rest of the catalog in what follows.
        tools = [*loaded.index.definitions, *candidates.definitions]
        order = sorted(range(len(tools)), key=lambda column: tools[column].tool_id)
        merged = {channel: np.hstack([scores[channel], found[channel]])[:, order] for channel in channels}
        return ChannelRanking([tools[column] for column in order], merged, standards, loaded.n_tools)

    def _load(self, sources: frozenset[str] | None = None) -> _Loaded:
        with self._lock:
            loaded = self._current()
            return loaded if sources is None else self._of_sources(loaded, sources)

    def _current(self) -> _Loaded:
        revision = self._kb.revision
        if self._loaded is None or self._loaded.revision != revision:
            self._loaded = self._read(revision)
        return self._loaded

    def _of_sources(self, loaded: _Loaded, sources: frozenset[str]) -> _Loaded:
        """Matrices of the tools of some sources only; callers that ask again find them made."""
        found = loaded.of_sources.pop(sources, None)
        if found is None:
            by_source = self._ids_by_source(loaded)
            ids = sorted(tool_id for source in sources for tool_id in by_source.get(source, ()))
            is_resident = len(ids) <= self._resident_limit
            n_sampled = min(len(ids), self._background_size)
            read = ids if is_resident else random.Random(0).sample(ids, n_sampled)  # noqa: S311  # a sample, no secret
            records = self._kb.fetch(read)
            n_tools = len(records) if is_resident else len(ids)
            found = _Loaded(loaded.revision, n_tools, ScoringIndex(records) if records else None)
        loaded.of_sources[sources] = found
        if len(loaded.of_sources) > _REMEMBERED_FILTERS:
            del loaded.of_sources[next(iter(loaded.of_sources))]
        return found

    def _ids_by_source(self, loaded: _Loaded) -> dict[str, list[str]]:
        if not loaded.tool_ids:
            for tool in self._kb.stored_tools():
                loaded.tool_ids.setdefault(tool.source, []).append(tool.tool_id)
        return loaded.tool_ids

    def _read(self, revision: int) -> _Loaded:
        n_tools = self._kb.count()
        # Points are ordered by uuid5, so the first ones are a random sample.
        limit = n_tools if n_tools <= self._resident_limit else self._background_size
        records = list(islice(self._kb.scan(), limit))
        return _Loaded(
            revision,
            len(records) if limit == n_tools else n_tools,
            ScoringIndex(records) if records else None,
        )

    def _candidates(
        self, encodings: Encodings, channels: Sequence[str], background: ScoringIndex
    ) -> list[ToolRecord]:
        queries = [query for channel in channels for query in channel_queries(encodings, channel, background)]
        hits = self._kb.search(queries, limit=_CANDIDATES_PER_QUERY)
        sampled = set(background.tool_ids)
        tool_ids = dict.fromkeys(hit.tool_id for found in hits for hit in found if hit.tool_id not in sampled)
        return self._kb.fetch(list(tool_ids))


def channel_queries(encodings: Encodings, channel: str, background: ScoringIndex) -> list[ChannelQuery]:
    """The queries that find candidates for every sub-query on one channel."""
    vectors: Sequence[Vectors | SparseVector]
    match channel:
        case "words":
            vectors = [as_query_vector(words.terms) for words in encodings.words if len(words.terms)]
        case "ngrams":
            ngrams = (background.ngrams_of_unknown(words) for words in encodings.words)
            vectors = [as_query_vector(indices) for indices in ngrams if len(indices)]
        case "dense" | "topics":
            vectors = list(encodings.vectors["dense"])
        case _:
            vectors = list(encodings.vectors["static"])
    return [ChannelQuery(channel, vector) for vector in vectors]
