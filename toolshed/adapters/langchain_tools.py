"""LangChain agents with the tools that their conversation needs: a middleware for ``create_agent``."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, NotRequired, Unpack

from toolshed.adapters.equipping import NOTHING_FITS, SEARCH_DESCRIPTION, SEARCH_NAME, AgentTools
from toolshed.adapters.langchain_calling import calling_tools
from toolshed.errors import ConfigurationError, missing_extra
from toolshed.intra_retrieval.follow_ups import in_context
from toolshed.options import SearchArguments, checked
from toolshed.shed.shed import Toolshed
from toolshed.shed.view import ShedView
from toolshed.types import ToolDefinition

try:
    from langchain.agents.middleware import AgentMiddleware, AgentState
    from langchain.agents.middleware.types import ModelRequest, ModelResponse
    from langchain.tools import ToolRuntime
    from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage
    from langchain_core.tools import StructuredTool
    from langgraph.prebuilt.tool_node import ToolCallRequest
    from langgraph.types import Command
except ModuleNotFoundError as missing:
    raise missing_extra(str(missing.name), "langchain") from missing

# Any: state and context of agents are whatever their authors make them.
Request = ModelRequest[Any]
Response = ModelResponse[Any]
Told = ToolMessage | Command[Any]
_log = logging.getLogger(__name__)


def _with_new(loaded: list[str], found: list[str]) -> list[str]:
    """What was loaded stays where it is; what is new goes behind it."""
    return list(dict.fromkeys([*loaded, *found]))


class EquippedState(AgentState[Any]):
    """State of an agent that is equipped by :class:`ToolshedMiddleware`.

    Attributes:
        toolshed_tools: Exported names of the tools that were loaded, in the order in which they were.
    """

    toolshed_tools: NotRequired[Annotated[list[str], _with_new]]


class ToolshedMiddleware(AgentMiddleware[EquippedState, Any, Any]):
    """Gives an agent the tools that its conversation needs, out of a knowledge base, and calls them.

    Every turn of the user is searched for; the model searches for more with ``search_tools``. Tools that
    were loaded stay in their order, behind the agent's own, and new ones go to the end, so that the
    provider's prompt cache holds. Beside :class:`~toolshed.BackboneMiddleware`, this one stands first.

    Args:
        shed: The knowledge base, or what a caller may see of it (``shed.seen_by``).
        k: Most tools of a search.
        max_tools: Most tools that a conversation loads; further ones are not offered.
        options: See :class:`~toolshed.options.SearchArguments`.

    Raises:
        ConfigurationError: If there is no option of a name, or ``max_tools`` is below ``k``.
        InvalidQueryError: If an option is out of range.
    """

    state_schema = EquippedState

    def __init__(
        self,
        shed: Toolshed | ShedView,
        k: int = 5,
        *,
        max_tools: int = 64,
        **options: Unpack[SearchArguments],
    ) -> None:
        super().__init__()
        if max_tools < k:
            raise ConfigurationError(f"max_tools is {max_tools}; it must be k, {k}, or more")
        self._source = AgentTools(shed, k, checked(SearchArguments, options, k=k))
        self._max_tools = max_tools
        self.tools = [
            StructuredTool.from_function(
                self._search, self._asearch, name=SEARCH_NAME, description=SEARCH_DESCRIPTION
            )
        ]

    def before_agent(self, state: EquippedState, runtime: Any) -> dict[str, Any] | None:  # noqa: ARG002  # its signature
        """Load the tools for what the user says now."""
        found = self._source.find(_asked(state["messages"]))
        return {"toolshed_tools": self._loaded(state, found)}

    async def abefore_agent(self, state: EquippedState, runtime: Any) -> dict[str, Any] | None:
        """Load the tools, searched in a worker thread."""
        return await asyncio.to_thread(self.before_agent, state, runtime)

    def wrap_model_call(self, request: Request, handler: Callable[[Request], Response]) -> Response:
        """Send the tools that are loaded."""
        return handler(self._equipped(request))

    async def awrap_model_call(
        self, request: Request, handler: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Send the tools that are loaded, read in a worker thread."""
        return await handler(await asyncio.to_thread(self._equipped, request))

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Told]) -> Told:
        """Run a tool that was loaded; those of the agent run as they would."""
        return handler(self._runnable(request))

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Told]]
    ) -> Told:
        """Run a tool that was loaded."""
        return await handler(await asyncio.to_thread(self._runnable, request))

    def _equipped(self, request: Request) -> Request:
        own = {tool["name"] if isinstance(tool, dict) and "name" in tool else getattr(tool, "name", "")
               for tool in request.tools}  # fmt: skip
        loaded = self._source.named(self._at_hand(request.state))
        for tool in loaded:
            if tool.exported_name in own:
                _log.warning("the agent has a tool %r; %s is left out", tool.exported_name, tool.tool_id)
        added = calling_tools(self._source, [tool for tool in loaded if tool.exported_name not in own])
        return request.override(tools=[*request.tools, *added])

    def _runnable(self, request: ToolCallRequest) -> ToolCallRequest:
        name = request.tool_call["name"]
        if request.tool is not None or name not in self._at_hand(request.state):
            return request
        tools = calling_tools(self._source, self._source.named([name]))
        return request.override(tool=tools[0]) if tools else request

    def _search(self, query: str, runtime: ToolRuntime) -> Command[Any]:
        loaded = self._loaded(runtime.state, found := self._source.find(query))
        at_hand = [tool.exported_name for tool in found if tool.exported_name in loaded]
        if found and not at_hand:
            told = f"There are {self._max_tools} tools already; make do with those."
        else:
            told = f"These tools can be called now: {', '.join(at_hand)}" if at_hand else NOTHING_FITS
        message = ToolMessage(told, tool_call_id=runtime.tool_call_id)
        return Command(update={"messages": [message], "toolshed_tools": loaded})

    async def _asearch(self, query: str, runtime: ToolRuntime) -> Command[Any]:
        return await asyncio.to_thread(self._search, query, runtime)

    def _at_hand(self, state: Any) -> list[str]:
        # Searches at the same time may each have loaded the last ones.
        names: list[str] = state.get("toolshed_tools", [])
        return names[: self._max_tools]

    def _loaded(self, state: Any, found: Sequence[ToolDefinition]) -> list[str]:
        names = _with_new(state.get("toolshed_tools", []), [tool.exported_name for tool in found])
        return names[: self._max_tools]


def _asked(messages: Sequence[AnyMessage]) -> str:
    """What the user says now, behind the turn that it goes on from where it does."""
    turns = [message.text for message in messages if isinstance(message, HumanMessage)]
    return in_context(turns[-1], turns[:-1]) if turns else ""
