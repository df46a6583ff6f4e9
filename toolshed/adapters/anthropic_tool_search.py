"""Anthropic's messages with a tool search of our own: deferred tools, and references to what was found.

All tools are sent with ``defer_loading``, so the model sees none of them and the prompt cache holds; what a
search returns as ``tool_reference`` is shown to it from there on.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from toolshed.adapters.equipping import (
    NO_QUERY,
    NOTHING_FITS,
    SEARCH_DESCRIPTION,
    SEARCH_NAME,
    SEARCH_PARAMETERS,
    AgentTools,
    ToolAnswer,
)
from toolshed.errors import ConfigurationError, missing_package
from toolshed.options import SearchArguments, checked
from toolshed.post_retrieval.equip import to_anthropic
from toolshed.shed.shed import Toolshed
from toolshed.shed.view import ShedView

if TYPE_CHECKING:
    from anthropic.lib.tools import BetaAsyncBuiltinFunctionTool, BetaBuiltinFunctionTool

Json = dict[str, Any]
# What Anthropic takes in a request.
_MAX_TOOLS = 10_000


class AnthropicToolSearch:
    """A tool search that runs here, for Anthropic's messages; one serves any number of conversations.

    The tools are read when it is made and stay the same, as prompt caches need; make another when the
    catalog has changed.

    Args:
        shed: The knowledge base, or what a caller may see of it (``shed.seen_by``).
        k: Most tools of a search.
        options: See :class:`~toolshed.options.SearchArguments`.

    Raises:
        ConfigurationError: If there is no option of a name, more tools than Anthropic takes, or one that is
            called as the search is.
        InvalidQueryError: If an option is out of range.
    """

    def __init__(self, shed: Toolshed | ShedView, k: int = 5, **options: Unpack[SearchArguments]) -> None:
        self._source = AgentTools(shed, k, checked(SearchArguments, options, k=k))
        tools = self._source.everything()
        if len(tools) > _MAX_TOOLS:
            raise ConfigurationError(
                f"there are {len(tools):,} tools, and Anthropic takes {_MAX_TOOLS:,} in a request; "
                "narrow them by shed.seen_by(), or load them by the gateway (docs/gateway.md)"
            )
        self._names = frozenset(tool.exported_name for tool in tools)
        if SEARCH_NAME in self._names:
            raise ConfigurationError(f"a tool is called {SEARCH_NAME!r}, as the search is; leave it out")
        search = {"name": SEARCH_NAME, "description": SEARCH_DESCRIPTION, "input_schema": SEARCH_PARAMETERS}
        self._tools = [search, *({**tool, "defer_loading": True} for tool in to_anthropic(tools))]

    @property
    def tools(self) -> list[Json]:
        """``tools`` of a request: the search, and all others deferred. Add your own as you like."""
        return list(self._tools)

    def results(self, content: Iterable[Any]) -> list[Json]:
        """The ``tool_result`` blocks for the calls in a message's content; those of your own tools are yours.

        Args:
            content: The blocks of the message, as the SDK or JSON gives them.
        """
        return [self._result(call) for call in self._calls(content)]

    async def aresults(self, content: Iterable[Any]) -> list[Json]:
        """See :meth:`results`; the calls run at the same time."""
        return list(await asyncio.gather(*(self._aresult(call) for call in self._calls(content))))

    def runnable(self) -> "Sequence[BetaBuiltinFunctionTool]":
        """The same tools for ``client.beta.messages.tool_runner``, which calls them by itself.

        Raises:
            ConfigurationError: If the anthropic SDK is not installed.
        """
        return [_runnable_classes()[0](self, tool) for tool in self._tools]

    def arunnable(self) -> "Sequence[BetaAsyncBuiltinFunctionTool]":
        """See :meth:`runnable`, for ``AsyncAnthropic``."""
        return [_runnable_classes()[1](self, tool) for tool in self._tools]

    def content_of(self, name: str, given: object) -> tuple[str | list[Json], bool]:
        """The content that answers a call, and whether it is an error."""
        if name == SEARCH_NAME:
            return self._references(given)
        answer = self._source.run(name, given)
        return answer.text, answer.is_error

    async def acontent_of(self, name: str, given: object) -> tuple[str | list[Json], bool]:
        """See :meth:`content_of`."""
        if name == SEARCH_NAME:
            return await asyncio.to_thread(self._references, given)
        answer: ToolAnswer = await self._source.arun(name, given)
        return answer.text, answer.is_error

    def _references(self, given: object) -> tuple[str | list[Json], bool]:
        query = given.get("query") if isinstance(given, dict) else None
        if not isinstance(query, str) or not query.strip():
            return NO_QUERY, True
        # A reference to what was not sent would have the request refused.
        names = [tool.exported_name for tool in self._source.find(query) if tool.exported_name in self._names]
        return [{"type": "tool_reference", "tool_name": name} for name in names] or NOTHING_FITS, False

    def _calls(self, content: Iterable[Any]) -> list[Json]:
        blocks = [block if isinstance(block, dict) else block.model_dump() for block in content]
        ours = {SEARCH_NAME, *self._names}
        return [block for block in blocks if block["type"] == "tool_use" and block["name"] in ours]

    def _result(self, call: Json) -> Json:
        return _block(call, *self.content_of(call["name"], call["input"]))

    async def _aresult(self, call: Json) -> Json:
        return _block(call, *await self.acontent_of(call["name"], call["input"]))


def _block(call: Json, content: str | list[Json], is_error: bool) -> Json:
    told = {"is_error": True} if is_error else {}
    return {"type": "tool_result", "tool_use_id": call["id"], "content": content, **told}


def _runnable_classes() -> tuple[Any, Any]:
    try:
        from toolshed.adapters.anthropic_runnable import AsyncRunnableTool, RunnableTool
    except ModuleNotFoundError as error:
        raise missing_package(str(error.name)) from error
    return RunnableTool, AsyncRunnableTool
