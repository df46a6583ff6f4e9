"""Bodies of the endpoints that search tools."""

from typing import Annotated, Any, Literal, Required

from pydantic import BaseModel, ConfigDict, Field, with_config

from toolshed.options import Option, SearchArguments, TopK
from toolshed.rankings import SearchStatus
from toolshed.shed.results import SearchResult
from toolshed_api.rest.passages.schemas import PassageBody, add_stored
from toolshed_api.rest.tools.schemas import ToolBody

ProviderFormat = Literal["openai", "openai_responses", "anthropic", "gemini", "bedrock", "mcp"]
# Each may take as long as a search; all of them have the time of one answer.
MAX_SEARCHES = 32


@with_config(ConfigDict(extra="forbid", strict=True))
class SearchRequest(SearchArguments, total=False):
    """What to search for."""

    query: Required[Annotated[str, Option(None, "The agent's request, in its own words.")]]
    k: TopK
    format: Annotated[
        ProviderFormat | None, Option(None, "Also give the tools as this provider's API takes them.")
    ]
    explain: Annotated[
        bool, Option(False, "Say which sub-query and channel brought each tool in, and what was left out.")
    ]
    include_definitions: Annotated[bool, Option(False, "Give tools and passages whole, as they are stored.")]


class BatchSearchRequest(BaseModel):
    """Several searches."""

    model_config = ConfigDict(extra="forbid", strict=True)

    searches: list[SearchRequest] = Field(min_length=1, max_length=MAX_SEARCHES)


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
    needed_by: str = Field(
        description="Id of the tool that needs this one, and brought it along; empty of those found."
    )
    channels: dict[str, float]
    instructions: str = Field(description="What a skill tells an agent to do; empty of tools.")
    definition: ToolBody | None = Field(None, description="As stored; null unless it was asked for.")


class SubQueryBody(BaseModel):
    """A sub-query and its say in the result."""

    text: str
    kind: str
    weight: float


class SearchResponse(BaseModel):
    """What was found. ``tools`` is empty, never null, when nothing fits."""

    query: str
    query_id: str = Field(description="What outcomes are reported by: POST /v1/outcomes/search.")
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
    notes: list[str] = Field(description="What else stages tell of what they did.")
    definitions: list[dict[str, Any]] = Field(
        description="The tools as the provider's API takes them, best first; empty without a format."
    )
    explanation: str = Field(description="For people; empty unless it was asked for.")

    @classmethod
    def of(cls, found: SearchResult, asked: SearchRequest) -> "SearchResponse":
        """What was found, in the forms that were asked for."""
        told = found.to_json()
        if asked.get("include_definitions"):
            for body, one in zip(told["tools"], found.tools, strict=True):
                body["definition"] = ToolBody.of(one.tool)
            add_stored(told["passages"], found.passages)
        return cls.model_validate(
            {
                **told,
                "definitions": _exported(found, asked.get("format")),
                "explanation": found.explain() if asked.get("explain") else "",
            }
        )


class BatchSearchResponse(BaseModel):
    """What was found, search by search in their order."""

    results: list[SearchResponse]


def _exported(found: SearchResult, wanted: ProviderFormat | None) -> list[dict[str, Any]]:
    match wanted:
        case None:
            return []
        case "openai":
            return found.to_openai()
        case "openai_responses":
            return found.to_openai_responses()
        case "anthropic":
            return found.to_anthropic()
        case "gemini":
            return found.to_gemini()
        case "bedrock":
            return found.to_bedrock()
        case "mcp":
            return found.to_mcp()
