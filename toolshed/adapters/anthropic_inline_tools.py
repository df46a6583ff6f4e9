"""Anthropic's messages with tools that are defined in the conversation (beta ``inline-tools-2026-09-15``).

The request holds the search alone, so a catalog may have any size; the definitions of what is found go behind
the search's result, and what was sent before stays.
"""

from collections.abc import Iterable
from typing import Any, Unpack

from toolshed.adapters.equipping import (
    NO_QUERY,
    NOTHING_FITS,
    SEARCH_DESCRIPTION,
    SEARCH_NAME,
    SEARCH_PARAMETERS,
    AgentTools,
)
from toolshed.options import SearchArguments, checked
from toolshed.post_retrieval.equip import to_anthropic
from toolshed.shed.shed import Toolshed
from toolshed.shed.view import ShedView
from toolshed.types import ToolDefinition

Json = dict[str, Any]


class AnthropicInlineTools:
    """A tool search that runs here and defines what it finds; one serves any number of conversations.

    Args:
        shed: The knowledge base, or what a caller may see of it (``shed.seen_by``).
        k: Most tools of a search.
        options: See :class:`~toolshed.options.SearchArguments`.

    Attributes:
        betas: ``betas`` of a request to ``client.beta.messages``.
        tools: ``tools`` of a request: the search. Add your own as you like.

    Raises:
        ConfigurationError: If there is no option of a name.
        InvalidQueryError: If an option is out of range.
    """

    betas = ("inline-tools-2026-09-15",)

    def __init__(self, shed: Toolshed | ShedView, k: int = 5, **options: Unpack[SearchArguments]) -> None:
        self._source = AgentTools(shed, k, checked(SearchArguments, options, k=k))
        self.tools: list[Json] = [
            {"name": SEARCH_NAME, "description": SEARCH_DESCRIPTION, "input_schema": SEARCH_PARAMETERS}
        ]

    def answers(self, messages: Iterable[Any], content: Iterable[Any]) -> list[Json]:
        """The messages that answer the searches and the calls of a reply; none where it has none.

        Ours are the calls of tools that the conversation was given here.

        Args:
            messages: The conversation that was sent.
            content: The blocks of the reply, as the SDK or JSON gives them.
        """
        given = _given(messages)
        blocks = [block if isinstance(block, dict) else block.model_dump() for block in content]
        results: list[Json] = []
        new: dict[str, ToolDefinition] = {}
        for block in blocks:
            if block["type"] != "tool_use":
                continue
            if block["name"] == SEARCH_NAME:
                query = block["input"].get("query")
                found = self._source.find(query)
                new |= {tool.exported_name: tool for tool in found if tool.exported_name not in given}
                results.append(_result(block, _told(query, found), is_error=False))
            elif block["name"] in given:
                answer = self._source.run(block["name"], block["input"])
                results.append(_result(block, answer.text, is_error=answer.is_error))
        additions = [
            {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": form}}
            for form in to_anthropic(new.values())
        ]
        answers: list[Json] = [{"role": "user", "content": results}] if results else []
        return [*answers, {"role": "system", "content": additions}] if additions else answers


def _given(messages: Iterable[Any]) -> set[str]:
    """The names of the tools that a conversation defines."""
    blocks = [
        block
        for message in messages
        if message["role"] == "system" and not isinstance(message["content"], str)
        for block in message["content"]
    ]
    tools = [block["tool"] for block in blocks if block["type"] == "tool_addition"]
    return {tool["definition"]["name"] for tool in tools if tool["type"] == "tool_definition"}


def _told(query: object, found: list[ToolDefinition]) -> str:
    if not isinstance(query, str) or not query.strip():
        return NO_QUERY
    names = ", ".join(tool.exported_name for tool in found)
    return f"These tools can be called now: {names}" if names else NOTHING_FITS


def _result(call: Json, text: str, *, is_error: bool) -> Json:
    told = {"is_error": True} if is_error else {}
    return {"type": "tool_result", "tool_use_id": call["id"], "content": text, **told}
