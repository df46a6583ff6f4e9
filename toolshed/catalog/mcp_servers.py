"""Tools of MCP servers, over stdio and streamable HTTP, with the official SDK."""

import asyncio
import contextlib
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from toolshed.catalog.definitions import Catalog, collect, define_tool, source_name
from toolshed.errors import ConfigurationError, SourceError, ToolshedError
from toolshed.types import ToolDefinition

_MAX_PAGES = 1_000

OnChange = Callable[[Catalog], Awaitable[None]]


def read_mcp_server(address: str, *, source: str | None = None, timeout_seconds: float = 30.0) -> Catalog:
    """List the tools of an MCP server, all pages.

    Args:
        address: ``mcp+stdio:COMMAND ARG...``, or ``mcp+http://...`` / ``mcp+https://...``.
        source: Name of the source; the server's own name when not given.
        timeout_seconds: Longest wait for the server to start and list everything.

    Raises:
        SourceError: If it cannot be started or reached, or does not answer in time.
        ConfigurationError: If the ``mcp`` extra is missing.
    """
    return asyncio.run(list_mcp_tools(address, source=source, timeout_seconds=timeout_seconds))


async def list_mcp_tools(
    address: str, *, source: str | None = None, timeout_seconds: float = 30.0
) -> Catalog:
    """The same as :func:`read_mcp_server`, inside a running event loop."""
    try:
        async with asyncio.timeout(timeout_seconds), AsyncExitStack() as stack:
            client = await stack.enter_async_context(_client(address))
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
    address: str, on_change: OnChange, *, source: str | None = None, poll_seconds: float = 300.0
) -> None:
    """Call ``on_change`` with the catalog now and whenever the server says its list changed.

    Servers that never announce changes are asked again every ``poll_seconds``. Runs until cancelled.

    Raises:
        SourceError: If the server goes away.
    """
    changed = asyncio.Event()

    async def note_change(message: Any) -> None:  # Any: the SDK's union of messages
        if type(getattr(message, "root", message)).__name__ == "ToolListChangedNotification":
            changed.set()

    try:
        async with _client(address, message_handler=note_change) as client, _listening(client, changed):
            while True:
                changed.clear()
                await on_change(await _list_all(client, source))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), poll_seconds)
    except ToolshedError:
        raise
    # Broad: see list_mcp_tools.
    except Exception as error:
        raise SourceError(f"the MCP server {address!r} went away: {_innermost(error)}") from error


@contextlib.asynccontextmanager
async def _listening(client: Any, changed: asyncio.Event) -> AsyncIterator[None]:
    """Set ``changed`` at every announcement, where server and protocol (2026-07-28) have streams of them.

    Older protocols send notifications unasked; servers without either are polled.
    """
    from mcp import MCPError
    from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost

    async with AsyncExitStack() as stack:
        try:
            events = await stack.enter_async_context(client.listen(tools_list_changed=True))
        except (ListenNotSupportedError, MCPError):
            yield
            return

        async def forward() -> None:
            with contextlib.suppress(SubscriptionLost):
                async for _ in events:
                    changed.set()
            # The stream is gone: asking again shows whether the server is.
            changed.set()

        task = asyncio.create_task(forward())
        try:
            yield
        finally:
            task.cancel()


def _client(address: str, **options: Any) -> Any:
    # Any: the mcp package is an optional dependency.
    try:
        from mcp import Client, StdioServerParameters
    except ImportError as error:
        raise ConfigurationError("mcp is not installed; run pip install 'toolshed-kb[mcp]'") from error
    scheme, _, rest = address.partition(":")
    if scheme == "mcp+stdio":
        command = shlex.split(rest)
        if not command:
            raise SourceError(f"{address!r} names no command; write for instance 'mcp+stdio:mcp-server-git'")
        return Client(StdioServerParameters(command=command[0], args=command[1:]), **options)
    if scheme in ("mcp+http", "mcp+https"):
        return Client(address.removeprefix("mcp+"), **options)
    raise SourceError(f"{address!r} is no MCP server; write mcp+stdio:COMMAND or mcp+http://HOST/mcp")


async def _list_all(client: Any, source: str | None) -> Catalog:
    tools: list[Any] = []
    cursor: str | None = None
    for _ in range(_MAX_PAGES):
        page = await client.list_tools(cursor=cursor, cache_mode="bypass")
        tools.extend(page.tools)
        cursor = page.next_cursor
        if not cursor:
            break
    else:
        raise SourceError(f"the MCP server lists more than {_MAX_PAGES} pages of tools; it may be looping")
    info = client.server_info
    name = source or source_name(str(info.name if info else "mcp"))
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
