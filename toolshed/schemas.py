"""Bodies of the REST service, shared by the server and its clients."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class SearchRequest(BaseModel):
    """What to search for."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(description="The agent's request, in its own words.")
    k: int = Field(default=5, ge=1, description="Most tools to return.")
    min_confidence: float = Field(default=0.0, ge=0, le=1, description="Leave out tools below it.")
    abstain_below: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Return no tool when even the best is below it; 0 never abstains.",
    )
    max_tokens: int | None = Field(default=None, ge=1, description="Token budget for the definitions.")
    sources: list[str] | None = Field(default=None, description="Search these sources only.")
    include_passages: bool = Field(default=False, description="Also find the governing legal passages.")
    passages_per_need: int = Field(default=2, ge=1, le=20, description="Most passages for each need.")


class FoundToolBody(BaseModel):
    """A tool that was found."""

    rank: int
    tool_id: str
    name: str
    description: str
    parameters: dict[str, Any]
    score: float
    confidence: float
    part: str
    channels: dict[str, float]


class PartBody(BaseModel):
    """A part of the query and its say in the result."""

    text: str
    kind: str
    weight: float


class QuoteBody(BaseModel):
    """A sentence of a passage; its offsets index the text of the document."""

    start: int
    end: int
    quote: str
    section: str
    score: float


class PassageBody(BaseModel):
    """A passage of a legal document; its offsets index the text of the document."""

    passage_id: str
    document: str
    title: str
    section_path: list[str]
    page: int | None
    last_page: int | None
    start: int
    end: int
    text: str
    is_partial: bool
    citation: str
    quotes: list[QuoteBody]
    cites: list[str]
    defines: list[str]
    score: float
    channels: dict[str, float]
    part: str
    before: list[str]
    after: list[str]


class PassageSearchRequest(BaseModel):
    """What passages to search for."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field(description="The question, in the user's own words.")
    k: int = Field(default=5, ge=1, description="Most passages; most documents with per_document.")
    filters: dict[str, list[str] | list[int] | str | int] | None = Field(
        default=None,
        description="Values by field: document, source, section, cites, defines, page. Several values of "
        "a field are alternatives; all fields must match.",
    )
    neighbours: int = Field(default=0, ge=0, le=10, description="Passages before and after each.")
    per_document: int | None = Field(
        default=None, ge=1, description="Group by document, with so many of each."
    )
    expand_terms: bool = Field(default=True, description="Search also by definitions of the query's terms.")
    n_quotes: int = Field(default=2, ge=0, le=20, description="Most quotes of each passage.")


class RankedPassageBody(PassageBody):
    """A passage that was found, with its place in the answer."""

    rank: int


class DefinitionBody(BaseModel):
    """A definition that was searched with the query."""

    term: str
    text: str
    document: str


class PassageSearchResponse(BaseModel):
    """The passages that were found, best first."""

    query: str
    passages: list[RankedPassageBody]
    definitions: list[DefinitionBody]
    n_passages: int


class DocumentListResponse(BaseModel):
    """A page of document ids, in order."""

    document_ids: list[str]
    total: int
    next_after: str | None = Field(description="Pass it as 'after' to get the next page; null on the last.")


class SearchResponse(BaseModel):
    """What was found. ``tools`` is empty, never null, when nothing fits."""

    query: str
    status: Literal["ok", "no_match"]
    confidence: float
    tools: list[FoundToolBody]
    parts: list[PartBody]
    n_tools: int
    n_below_floor: int
    n_over_budget: int
    timings_ms: dict[str, float]
    pipeline: str
    passages: list[PassageBody] = Field(description="Governing passages, where they were asked for.")


class ToolBody(BaseModel):
    """A tool definition as stored."""

    tool_id: str
    name: str
    description: str
    parameters: dict[str, Any]
    source: str
    tags: list[str]
    output_schema: dict[str, Any] | None
    annotations: dict[str, Any]
    content_hash: str


class ToolListResponse(BaseModel):
    """A page of tool ids, in order."""

    tool_ids: list[str]
    total: int
    next_after: str | None = Field(description="Pass it as 'after' to get the next page; null on the last.")


class HealthResponse(BaseModel):
    """Whether the service is alive, or ready."""

    status: Literal["ok"]
    n_tools: int | None = None


class Problem(BaseModel):
    """RFC 9457 problem details; ``code`` is stable across releases."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
