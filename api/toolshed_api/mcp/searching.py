"""Tools that find tools and read their definitions."""

from typing import Annotated, Any

import anyio.to_thread
from pydantic import Field

from toolshed.errors import UnknownToolError
from toolshed.metering.token_counts import token_counter
from toolshed.post_retrieval.equip.shortening import shortened, whole
from toolshed.post_retrieval.instructions import fenced_instructions
from toolshed.rankings import FoundTool
from toolshed.shed.results import SearchResult
from toolshed.types import JsonObject, ToolDefinition
from toolshed_api.caller_shed import CallerShed
from toolshed_api.mcp.catalog_facts import CatalogFacts, n_tokens_of
from toolshed_api.mcp.handles import SearchHandle
from toolshed_api.mcp.inspector import SHOWN_BY_IT
from toolshed_api.mcp.json_texts import compact
from toolshed_api.mcp.own_tools import (
    MAX_ID_CHARACTERS,
    Exchange,
    OwnTool,
    ToolAnswer,
    ToolArguments,
    answered,
    reads,
)

READ, WRITE = "call_tool_read", "call_tool_write"
_MAX_TOKENS = 8_000
# Of one definition that is asked for by itself, and of a skill's instructions among other results.
_MAX_CHARACTERS = 60_000
_MAX_INSTRUCTIONS = 8_000
MAX_QUERY = 20_000
# Claude Code hides tools behind a search of its own, but those that say this.
ALWAYS_LOADED = {"anthropic/alwaysLoad": True}


class SearchToolsArguments(ToolArguments):
    """Arguments of search_tools."""

    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_QUERY,
            description="What shall be done, in plain words; all needs of the task at once.",
        ),
    ]
    k: Annotated[int, Field(ge=1, le=20, description="Most tools to return.")] = 5
    sources: Annotated[
        list[Annotated[str, Field(max_length=MAX_ID_CHARACTERS)]] | None,
        Field(max_length=100, description="Search these sources only."),
    ] = None
    history: Annotated[
        list[Annotated[str, Field(max_length=MAX_QUERY)]] | None,
        Field(max_length=20, description="What the user said before, where the query only goes on from it."),
    ] = None
    max_tokens: Annotated[
        int, Field(ge=100, le=50_000, description="Budget for the definitions; long ones are shortened.")
    ] = _MAX_TOKENS


class GetToolSchemaArguments(ToolArguments):
    """Arguments of get_tool_schema."""

    tool: Annotated[
        str,
        Field(min_length=1, max_length=MAX_ID_CHARACTERS, description="The tool, as search_tools calls it."),
    ]


async def search_tools(exchange: Exchange, given: SearchToolsArguments) -> ToolAnswer:
    """Find tools."""
    shed = exchange.shed
    handle = exchange.handles.new(shed.caller)

    def search() -> tuple[SearchResult, CatalogFacts]:
        found = shed.search(
            given.query,
            given.k,
            sources=given.sources,
            history=given.history,
            max_tokens=given.max_tokens,
        )
        return found, exchange.facts.of(shed)

    found, facts = await anyio.to_thread.run_sync(search)
    value = found_json(found, handle)
    return answered(value, _meta(found, value, facts, exchange.own_tokens))


