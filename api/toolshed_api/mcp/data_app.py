"""``search`` and ``fetch``, exactly as hosts want them that know no other tools (ChatGPT's data apps)."""

from typing import Annotated, Any
from urllib.parse import quote, unquote

import anyio.to_thread
from pydantic import Field

from toolshed.errors import UnknownDocumentError, UnknownToolError
from toolshed.types import ToolDefinition
from toolshed_api.caller_shed import CallerShed
from toolshed_api.mcp.json_texts import compact
from toolshed_api.mcp.own_tools import Exchange, OwnTool, ToolAnswer, ToolArguments, answered, reads
from toolshed_api.mcp.searching import MAX_QUERY, call_with

_TOOL, _PASSAGE = "tool:", "passage:"
_N_OF_EACH = 10
_MAX_TEXT = 100_000


class SearchArguments(ToolArguments):
    """Arguments of search."""

    query: Annotated[str, Field(min_length=1, max_length=MAX_QUERY, description="What to look for.")]


class FetchArguments(ToolArguments):
    """Arguments of fetch."""

    id: Annotated[str, Field(min_length=1, max_length=2_000, description="The id of a result of search.")]


async def search(exchange: Exchange, given: SearchArguments) -> ToolAnswer:
    """Find tools and passages."""
    return answered({"results": await anyio.to_thread.run_sync(_results, exchange.shed, given.query)})


async def fetch(exchange: Exchange, given: FetchArguments) -> ToolAnswer:
    """The whole of one result."""
    read = _tool if given.id.startswith(_TOOL) else _passage
    return answered(await anyio.to_thread.run_sync(read, exchange.shed, given.id))


def _results(shed: CallerShed, query: str) -> list[dict[str, Any]]:
    found = [
        _result(_TOOL + one.tool.tool_id, one.tool.title or one.tool.name)
        for one in shed.search(query, _N_OF_EACH).tools
    ]
    passages = shed.search_passages(query, _N_OF_EACH).to_json()["passages"] if shed.list_documents() else []
    return found + [_result(_passage_id(one), one["citation"]) for one in passages]


def _passage_id(passage: dict[str, Any]) -> str:
    # The document tells where to look for the passage again.
    return f"{_PASSAGE}{quote(passage['document'], safe='')}:{passage['passage_id']}"


def _result(result_id: str, title: str) -> dict[str, Any]:
    return {"id": result_id, "title": title, "url": _url(result_id)}


def _url(result_id: str) -> str:
    # What is indexed has no address of its own that a host could open.
    kind, _, name = result_id.partition(":")
    return f"toolshed://{kind}/{quote(name, safe=':')}"


def _tool(shed: CallerShed, result_id: str) -> dict[str, Any]:
    tool = shed.get_tool(result_id.removeprefix(_TOOL))
    text = "\n\n".join(filter(None, [tool.description, tool.instructions, _arguments(tool)]))
    metadata = {"source": tool.source, "kind": tool.kind, "call_with": call_with(tool) or "nothing"}
    return _fetched(result_id, tool.title or tool.name, text, metadata)


def _arguments(tool: ToolDefinition) -> str:
    return "" if tool.kind == "skill" else f"Arguments: {compact(dict(tool.parameters))}"


def _passage(shed: CallerShed, result_id: str) -> dict[str, Any]:
    document, _, passage_id = result_id.removeprefix(_PASSAGE).partition(":")
    if not result_id.startswith(_PASSAGE) or not passage_id:
        raise UnknownToolError(f"there is no result {result_id[:200]!r}; give the id of a result of search")
    for passage in shed.get_passages(unquote(document)):
        if passage.passage_id == passage_id:
            title = passage.title or passage.document_id
            metadata = {"document": passage.document_id, "section": " > ".join(passage.section_path)}
            return _fetched(result_id, title, passage.text, metadata)
    raise UnknownDocumentError(f"there is no passage {result_id[:200]!r}; search again")


def _fetched(result_id: str, title: str, text: str, metadata: dict[str, str]) -> dict[str, Any]:
    shown = text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}\n[cut: {len(text):,} characters]"
    return {"id": result_id, "title": title, "text": shown, "url": _url(result_id), "metadata": metadata}


SEARCH = OwnTool(
    "search",
    "Search tools and text",
    "Titles of the tools and passages of legal text for a query; read one with fetch. Where you can call "
    "tools, search_tools is better.",
    SearchArguments,
    "search",
    reads(),
    search,
)
FETCH = OwnTool(
    "fetch",
    "Fetch a result",
    "The whole text of a result of search.",
    FetchArguments,
    "search",
    reads(),
    fetch,
)
