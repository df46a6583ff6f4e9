"""Bodies of the endpoints of tools."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from toolshed_api.rest.passages.schemas import PassageBody


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
