"""OpenAI's responses with a tool search of our own: client-executed, its tools in namespaces by source.

The request holds the search alone. What is found goes into the conversation as the search's output, so what
was sent before stays, byte for byte.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Unpack

from toolshed.adapters.equipping import (
    SEARCH_DESCRIPTION,
    SEARCH_PARAMETERS,
    AgentTools,
    ToolAnswer,
)
from toolshed.catalog.json_values import parse_json
from toolshed.knowledge_base.exported_names import legal_name
from toolshed.options import SearchArguments, checked
from toolshed.post_retrieval.equip import to_openai_responses
from toolshed.shed.shed import Toolshed
from toolshed.shed.view import ShedView
from toolshed.types import ToolDefinition

Json = dict[str, Any]


class OpenAIToolSearch:
    """A tool search that runs here, for OpenAI's responses; one serves any number of conversations.

    Args:
        shed: The knowledge base, or what a caller may see of it (``shed.seen_by``).
        k: Most tools of a search.
        options: See :class:`~toolshed.options.SearchArguments`.

    Raises:
        ConfigurationError: If there is no option of a name.
        InvalidQueryError: If an option is out of range.
    """

    def __init__(self, shed: Toolshed | ShedView, k: int = 5, **options: Unpack[SearchArguments]) -> None:
        self._source = AgentTools(shed, k, checked(SearchArguments, options, k=k))

    @property
    def tools(self) -> list[Json]:
        """``tools`` of a request: the search. Add your own as you like."""
        return [
            {
                "type": "tool_search",
                "execution": "client",
                "description": SEARCH_DESCRIPTION,
                "parameters": SEARCH_PARAMETERS,
            }
        ]

    def outputs(self, output: Iterable[Any]) -> list[Json]:
        """The items that answer a response's searches and calls; calls of your own functions are yours.

        Ours are the calls with a namespace that is a source of the knowledge base.

        Args:
            output: The items of the response, as the SDK or JSON gives them.
        """
        return [self._searched(item) if _is_search(item) else _output(item, self._source.run(*_call(item)))
                for item in self._ours(output)]  # fmt: skip

    async def aoutputs(self, output: Iterable[Any]) -> list[Json]:
        """See :meth:`outputs`; the calls run at the same time."""
        items = await asyncio.to_thread(self._ours, output)
        return list(await asyncio.gather(*(self._answered(item) for item in items)))

    async def _answered(self, item: Json) -> Json:
        if _is_search(item):
            return await asyncio.to_thread(self._searched, item)
        return _output(item, await self._source.arun(*_call(item)))

    def _ours(self, output: Iterable[Any]) -> list[Json]:
        items = [item if isinstance(item, dict) else item.model_dump(mode="json") for item in output]
        namespaces = {legal_name(source.name) for source in self._source.view.sources()}
        return [
            item
            for item in items
            if _is_search(item) or (item["type"] == "function_call" and item.get("namespace") in namespaces)
        ]

    def _searched(self, item: Json) -> Json:
        given = _parsed(item["arguments"])
        found = self._source.find(given.get("query") if isinstance(given, dict) else None)
        return {
            "type": "tool_search_output",
            "execution": "client",
            "call_id": item.get("call_id"),
            "status": "completed",
            "tools": _namespaces(found),
        }


def _namespaces(found: Sequence[ToolDefinition]) -> list[Json]:
    """The tools by source; the source of the best tool first."""
    exported = to_openai_responses(found)
    grouped: dict[str, list[Json]] = {}
    for tool, form in zip(found, exported, strict=True):
        grouped.setdefault(legal_name(tool.source), []).append({**form, "defer_loading": True})
    return [
        {"type": "namespace", "name": name, "description": f"Tools of {name}.", "tools": tools}
        for name, tools in grouped.items()
    ]


def _is_search(item: Json) -> bool:
    return item["type"] == "tool_search_call" and item.get("execution") == "client"


def _call(item: Json) -> tuple[str, object]:
    return item["name"], _parsed(item["arguments"])


def _parsed(arguments: object) -> object:
    """What the model gave; text that is no JSON stays text, which a tool refuses with a reason."""
    if not isinstance(arguments, str):
        return arguments
    try:
        return parse_json(arguments) if arguments.strip() else {}
    except ValueError:
        return arguments


def _output(item: Json, answer: ToolAnswer) -> Json:
    return {"type": "function_call_output", "call_id": item["call_id"], "output": answer.text}
