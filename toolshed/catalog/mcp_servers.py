"""Tools of MCP servers, over stdio and streamable HTTP, with the official SDK."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from toolshed.catalog.definitions import Catalog, collect, define_tool, source_name
from toolshed.catalog.mcp_clients import McpClient, connect
from toolshed.errors import SourceError, ToolshedError
from toolshed.types import ToolDefinition
from toolshed.waiting import wait_for

_MAX_PAGES = 1_000
# What a server may list, and how long it may take to start and do so.
_MAX_TOOLS = 100_000
_SECONDS = 30.0

OnChange = Callable[[Catalog], Awaitable[None]]


def read_mcp_server(address: str, *, source: str | None = None, timeout_seconds: float = _SECONDS) -> Catalog:
    """List the tools of an MCP server, all pages.

    Args:
        address: ``mcp+stdio:COMMAND ARG...``, or ``mcp+http://...`` / ``mcp+https://...``.
        source: Name of the source; the server's own name when not given.
        timeout_seconds: Longest wait for the server to start and list everything.

    Raises:
        SourceError: If it cannot be started or reached, or does not answer in time.
        ConfigurationError: If the ``mcp`` extra is missing, or is of a version that we cannot speak to.
    """
    return wait_for(list_mcp_tools(address, source=source, timeout_seconds=timeout_seconds))


async def list_mcp_tools(
    address: str, *, source: str | None = None, timeout_seconds: float = _SECONDS
) -> Catalog:
    """The same as :func:`read_mcp_server`, inside a running event loop."""
    try:
        async with asyncio.timeout(timeout_seconds), connect(address) as client:
            return await _list_all(client, source)
    except TimeoutError as error:
        raise SourceError(
            f"the MCP server {address!r} did not answer within {timeout_seconds:g} seconds; "
            "start it by hand to see what it waits for"
        ) from error
    except ToolshedError:
        raise
    # Broad: transports raise what their libraries raise, grouped by the SDK's task groups.
    except Exception as error:
        raise SourceError(
            f"the MCP server {address!r} failed: {_innermost(error)}; "
            "check that the command or URL starts a server by hand"
        ) from error


async def watch_mcp_server(
    address: str,
    on_change: OnChange,
    *,
    source: str | None = None,
    poll_seconds: float = 300.0,
    timeout_seconds: float = _SECONDS,
) -> None:
    """Call ``on_change`` with the catalog now and whenever the server says its list changed.

    Servers that never announce changes are asked again every ``poll_seconds``. Runs until cancelled.

    Raises:
        SourceError: If the server goes away, or takes longer than ``timeout_seconds`` to start or to list.
    """
    changed = asyncio.Event()
    try:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(timeout_seconds):
                client = await stack.enter_async_context(connect(address, changed))
            while True:
                changed.clear()
                async with asyncio.timeout(timeout_seconds):
                    catalog = await _list_all(client, source)
                await on_change(catalog)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), poll_seconds)
    except TimeoutError as error:
        raise SourceError(
            f"the MCP server {address!r} did not answer within {timeout_seconds:g} seconds"
        ) from error
    except ToolshedError:
        raise
    # Broad: see list_mcp_tools.
    except Exception as error:
        raise SourceError(f"the MCP server {address!r} went away: {_innermost(error)}") from error


async def _list_all(client: McpClient, source: str | None) -> Catalog:
    tools: list[Any] = []
    cursor: str | None = None
    for _ in range(_MAX_PAGES):
        page, cursor = await client.list_page(cursor)
        tools.extend(page)
        if not cursor:
            break
        if len(tools) > _MAX_TOOLS:
            raise SourceError(f"the MCP server lists more than {_MAX_TOOLS:,} tools; it may be looping")
    else:
        raise SourceError(f"the MCP server lists more than {_MAX_PAGES} pages of tools; it may be looping")
    name = source or source_name(client.server_name)
    return collect(name, ((f"tool {n}", _builder(tool, name)) for n, tool in enumerate(tools, start=1)))


def _builder(tool: Any, source: str) -> Callable[[], ToolDefinition]:
    listed = tool.model_dump(by_alias=True, exclude_none=True)
    return lambda: define_tool(
        listed.get("name"),
        listed.get("description") or listed.get("title"),
        listed.get("inputSchema"),
        source=source,
        output_schema=listed.get("outputSchema"),
        annotations=listed.get("annotations"),
    )


def _innermost(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
