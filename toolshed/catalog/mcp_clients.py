"""Connections to MCP servers, with either major version of the official SDK: ``mcp>=1.20,<3``.

Many agent frameworks still ask for ``mcp<2``, and both versions cannot be installed side by side.
"""

import asyncio
import contextlib
import re
import shlex
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any, NamedTuple, Protocol

import httpx

from toolshed.catalog.addresses import is_at_origin
from toolshed.errors import ConfigurationError, SourceError, missing_extra

_OLDEST, _TOO_NEW = (1, 20), (3,)
# As the SDK has them: servers hold streams of announcements open.
_SECONDS, _STREAM_SECONDS = 30.0, 300.0


class ToolPage(NamedTuple):
    """Some of a server's tools as the SDK gives them, and where the next page begins."""

    tools: list[Any]
    next_cursor: str | None


class McpClient(Protocol):
    """A connection to one server."""

    @property
    def server_name(self) -> str:
        """What the server calls itself."""

    async def list_page(self, cursor: str | None) -> ToolPage:
        """List tools from ``cursor`` on, never from a cache."""


def connect(address: str, changed: asyncio.Event | None = None) -> AbstractAsyncContextManager[McpClient]:
    """Connect to a server; ``changed`` is set at every announcement that its list of tools changed.

    Args:
        address: ``mcp+stdio:COMMAND ARG...``, or ``mcp+http://...`` / ``mcp+https://...``.
        changed: Where to note announcements; without it they are not asked for.

    Raises:
        SourceError: If the address is none of an MCP server.
        ConfigurationError: If the ``mcp`` extra is missing, or is of a version that we cannot speak to.
    """
    connect_with = _connect_with_2 if _major_version() >= 2 else _connect_with_1
    scheme, _, rest = address.partition(":")
    if scheme in ("mcp+http", "mcp+https"):
        return connect_with(address.removeprefix("mcp+"), changed)
    if scheme != "mcp+stdio":
        raise SourceError(f"{address!r} is no MCP server; write mcp+stdio:COMMAND or mcp+http://HOST/mcp")
    command = shlex.split(rest)
    if not command:
        raise SourceError(f"{address!r} names no command; write for instance 'mcp+stdio:mcp-server-git'")
    return connect_with(command, changed)


def _major_version() -> int:
    try:
        import mcp  # noqa: F401  # to see whether all that it needs is there

        installed = version("mcp")
    except ModuleNotFoundError as error:
        if error.name != "mcp":
            raise ConfigurationError(
                f"mcp is installed, but {error.name}, which it needs, is not; install mcp again"
            ) from error
        raise missing_extra("mcp", "mcp") from error
    # Releases only: "2.0b1" counts as 2.0.
    parts = tuple(map(int, re.findall(r"\d+", installed)[:2]))
    if not _OLDEST <= parts < _TOO_NEW:
        raise ConfigurationError(
            f"mcp {installed} is installed, and MCP servers are read with 1.20 up to 2.x; "
            "run: pip install 'mcp>=1.20,<3'"
        )
    return parts[0]


# Any: the mcp package is an optional dependency, here and below, and its types differ by version.
def _note_change(changed: asyncio.Event | None) -> Any:
    async def note(message: Any) -> None:
        if changed and type(getattr(message, "root", message)).__name__ == "ToolListChangedNotification":
            changed.set()

    return note


class _ClientOf1(NamedTuple):
    session: Any
    server_name: str

    async def list_page(self, cursor: str | None) -> ToolPage:
        from mcp.types import PaginatedRequestParams

        page = await self.session.list_tools(params=PaginatedRequestParams(cursor=cursor) if cursor else None)
        return ToolPage(page.tools, page.nextCursor)


def _client_within_origin(target: str, **given: Any) -> httpx.AsyncClient:
    """A client that follows redirects where the second version of the SDK does, as ``/mcp`` to ``/mcp/``.

    That of the first follows them to any host, with headers and messages.
    """

    async def refuse_elsewhere(request: httpx.Request) -> None:
        if not is_at_origin(request.url, httpx.URL(target)):
            raise SourceError(
                f"{target!r} redirects to {str(request.url)[:200]!r}; give that URL if you trust it"
            )

    given["timeout"] = given.get("timeout") or httpx.Timeout(_SECONDS, read=_STREAM_SECONDS)
    return httpx.AsyncClient(**given, follow_redirects=True, event_hooks={"request": [refuse_elsewhere]})


@asynccontextmanager
async def _connect_with_1(target: str | list[str], changed: asyncio.Event | None) -> AsyncIterator[McpClient]:
    from mcp import ClientSession, StdioServerParameters
    from mcp.client import streamable_http
    from mcp.client.stdio import stdio_client

    names: Any = streamable_http
    async with AsyncExitStack() as stack:
        if isinstance(target, str) and hasattr(names, "streamable_http_client"):
            client = await stack.enter_async_context(_client_within_origin(target))
            streams = await stack.enter_async_context(
                names.streamable_http_client(target, http_client=client)
            )
        elif isinstance(target, str):
            # Its name before 1.24.
            at_origin = partial(_client_within_origin, target)
            streams = await stack.enter_async_context(
                names.streamablehttp_client(target, httpx_client_factory=at_origin)
            )
        else:
            parameters = StdioServerParameters(command=target[0], args=target[1:])
            streams = await stack.enter_async_context(stdio_client(parameters))
        session: Any = await stack.enter_async_context(
            ClientSession(streams[0], streams[1], message_handler=_note_change(changed))
        )
        server = (await session.initialize()).serverInfo
        yield _ClientOf1(session, str(server.name))


class _ClientOf2(NamedTuple):
    client: Any

    @property
    def server_name(self) -> str:
        info = self.client.server_info
        return str(info.name if info else "mcp")

    async def list_page(self, cursor: str | None) -> ToolPage:
        page = await self.client.list_tools(cursor=cursor, cache_mode="bypass")
        return ToolPage(page.tools, page.next_cursor)


@asynccontextmanager
async def _connect_with_2(target: str | list[str], changed: asyncio.Event | None) -> AsyncIterator[McpClient]:
    from mcp import Client, StdioServerParameters

    server = target if isinstance(target, str) else StdioServerParameters(command=target[0], args=target[1:])
    async with Client(server, message_handler=_note_change(changed)) as client:
        if changed is None:
            yield _ClientOf2(client)
        else:
            async with _listening(client, changed):
                yield _ClientOf2(client)


@asynccontextmanager
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
