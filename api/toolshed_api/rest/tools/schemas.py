"""Bodies of the endpoints of tools."""

from typing import Annotated, Any, Literal, Required

from pydantic import BaseModel, ConfigDict, Field, with_config

from toolshed.options import Option, SearchArguments, TopK
from toolshed.rankings import SearchStatus
from toolshed_api.rest.passages.schemas import PassageBody


@with_config(ConfigDict(extra="forbid", strict=True))
class SearchRequest(SearchArguments, total=False):
    """What to search for."""

    query: Required[Annotated[str, Option(None, "The agent's request, in its own words.")]]
    k: TopK


class FoundToolBody(BaseModel):
    """A tool that was found."""

    rank: int
    tool_id: str
    kind: Literal["tool", "skill"] = Field(
        description="A skill is no function: its instructions are followed."
    )
    name: str
    exported_name: str = Field(description="What providers call it: one name a tool and knowledge base.")
    description: str
    parameters: dict[str, Any]
    is_shortened: bool = Field(description="Whether description and parameters were cut to fit max_tokens.")
    score: float
    confidence: float
    sub_query: str
    channels: dict[str, float]
    instructions: str = Field(description="What a skill tells an agent to do; empty of tools.")


class SubQueryBody(BaseModel):
    """A sub-query and its say in the result."""

    text: str
    kind: str
    weight: float


class SearchResponse(BaseModel):
    """What was found. ``tools`` is empty, never null, when nothing fits."""

    query: str
    status: SearchStatus
    reason: str = Field(description="Why the status is not ok; empty where it is.")
    confidence: float = Field(description="Probability that the best tool serves the request.")
    answerable: float = Field(description="Probability that any of the first five tools does.")
    tools: list[FoundToolBody]
    sub_queries: list[SubQueryBody]
    n_tools: int
    n_below_floor: int
    n_over_budget: int
    n_shortened: int = Field(description="Definitions that were cut to fit max_tokens.")
    n_tokens: int | None = Field(description="Tokens of the definitions; null without max_tokens.")
    tokens_counted_by: str = Field(description="Who counted the tokens: a tokenizer, or 'estimate'.")
    timings_ms: dict[str, float]
    pipeline: str
    passages: list[PassageBody] = Field(description="Governing passages, where they were asked for.")
    unbooked: list[str] = Field(description="Why calls are not in the ledger, where they should be.")
    fallbacks: list[str] = Field(
        description="What was done without a model where one was to be asked, and why."
    )


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
