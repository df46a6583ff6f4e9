"""What a search makes of a query: scored tools, and the few that are chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.static import StaticEncoder
from toolshed.documents import Passage, joined_text
from toolshed.queries import EncodedQuery, Encodings
from toolshed.types import ToolDefinition
from toolshed.vectors import Scores, Vectors

SearchStatus = Literal["ok", "unsure", "no_match"]
# Keeps a channel in which every tool scores the same (no word matched) at zero, not at infinity.
_MIN_DEVIATION = 1e-3


@dataclass(frozen=True, slots=True)
class Standard:
    """Mean and standard deviation of a channel over the catalog, ``[n_sub_queries, 1]`` each."""

    mean: Scores
    deviation: Scores

    @classmethod
    def of(cls, scores: Scores) -> "Standard":
        """Measure the scores of one channel."""
        n_tools = np.float32(scores.shape[1])
        mean = np.asarray(np.add.reduce(scores, axis=1, keepdims=True) / n_tools, np.float32)
        # Var(x) = E[x²] - E[x]², in one pass; np.std would make two copies of the matrix.
        squares = np.einsum("ij,ij->i", scores, scores)[:, None] / n_tools
        deviation = np.sqrt(np.maximum(squares - mean * mean, 0))
        return cls(mean, deviation + np.float32(_MIN_DEVIATION))


@dataclass(frozen=True, slots=True)
class SoftMatches:
    """Shares of words that are meant, by rarity; float32 ``[n_tools]`` each, 0 to 1.

    Attributes:
        query: Of the request's words, by any word of the tool.
        query_in_name: Of the request's words, by the words of the name.
        document: Of the tool's words, by the request.
        name: Of the words of the name, by the request.
        query_in_arguments: Of the request's words, by names, descriptions and choices of the arguments.
        query_anywhere: Of the request's words, by any of these.
    """

    query: Scores
    query_in_name: Scores
    document: Scores
    name: Scores
    query_in_arguments: Scores
    query_anywhere: Scores


class CatalogDocuments(Protocol):
    """What is known of the tools of a ranking beside their scores, asked for a few of them."""

    def views(self) -> list[str]:
        """The views that these documents have."""

    def meanings(self, query: Vectors) -> Scores | None:
        """Cosine of a request in another language than English with all columns; None without its encoder."""

    def view(self, name: str, query: Vectors, columns: NDArray[np.int64]) -> Scores:
        """Standardised cosine of a request with one view of these tools; zero where it is not kept."""

    def enhanced_share(self) -> float:
        """Share of all tools that something was written of besides."""

    def soft_matches(self, text: str, columns: NDArray[np.int64], encoder: StaticEncoder) -> SoftMatches:
        """How the words of a request and of these tools match."""

    def is_unknown(self, terms: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which terms no tool has."""

    def idf(self, terms: NDArray[np.uint32]) -> Scores:
        """Inverse document frequency of terms."""

    def operations(self, columns: NDArray[np.int64]) -> NDArray[np.int16]:
        """What these tools do; see :func:`~toolshed.intra_retrieval.verbs.operations_of`."""

    def tool_ids(self, columns: Sequence[int]) -> Sequence[str]:
        """The ids of the tools of these columns."""

    def columns_of(self, tool_ids: Sequence[str]) -> NDArray[np.int64]:
        """The columns of tools; -1 of one that is not among them."""

    def whole(self, channel: str, columns: NDArray[np.int64]) -> Vectors:
        """The vectors of the whole documents of these tools."""

    def products(self, channel: str, queries: Vectors) -> Scores:
        """Inner products of any vectors with the whole documents of all columns."""


@dataclass(frozen=True, slots=True)
class ChannelRanking:
    """Tools with the scores of every sub-query on every channel.

    Attributes:
        tools: The tools of the columns, ordered by tool id.
        scores: float32 ``[n_sub_queries, n_tools]`` for each channel.
        standards: Mean and deviation of each channel over all the tools that may be found.
        n_tools: How many tools those are; more than columns where the store named candidates.
        encodings: The sub-queries as they were compared.
        documents: What else is known of the tools of the columns.
    """

    tools: Sequence[ToolDefinition]
    scores: Mapping[str, Scores]
    standards: Mapping[str, Standard]
    n_tools: int
    encodings: Encodings
    documents: CatalogDocuments


