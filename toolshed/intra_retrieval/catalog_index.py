"""The tools of a knowledge base, scored for a query: exactly where they fit into memory."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What is in memory: every tool (``len(index) == n_tools``), or a sample of them."""

    revision: int
    n_tools: int
    index: ScoringIndex | None


class CatalogIndex:
    """Keeps the matrices of a knowledge base in memory and renews them when it changes.

    Up to ``resident_limit`` tools all are scored. Beyond, the store names candidates for each part
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
        return frozenset(tool.source for tool in self._kb.stored_tools())

    def __len__(self) -> int:
        return self._load().n_tools

    def score(self, encodings: Encodings, channels: Sequence[str]) -> ChannelRanking | None:
        """Score the tools on these channels; None where there are none.

        A channel of several vectors a tool needs the channel of its whole document before it.
        """
        loaded = self._load()
        if loaded.index is None:
            return None
        scores = loaded.index.score(encodings, channels)
        standards = {channel: Standard.of(values) for channel, values in scores.items()}
        if len(loaded.index) == loaded.n_tools:
            return ChannelRanking(loaded.index.definitions, scores, standards, loaded.n_tools)
        records = self._candidates(encodings, channels, loaded.index)
        if not records:
            return ChannelRanking(loaded.index.definitions, scores, standards, loaded.n_tools)
        candidates = ScoringIndex(records, background=loaded.index)
        found = candidates.score(encodings, channels)
        # The sample stays among the candidates: it stands for the rest of the catalog in what follows.
        tools = [*loaded.index.definitions, *candidates.definitions]
        order = sorted(range(len(tools)), key=lambda column: tools[column].tool_id)
        merged = {channel: np.hstack([scores[channel], found[channel]])[:, order] for channel in channels}
        return ChannelRanking([tools[column] for column in order], merged, standards, loaded.n_tools)

    def _load(self) -> "_Loaded":
        with self._lock:
            revision = self._kb.revision
            if self._loaded is None or self._loaded.revision != revision:
                self._loaded = self._read(revision)
            return self._loaded

    def _read(self, revision: int) -> "_Loaded":
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
