"""The tool that finds passages of legal text."""

from typing import Annotated, Any

import anyio.to_thread
from pydantic import Field

from toolshed_api.mcp.own_tools import (
    MAX_ID_CHARACTERS,
    Exchange,
    OwnTool,
    ToolAnswer,
    ToolArguments,
    answered,
    reads,
)
from toolshed_api.mcp.searching import MAX_QUERY


class SearchPassagesArguments(ToolArguments):
    """Arguments of search_passages."""

    query: Annotated[
        str, Field(min_length=1, max_length=MAX_QUERY, description="The question, in plain words.")
    ]
    k: Annotated[int, Field(ge=1, le=20, description="Most passages to return.")] = 5
    document: Annotated[
        str | None, Field(max_length=MAX_ID_CHARACTERS, description="Search this document only.")
    ] = None


async def search_passages(exchange: Exchange, given: SearchPassagesArguments) -> ToolAnswer:
    """Find passages."""
    filters = None if given.document is None else {"document": given.document}

    def search() -> dict[str, Any]:
        found = exchange.shed.search_passages(given.query, given.k, filters=filters)
        return {
            "passages": [_shown(one) for one in found.to_json()["passages"]],
            "n_passages": found.n_passages,
        }

    return answered(await anyio.to_thread.run_sync(search))


def _shown(passage: dict[str, Any]) -> dict[str, Any]:
    """What a model needs of a passage: where it stands, what it says, which sentences answer."""
    names = ("passage_id", "document", "citation", "start", "end", "text", "score")
    return {
        **{name: passage[name] for name in names},
        "quotes": [quote["quote"] for quote in passage["quotes"]],
    }


SEARCH_PASSAGES = OwnTool(
    "search_passages",
    "Search legal text",
    "Find the passages of the indexed contracts, statutes and decisions that answer a question, with exact "
    "quotes and citations.",
    SearchPassagesArguments,
    "search",
    reads(),
    search_passages,
)