@dataclass(frozen=True, slots=True)
class ScoredCatalog:
    """A query and the scores of the tools that may be found; None where there are none."""

    asked: EncodedQuery
    ranking: ChannelRanking | None


@dataclass(frozen=True, slots=True)
class WeighedSubQuery:
    """A sub-query and the say it had in the result, 0 to 1."""

    text: str
    kind: str
    weight: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """The tools that may come first, with what is known of them.

    Attributes:
        columns: Their columns in the ranking, ascending.
        features: float64 ``[n_candidates]`` by name.
        asked: Features of the request by name.
        enhanced: Share of all tools that something was written of besides.
    """

    columns: NDArray[np.int64]
    features: Mapping[str, NDArray[np.float64]]
    asked: Mapping[str, float]
    enhanced: float = 0.0


@dataclass(frozen=True, slots=True)
class ScoredTools:
    """What selection chooses from; the columns of all arrays are the tools.

    Attributes:
        asked: The query, encoded.
        tools: The candidates.
        scores: float32 ``[n_tools]``; minus infinity excludes a tool.
        sub_queries: The sub-queries and their weights.
        fused: float32 ``[n_sub_queries, n_tools]``, standardised.
        evidence: float32 ``[n_sub_queries, n_tools]`` by channel, not standardised.
        n_tools: How many tools may be found.
        is_forbidden: Which of them would do what the query says must not be done; None for none.
        candidates: The tools that may come first, with what is known of them; None where nothing was learnt.
        documents: What else is known of the tools; None where there are none.
        before_use: The scores before anything was learnt from use; None where nothing was.
    """

    asked: EncodedQuery
    tools: Sequence[ToolDefinition]
    scores: Scores
    sub_queries: Sequence[WeighedSubQuery]
    fused: Scores
    evidence: Mapping[str, Scores]
    n_tools: int
    is_forbidden: NDArray[np.bool_] | None = None
    candidates: Candidates | None = None
    documents: CatalogDocuments | None = None
    before_use: Scores | None = None


