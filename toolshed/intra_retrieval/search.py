"""Search: score the tools of a knowledge base for the parts of a query."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice

import numpy as np

from toolshed.backbones.embedding import DenseEncoder, Vectors
from toolshed.backbones.lexical import SparseVector, as_query_vector
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.channels import ChannelScores, ScoringIndex
from toolshed.intra_retrieval.decomposition import QueryPart, decompose
from toolshed.intra_retrieval.encoding import EncodedParts, encode_parts
from toolshed.intra_retrieval.fusion import Standard
from toolshed.knowledge_base.protocol import Channel, ChannelQuery, KnowledgeBase, ToolRecord
from toolshed.presets import ChannelName, RankingConfig
from toolshed.stages import Stage
from toolshed.types import ToolDefinition

# Up to here every tool is scored exactly: 6 KB of matrices a tool, and quicker than index queries.
RESIDENT_LIMIT = 50_000
_BACKGROUND_SIZE = 4_000
_CANDIDATES_PER_QUERY = 50
# About 25 KB each.
_REMEMBERED_QUERIES = 256


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for.

    Attributes:
        text: The agent's request.
        k: Most tools to return.
        min_confidence: Tools below it are left out.
        abstain_below: When even the best tool is below it, nothing fits; the calibrated threshold of the
            pipeline when None.
        max_tokens: Budget for the definitions together, or None.
        sources: Search only these sources, or all of them when None.
    """

    text: str
    k: int = 5
    min_confidence: float = 0.0
    abstain_below: float | None = None
    max_tokens: int | None = None
    sources: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A query and the parts it is searched by; ``parts[0]`` is the whole query."""

    query: Query
    parts: Sequence[QueryPart]


@dataclass(frozen=True, slots=True)
class ScoredCatalog:
    """Tools with the scores of every part and channel.

    Attributes:
        plan: The query and its parts.
        tools: The tools of the columns, ordered by tool id.
        scores: float32 ``[n_parts, n_tools]`` for each channel.
        standards: Mean and deviation of each channel over the whole catalog.
    """

    plan: QueryPlan
    tools: Sequence[ToolDefinition]
    scores: ChannelScores
    standards: dict[ChannelName, Standard]


@dataclass(frozen=True, slots=True, repr=False)
class Decompose(Stage[Query, QueryPlan]):
    """Split the query by rule when the ranking weighs parts."""

    config: RankingConfig

    def __repr__(self) -> str:
        return f"Decompose({self.config.parts!r})"

    async def run(self, query: Query, /) -> QueryPlan:
        """Return the whole query, followed by its parts if there are several."""
        parts = decompose(query.text)
        return QueryPlan(query, parts if self.config.parts is not None else parts[:1])


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

    def __len__(self) -> int:
        return self._load().n_tools

    def score(self, encoded: EncodedParts, plan: QueryPlan, config: RankingConfig) -> ScoredCatalog:
        """Score the candidates of a plan; the index must not be empty."""
        loaded = self._load()
        assert loaded.index is not None
        channels = tuple(config.channels)
        scores = loaded.index.score(encoded, channels)
        standards = {channel: Standard.of(values) for channel, values in scores.items()}
        if len(loaded.index) == loaded.n_tools:
            return ScoredCatalog(plan, loaded.index.definitions, scores, standards)
        records = self._candidates(encoded, channels, loaded.index)
        if not records:
            return ScoredCatalog(plan, loaded.index.definitions, scores, standards)
        candidates = ScoringIndex(records, background=loaded.index)
        found = candidates.score(encoded, channels)
        # The sample stays among the candidates: it stands for the rest of the catalog in what follows.
        tools = [*loaded.index.definitions, *candidates.definitions]
        order = sorted(range(len(tools)), key=lambda column: tools[column].tool_id)
        merged = {channel: np.hstack([scores[channel], found[channel]])[:, order] for channel in channels}
        return ScoredCatalog(plan, [tools[column] for column in order], merged, standards)

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
        self, encoded: EncodedParts, channels: Sequence[Channel], background: ScoringIndex
    ) -> list[ToolRecord]:
        queries = [query for channel in channels for query in channel_queries(encoded, channel, background)]
        hits = self._kb.search(queries, limit=_CANDIDATES_PER_QUERY)
        sampled = set(background.tool_ids)
        tool_ids = dict.fromkeys(hit.tool_id for found in hits for hit in found if hit.tool_id not in sampled)
        return self._kb.fetch(list(tool_ids))


def channel_queries(encoded: EncodedParts, channel: Channel, background: ScoringIndex) -> list[ChannelQuery]:
    """The queries that find candidates for every part on one channel."""
    vectors: Sequence[Vectors | SparseVector]
    match channel:
        case "words":
            vectors = [as_query_vector(words.terms) for words in encoded.words if len(words.terms)]
        case "ngrams":
            ngrams = (background.ngrams_of_unknown(words) for words in encoded.words)
            vectors = [as_query_vector(indices) for indices in ngrams if len(indices)]
        case "dense" | "topics":
            vectors = [] if encoded.dense is None else list(encoded.dense)
        case _:
            vectors = list(encoded.static)
    return [ChannelQuery(channel, vector) for vector in vectors]


@dataclass(frozen=True, repr=False)
class Search(Stage[QueryPlan, ScoredCatalog]):
    """Encode the parts of a plan and score the catalog on every channel."""

    index: CatalogIndex
    config: RankingConfig
    static: StaticEncoder
    dense: DenseEncoder | None

    async def run(self, plan: QueryPlan, /) -> ScoredCatalog:
        """Return the scores of every part and channel."""
        return self.index.score(self._encoded(tuple(plan.parts)), plan, self.config)

    @cached_property
    def _encoded(self) -> Callable[[tuple[QueryPart, ...]], EncodedParts]:
        """Encodes parts, the same ones once: agents ask again with another k or another source."""

        @lru_cache(maxsize=_REMEMBERED_QUERIES)
        def encode(parts: tuple[QueryPart, ...]) -> EncodedParts:
            return encode_parts(parts, static=self.static, dense=self.dense)

        return encode

    def __repr__(self) -> str:
        encoder = None if self.dense is None else self.dense.model_id
        return f"Search(channels={self.config.channels!r}, encoder={encoder!r})"
