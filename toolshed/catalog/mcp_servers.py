"""Tools of MCP servers, over stdio, streamable HTTP and SSE, with the official SDK."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any, Protocol

from toolshed.catalog.definitions import Catalog, collect, define_tool, source_name
from toolshed.catalog.mcp_clients import McpClient, ServerIdentity, connect, session_opener
from toolshed.catalog.mcp_configs import ServerConfig, server_at
from toolshed.catalog.reach import LOCAL, Reach
from toolshed.errors import InvalidToolError, SourceError
from toolshed.types import ToolDefinition
from toolshed.waiting import wait_for

_MAX_PAGES = 1_000
# What a server may list, in tools and in bytes.
_MAX_TOOLS, _MAX_BYTES = 100_000, 256 * 2**20
_MAX_INSTRUCTIONS = 200_000
# Bounds of what a server says about how long its list is good for; the SDK caps at a day too.
_SHORTEST_POLL, _LONGEST_POLL = 1.0, 86_400.0

# Servers that start at once; each may be a program of its own.
_AT_ONCE = 32


class NamedServer(Protocol):
    """Where a server is, and what its source shall be called."""

    @property
    def location(self) -> str:
        """See :func:`~toolshed.catalog.mcp_configs.server_at`."""

    @property
    def name(self) -> str | None:
        """Found out when not given."""


OnChange = Callable[[Catalog], Awaitable[None]]


def read_mcp_server(
    address: str | ServerConfig,
    *,
    source: str | None = None,
    timeout_seconds: float | None = None,
    headers: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    reach: Reach = LOCAL,
) -> Catalog:
    """List the tools of an MCP server, all pages.

    Args:
        address: ``mcp+stdio:COMMAND ARG...``, ``mcp+http://...``, ``mcp+https://...``,
            ``mcp+sse:https://...``, or ``PATH/mcp.json#NAME``; ``${VARIABLE}`` is filled in. A program sees
            the variables of its caller, those of Toolshed apart.
        source: Name of the source; the name in the file, or the server's own, when not given.
        timeout_seconds: Longest wait for the server to start and list everything; what the file says, or 30.
        headers: Sent with each request, besides those of a file.
        env: Variables for the program, besides.
        reach: What whoever named it may reach.

    Raises:
        ForbiddenSourceError: If he may not reach it.
        SourceError: If it cannot be started or reached, or does not answer in time.
        ConfigurationError: If the ``mcp`` extra is missing, or is of a version that we cannot speak to.
    """
    config = server_at(address, reach=reach) if isinstance(address, str) else address
    config = config.with_credentials(environment=env, headers=headers, timeout_seconds=timeout_seconds)
    return wait_for(list_mcp_tools(config, source=source))


def read_mcp_servers(
    servers: Sequence[NamedServer], *, timeout_seconds: float | None = None, reach: Reach = LOCAL
) -> list[Catalog]:
    """List the tools of several servers, side by side; of one that fails, its catalog says why.

    Raises:
        ConfigurationError: If the ``mcp`` extra is missing, or is of a version that we cannot speak to.
    """
    return wait_for(_list_side_by_side(servers, timeout_seconds, reach))


async def _list_side_by_side(
    servers: Sequence[NamedServer], timeout_seconds: float | None, reach: Reach
) -> list[Catalog]:
    session_opener()
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def read(server: NamedServer) -> Catalog:
        async with at_once:
            try:
                return await list_mcp_tools(
                    server.location, source=server.name, timeout_seconds=timeout_seconds, reach=reach
                )
            except SourceError as error:
                return Catalog(server.name or "", (), location=server.location, failure=str(error))

    return list(await asyncio.gather(*map(read, servers)))


async def list_mcp_tools(
    address: str | ServerConfig,
    *,
    source: str | None = None,
    timeout_seconds: float | None = None,
    reach: Reach = LOCAL,
) -> Catalog:
    """The same as :func:`read_mcp_server`, inside a running event loop."""
    config = server_at(address, reach=reach) if isinstance(address, str) else address
    config = config.with_credentials(timeout_seconds=timeout_seconds)
    changed = asyncio.Event()
    async with connect(config, changed) as client, client.within(config.timeout_seconds):
        return (await _list_consistently(client, source, changed)).catalog


async def watch_mcp_server(
    address: str | ServerConfig,
    on_change: OnChange,
    *,
    source: str | None = None,
    poll_seconds: float = 300.0,
    timeout_seconds: float | None = None,
    reach: Reach = LOCAL,
) -> None:
    """Call ``on_change`` with the catalog now and whenever the server says its list changed.

    Servers that never announce changes are asked again when their list is no longer good, as they say, and
    every ``poll_seconds`` where they do not say. Runs until cancelled.

    Raises:
        SourceError: If the server goes away, or takes longer than ``timeout_seconds`` to start or to list.
    """
    config = server_at(address, reach=reach) if isinstance(address, str) else address
    config = config.with_credentials(timeout_seconds=timeout_seconds)
    changed = asyncio.Event()
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(connect(config, changed))
        # Asking again then shows that it is gone.
        client.set_at_end(changed)
        while True:
            async with client.within(config.timeout_seconds):
                listed = await _list_consistently(client, source, changed)
            await on_change(listed.catalog)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), listed.good_for_seconds or poll_seconds)


@dataclass(frozen=True, slots=True)
class _Listed:
    catalog: Catalog
    good_for_seconds: float | None


async def _list_consistently(client: McpClient, source: str | None, changed: asyncio.Event) -> _Listed:
    """List all pages, and once more when the list changed meanwhile."""
    changed.clear()
    listed = await _list_all(client, source)
    if changed.is_set():
        changed.clear()
        listed = await _list_all(client, source)
    return listed


async def _list_all(client: McpClient, source: str | None) -> _Listed:
    tools: list[Any] = []
    cursors: set[str] = set()
    cursor: str | None = None
    ttls: list[float] = []
    is_private = False
    received = client.n_bytes
    while True:
        page = await client.list_page(cursor)
        tools.extend(page.tools)
        is_private |= page.is_private
        ttls += [] if page.ttl_seconds is None else [page.ttl_seconds]
        cursor = page.next_cursor
        if not cursor:
            break
        if cursor in cursors:
            raise client.error(f"it lists the page {cursor[:80]!r} twice; its list of tools is looping")
        cursors.add(cursor)
        _check_bounds(client, len(tools), len(cursors), client.n_bytes - received)
    good_for = min(max(min(ttls), _SHORTEST_POLL), _LONGEST_POLL) if ttls else None
    return _Listed(_catalog(client, tools, source, is_private=is_private), good_for)


def _check_bounds(client: McpClient, n_tools: int, n_pages: int, n_bytes: int) -> None:
    for n, most, what in ((n_tools, _MAX_TOOLS, "tools"), (n_pages, _MAX_PAGES, "pages of tools")):
        if n > most:
            raise client.error(f"it lists more than {most:,} {what}; it may be looping")
    if n_bytes > _MAX_BYTES:
        raise client.error(f"it lists more than {_MAX_BYTES // 2**20} MB of tools")


def _catalog(client: McpClient, tools: list[Any], source: str | None, *, is_private: bool) -> Catalog:
    server = client.server
    name = source or source_name(client.config.name or server.name or "mcp")
    by_name: dict[str, Any] = {}
    builders = (
        (_position(tool, n), _Builder(tool, name, server, by_name, is_private=is_private))
        for n, tool in enumerate(tools, start=1)
    )
    return replace(collect(name, builders), location=client.config.location)


def _position(tool: Any, number: int) -> str:
    name = tool.get("name") if isinstance(tool, dict) else None
    shown = "".join(c if c.isprintable() else " " for c in name[:80]) if isinstance(name, str) else ""
    return f"tool {number} ({shown!r})" if shown else f"tool {number}"


class _Builder:
    """Builds one definition when called, so that errors are caught tool by tool."""

    def __init__(
        self, tool: Any, source: str, server: ServerIdentity, by_name: dict[str, Any], *, is_private: bool
    ) -> None:
        self._tool, self._source, self._server, self._is_private = tool, source, server, is_private
        self._by_name = by_name

    def __call__(self) -> ToolDefinition:
        tool = self._tool
        if not isinstance(tool, dict):
            raise InvalidToolError(f"expected an object, found {type(tool).__name__}")
        name = tool.get("name")
        # Calls go by the name alone.
        if isinstance(name, str) and self._by_name.setdefault(name, tool) != tool:
            raise InvalidToolError("a second tool of this name, which no call could reach")
        annotations = tool.get("annotations") or {}
        title = tool.get("title")
        if not title and isinstance(annotations, dict):
            title = annotations.get("title")
        return define_tool(
            name,
            tool.get("description"),
            _input_schema(tool),
            source=self._source,
            output_schema=tool.get("outputSchema"),
            annotations=annotations,
            title=title,
            service=self._server.title or self._server.name,
            service_description=self._server.instructions[:_MAX_INSTRUCTIONS],
            binding={"kind": "mcp"},
            extras=self._extras(),
        )

    def _extras(self) -> dict[str, Any]:
        said = {key: self._tool[key] for key in ("icons", "_meta", "execution") if self._tool.get(key)}
        # For whoever hands lists on: this one is for the credentials that it was read with.
        return said | ({"cacheScope": "private"} if self._is_private else {})


def _input_schema(tool: dict[str, Any]) -> Any:
    """The schema of the arguments, which the protocol wants of every tool, and of objects."""
    schema = tool.get("inputSchema")
    if not isinstance(schema, dict):
        found = "none" if schema is None else type(schema).__name__
        raise InvalidToolError(
            f"its 'inputSchema' must be an object, found {found}; the tool cannot be called"
        )
    if schema.get("type", "object") != "object":
        raise InvalidToolError(f"its 'inputSchema' is of type {str(schema['type'])[:80]!r}, not of objects")
    return schema