@dataclass(frozen=True, slots=True)
class FoundTool:
    """A tool a search returned.

    Attributes:
        tool: The definition as its source gave it.
        score: What tools are ordered by; comparable within one search only.
        confidence: Estimated probability that the tool serves the query, 0 to 1.
        sub_query: The sub-query that speaks most for this tool.
        channels: Similarity on every channel to that sub-query or to the whole, whichever is higher.
        shortened: The definition as far as it fits the token budget; None where it is handed on whole.
        needed_by: Id of the tool that needs what this one gives, and brought it along; empty of those found.
    """

    tool: ToolDefinition
    score: float
    confidence: float
    sub_query: str
    channels: Mapping[str, float]
    shortened: ToolDefinition | None = None
    needed_by: str = ""

    @property
    def handed_on(self) -> ToolDefinition:
        """The definition as exports hand it on: whole, or as far as it fits the token budget."""
        return self.shortened or self.tool

    def to_json(self, rank: int) -> dict[str, Any]:
        """Everything as JSON, with its place in the list."""
        return {
            "rank": rank,
            "tool_id": self.tool.tool_id,
            "kind": self.tool.kind,
            "name": self.tool.name,
            "exported_name": self.tool.exported_name,
            "description": self.handed_on.description,
            "parameters": self.handed_on.parameters,
            "is_shortened": self.shortened is not None,
            "score": round(self.score, 5),
            "confidence": round(self.confidence, 4),
            "sub_query": self.sub_query,
            "needed_by": self.needed_by,
            "channels": {name: round(value, 4) for name, value in self.channels.items()},
            "instructions": self.tool.instructions,
        }


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a passage, by its offsets in the document.

    Attributes:
        start: Offset of its first character in the document.
        end: Offset after its last character.
        text: The sentence as it stands there.
        section: Label of the innermost section it stands in; empty where there is none.
        score: How well it answers the query; comparable within one search only.
    """

    start: int
    end: int
    text: str
    section: str
    score: float


@dataclass(frozen=True)
class FoundPassage:
    """A passage that a search returned.

    Attributes:
        passage: The passage; ``text[start:end]`` of its document.
        score: What passages are ordered by; comparable within one search only.
        channels: Similarity on every channel that named it: a cosine for ``dense``, BM25 for ``words``.
        quotes: The sentences that answer the query, best first.
        before: Neighbours before it, where they were asked for.
        after: Neighbours after it.
        sub_query: The sub-query that it was found for.
    """

    passage: Passage
    score: float
    channels: Mapping[str, float]
    quotes: tuple[Quote, ...]
    before: tuple[Passage, ...] = ()
    after: tuple[Passage, ...] = ()
    sub_query: str = ""

    @property
    def citation(self) -> str:
        """Where the first quote stands: title, sections from the outside in, page."""
        quote = self.quotes[0] if self.quotes else None
        offset = quote.start if quote else self.passage.start
        section = self.passage.section_at(offset)
        page = f"p. {self.passage.page}" if self.passage.page is not None else ""
        parts = [
            self.passage.title or self.passage.document_id,
            " > ".join(section.path) if section else "",
            page,
        ]
        return ", ".join(part for part in parts if part)

    @property
    def expanded_text(self) -> str:
        """The passage with its neighbours, as it stands in the document."""
        return joined_text([*self.before, self.passage, *self.after])

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        passage = self.passage
        return {
            "passage_id": passage.passage_id,
            "document": passage.document_id,
            "title": passage.title,
            "section_path": list(passage.section_path),
            "page": passage.page,
            "last_page": passage.last_page,
            "start": passage.start,
            "end": passage.end,
            "text": passage.text,
            "is_partial": passage.is_partial,
            "citation": self.citation,
            "quotes": [
                {
                    "start": quote.start,
                    "end": quote.end,
                    "quote": quote.text,
                    "section": quote.section,
                    "score": round(quote.score, 4),
                }
                for quote in self.quotes
            ],
            "cites": list(passage.cites),
            "defines": list(passage.defines),
            "score": round(self.score, 5),
            "channels": {name: round(value, 4) for name, value in self.channels.items()},
            "sub_query": self.sub_query,
            "before": [neighbour.text for neighbour in self.before],
            "after": [neighbour.text for neighbour in self.after],
        }


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen tools.

    Attributes:
        asked: The query, encoded.
        tools: Best first; empty when nothing fits.
        sub_queries: The sub-queries and their weights.
        confidence: Estimated probability that the best tool serves the query.
        status: ``no_match`` when nothing fits, ``unsure`` when what is returned may well be wrong.
        n_tools: How many tools were searched.
        n_below_floor: Tools among the best k left out for their low confidence.
        n_over_budget: Tools among the best k that did not fit the token budget, however short.
        n_tokens: Tokens of the definitions, where there is a budget.
        tokens_counted_by: Who counted them: a tokenizer, or ``estimate``.
        passages: The passages that govern what is asked, where they were wanted.
        answerable: Estimated probability that any of the first five serves the query.
        reason: Why the status is not ``ok``; empty where it is.
        ranked: The best tools by id, with the scores that they had before anything was learnt from use.
        forbidden: Ids of the tools that would do what the query says must not be done.
    """

    asked: EncodedQuery
    tools: Sequence[FoundTool]
    sub_queries: Sequence[WeighedSubQuery]
    confidence: float
    status: SearchStatus
    n_tools: int
    n_below_floor: int = 0
    n_over_budget: int = 0
    n_tokens: int | None = None
    tokens_counted_by: str = ""
    passages: Sequence[FoundPassage] = ()
    answerable: float = 0.0
    reason: str = ""
    ranked: Mapping[str, float] = field(default_factory=dict)
    forbidden: frozenset[str] = frozenset()
