"""Tools for LangChain, which call back."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from toolshed.errors import missing_extra
from toolshed.post_retrieval.equip.argument_keys import PLAIN_KEYS
from toolshed.post_retrieval.equip.exported_tool import Exportable, ExportedTool, exported_tools
from toolshed.waiting import wait_for

# Called with the id of a tool and its arguments, as the tool names them; may be a coroutine function.
Call = Callable[[str, Any], Any]


def to_langchain(tools: Iterable[Exportable], call: Call) -> list[Any]:
    """LangChain tools; ``call(tool_id, arguments)`` runs one, and may be a coroutine function.

    ``call`` gets the tool's own argument names, whatever they are called in the schema.

    Raises:
        ConfigurationError: If langchain-core is not installed.
    """
    try:
        from toolshed.post_retrieval.equip.langchain_tool import CallingTool
    except ImportError as error:
        raise missing_extra("langchain-core", "langchain") from error
    return [
        CallingTool(
            name=tool.name,
            description=tool.description or tool.definition.title or tool.definition.name,
            args_schema=tool.schema,
            func=_blocking(call, tool),
            coroutine=_awaited(call, tool),
            metadata={"tool_id": tool.definition.tool_id},
        )
        for tool in exported_tools(tools, PLAIN_KEYS)
    ]


def _blocking(call: Call, tool: ExportedTool) -> Callable[[dict[str, Any]], Any]:
    def run(arguments: dict[str, Any]) -> Any:
        result = call(tool.definition.tool_id, tool.keys.original(arguments))
        return wait_for(_value(result)) if inspect.isawaitable(result) else result

    return run


def _awaited(call: Call, tool: ExportedTool) -> Callable[[dict[str, Any]], Awaitable[Any]]:
    async def run(arguments: dict[str, Any]) -> Any:
        given = tool.definition.tool_id, tool.keys.original(arguments)
        # A call that may block stays off the event loop.
        result = call(*given) if inspect.iscoroutinefunction(call) else await asyncio.to_thread(call, *given)
        return await result if inspect.isawaitable(result) else result

    return run


async def _value(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
