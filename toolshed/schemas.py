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