async def get_tool_schema(exchange: Exchange, given: GetToolSchemaArguments) -> ToolAnswer:
    """The whole definition of a tool."""
    tool = await anyio.to_thread.run_sync(tool_of, exchange.shed, given.tool)
    value: dict[str, Any] = {
        "tool": tool.tool_id,
        "title": tool.title,
        "description": tool.description,
        "source": tool.source,
        "service": tool.service,
        "input_schema": dict(tool.parameters),
        "output_schema": None if tool.output_schema is None else dict(tool.output_schema),
        "annotations": dict(tool.annotations),
        "call_with": call_with(tool),
    }
    if tool.kind == "skill":
        value["instructions"] = fenced_instructions(tool)
    if len(compact(value)) > _MAX_CHARACTERS:
        cut = shortened(whole(tool), _MAX_CHARACTERS // 8, token_counter())
        value |= {"description": cut.description, "input_schema": dict(cut.parameters), "output_schema": None}
        value["instructions"] = value.get("instructions", "")[:_MAX_CHARACTERS]
        value["is_shortened"] = True
    return answered({name: said for name, said in value.items() if said not in ("", None)})


def tool_of(shed: CallerShed, name: str) -> ToolDefinition:
    """A tool by its id, or by the name that exports give it.

    Raises:
        UnknownToolError: If the caller has none such.
    """
    try:
        return shed.get_tool(name)
    except UnknownToolError:
        try:
            return shed.tool_named(name)
        except UnknownToolError:
            raise UnknownToolError(
                f"there is no tool {name[:200]!r}; give the 'tool' of a result of search_tools, such as "
                "'source:name'"
            ) from None


def is_read_only(tool: ToolDefinition) -> bool:
    """Whether a tool says that it changes nothing."""
    return tool.annotations.get("readOnlyHint") is True


def call_with(tool: ToolDefinition) -> str | None:
    """Which of our tools calls it; none a skill, which is followed."""
    if tool.kind == "skill":
        return None
    return READ if is_read_only(tool) else WRITE


def found_json(found: SearchResult, handle: SearchHandle) -> dict[str, Any]:
    """What was found, as a model needs it."""
    value: dict[str, Any] = {
        "search_id": handle.text,
        "status": found.status,
        "confidence": round(found.confidence, 3),
        "tools": [_tool_json(one) for one in found.tools],
        "needs": [
            {"need": need.text, "tools": [one.tool.tool_id for one in need.tools]} for need in found.needs
        ],
    }
    if found.reason:
        value["reason"] = found.reason
    left_out = {
        "below_confidence": found.n_below_floor,
        "over_token_budget": found.n_over_budget,
        "shortened": found.n_shortened,
    }
    if any(left_out.values()):
        value["left_out"] = {name: n for name, n in left_out.items() if n}
    return value


def _tool_json(found: FoundTool) -> dict[str, Any]:
    tool, shown = found.tool, found.handed_on
    value: dict[str, Any] = {"tool": tool.tool_id}
    if tool.title and tool.title != tool.name:
        value["title"] = tool.title
    value |= {"description": shown.description, "input_schema": dict(shown.parameters)}
    if tool.kind == "skill":
        instructions = fenced_instructions(tool)
        is_short = len(instructions) <= _MAX_INSTRUCTIONS
        return {
            "tool": tool.tool_id,
            "description": shown.description,
            "instructions": instructions if is_short else "long; get_tool_schema has them",
        }
    value |= {"call_with": call_with(tool), "confidence": round(found.confidence, 3)}
    if found.shortened is not None:
        value["is_shortened"] = True
    return value


def _meta(found: SearchResult, value: JsonObject, facts: CatalogFacts, own_tokens: int) -> dict[str, Any]:
    n_sent = own_tokens + n_tokens_of(value["tools"])
    return {
        "toolshed/tokens": {
            "definitions": n_tokens_of(value["tools"]),
            "own_tools": own_tokens,
            "catalog": facts.n_tokens,
            "share": round(n_sent / facts.n_tokens, 5) if facts.n_tokens else None,
        },
        "toolshed/search": {
            "n_tools": facts.n_tools,
            "pipeline": found.pipeline,
            "total_ms": round(found.timings_ms.get("total", 0.0), 3),
            "fallbacks": list(found.fallbacks),
            "sub_queries": [
                {"text": one.text, "kind": one.kind, "weight": round(one.weight, 3)}
                for one in found.sub_queries
            ],
            "channels": {
                one.tool.tool_id: {name: round(score, 4) for name, score in one.channels.items()}
                for one in found.tools
            },
        },
    }


def described(facts: CatalogFacts) -> str:
    """What search_tools says of itself, with what is behind it."""
    n_sources = len(facts.sources)
    what = (
        f"{facts.n_tools:,} tools of {n_sources:,} source{'s' * (n_sources != 1)}"
        if facts.n_tools
        else "tools"
    )
    return (
        f"Find the right ones among {what} that you can call but do not see in your list of tools. Use it "
        "first, whenever a task may need a tool, and before you say that something cannot be done. Say what "
        "shall be done in plain words, all needs at once. Each result has a definition, and says whether to "
        f"call it with {READ} or {WRITE}; an empty list says that no tool fits.\n{facts.described()}"
    )


SEARCH_TOOLS = OwnTool(
    "search_tools",
    "Search tools",
    "Find tools for a task.",
    SearchToolsArguments,
    "search",
    reads(),
    search_tools,
    ALWAYS_LOADED | SHOWN_BY_IT,
)
GET_TOOL_SCHEMA = OwnTool(
    "get_tool_schema",
    "Get a tool's definition",
    "The whole definition of one tool, where search_tools shortened it or left something out.",
    GetToolSchemaArguments,
    "search",
    reads(),
    get_tool_schema,
)
