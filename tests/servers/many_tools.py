"""An MCP server with more tools than one page; every complete listing is followed by a new tool.

Usage: python many_tools.py [stdio|http PORT|hang|die|endless|announce]
"""

import asyncio
import sys
import time
from typing import Any

import uvicorn
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged

N_TOOLS, PAGE = 25, 10


def _tool(n: int) -> types.Tool:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    return types.Tool(name=f"tool_{n}", description=f"Does thing {n}.", input_schema=schema)


class _Catalog:
    def __init__(self, mode: str, bus: InMemorySubscriptionBus) -> None:
        self._n_tools = N_TOOLS
        self._mode, self._bus = mode, bus
        self._tasks: list[asyncio.Task[None]] = []

    async def list_tools(self, context: Any, params: Any) -> types.ListToolsResult:
        start = int(params.cursor or 0) if params else 0
        end = min(start + PAGE, self._n_tools)
        is_last = end == self._n_tools
        if is_last and self._mode == "announce" and self._n_tools == N_TOOLS:
            self._tasks.append(asyncio.create_task(self._grow(context.session)))
        following = "0" if self._mode == "endless" else (None if is_last else str(end))
        return types.ListToolsResult(
            tools=[_tool(n) for n in range(start, end)],
            next_cursor=following,
            ttl_ms=0,
            cache_scope="private",
        )

    async def _grow(self, session: Any) -> None:
        await asyncio.sleep(0.05)
        self._n_tools += 1
        await self._bus.publish(ToolsListChanged())
        # Clients of older protocols are told unasked.
        await session.send_tool_list_changed()


def _server(mode: str) -> Server[Any]:
    bus = InMemorySubscriptionBus()
    catalog = _Catalog(mode, bus)
    return Server("many tools", on_list_tools=catalog.list_tools, on_subscriptions_listen=ListenHandler(bus))


async def _serve_stdio(mode: str) -> None:
    server = _server(mode)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    mode = sys.argv[1]
    if mode == "hang":
        time.sleep(600)
    if mode == "die":
        sys.exit(3)
    if mode == "http":
        uvicorn.run(_server(mode).streamable_http_app(), port=int(sys.argv[2]), log_level="warning")
    else:
        asyncio.run(_serve_stdio(mode))
