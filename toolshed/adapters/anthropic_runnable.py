"""Tools that the tool runner of the anthropic SDK calls. Needs the SDK."""

from typing import TYPE_CHECKING, Any, cast

from anthropic.lib.tools import (
    BetaAsyncBuiltinFunctionTool,
    BetaBuiltinFunctionTool,
    BetaFunctionToolResultType,
    ToolError,
)
from anthropic.types.beta import BetaToolUnionParam

if TYPE_CHECKING:
    from toolshed.adapters.anthropic_tool_search import AnthropicToolSearch


class RunnableTool(BetaBuiltinFunctionTool):
    """One tool of a search, or the search itself."""

    def __init__(self, search: "AnthropicToolSearch", tool: dict[str, Any]) -> None:
        self._search, self._tool = search, tool

    def to_dict(self) -> BetaToolUnionParam:
        """What is sent."""
        return cast(BetaToolUnionParam, self._tool)

    def call(self, input: object) -> BetaFunctionToolResultType:  # noqa: A002  # the SDK's signature
        """Answer a call."""
        return _told(*self._search.content_of(self._tool["name"], input))


class AsyncRunnableTool(BetaAsyncBuiltinFunctionTool):
    """The same for asynchronous programs."""

    def __init__(self, search: "AnthropicToolSearch", tool: dict[str, Any]) -> None:
        self._search, self._tool = search, tool

    def to_dict(self) -> BetaToolUnionParam:
        """What is sent."""
        return cast(BetaToolUnionParam, self._tool)

    async def call(self, input: object) -> BetaFunctionToolResultType:  # noqa: A002  # the SDK's signature
        """Answer a call."""
        return _told(*await self._search.acontent_of(self._tool["name"], input))


def _told(content: Any, is_error: bool) -> BetaFunctionToolResultType:
    if is_error:
        raise ToolError(content)
    return cast(BetaFunctionToolResultType, content)
