"""Connections to MCP servers, with either major version of the official SDK: ``mcp>=1.20,<3``.

Many agent frameworks still ask for ``mcp<2``, and both versions cannot be installed side by side.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import httpx

from toolshed.catalog.addresses import addresses_at
from toolshed.catalog.mcp_configs import ServerConfig, server_at
from toolshed.catalog.mcp_http import bounded_client
from toolshed.catalog.mcp_limits import Deadlines, Noise, Received, ServerFaultError
from toolshed.catalog.mcp_logs import hide_in_logs
from toolshed.catalog.mcp_oauth import flow_for
from toolshed.catalog.secrets import masked
from toolshed.dialogues import CANCELLED, Ask, Dialogue
from toolshed.errors import ConfigurationError, ServerAnswerError, SourceError, ToolshedError, missing_extra
from toolshed.types import JsonObject

_OLDEST, _TOO_NEW = (1, 20), (3,)
_CLOSED_CODE = -32_000
# How an error says so.
UNAUTHORIZED = "it wants credentials"


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """What a server says of itself; any of it may be empty.

    Attributes:
        name: Its name for programs.
        title: Its name for people.
        instructions: What it is for, told to models.
    """

    name: str = ""
    title: str = ""
    instructions: str = ""


class ToolPage(NamedTuple):
    """Some of a server's tools as they came, unchecked.

    Attributes:
        tools: What should be a list of objects.
        next_cursor: Where the next page begins.
        ttl_seconds: How long the list is good for, where the server says.
        is_private: Whether the list is for these credentials only.
    """

    tools: list[Any]
    next_cursor: str | None
    ttl_seconds: float | None = None
    is_private: bool = False


class Session(Protocol):
    """What a version of the SDK does; answers are JSON as it came."""

    identity: ServerIdentity

    async def list_tools(self, cursor: str | None) -> JsonObject:
        """Ask for a page of tools, never from a cache."""

    async def call_tool(
        self, name: str, arguments: JsonObject, meta: JsonObject | None, dialogue: Dialogue | None
    ) -> JsonObject:
        """Call a tool."""


@dataclass(slots=True)
class Asker:
    """Who answers what a server asks in the middle of a call.

    Attributes:
        ask: Of whoever calls just now; without anybody questions are cancelled.
    """

    ask: Ask | None = None

    async def answer(self, request: JsonObject) -> JsonObject:
        """The result of a request of the server."""
        return CANCELLED if self.ask is None else await self.ask(request)


class McpClient:
    """A connection to one server; made by :func:`connect`.

    Attributes:
        config: How the server is reached.
        server: What it says of itself.
    """

    def __init__(self, config: ServerConfig, session: Session, link: "Link") -> None:
        self.config, self.server = config, session.identity
        self._session, self._link = session, link

    @property
    def n_bytes(self) -> int:
        """Bytes that the server has sent."""
        return self._link.received.n_bytes

    @property
    def is_gone(self) -> bool:
        """Whether the connection failed, or the program at its other end has ended."""
        return bool(self._link.deadlines.failure or self._link.noise.ended or self.is_forgotten)

    @property
    def is_forgotten(self) -> bool:
        """Whether the server said that it knows the session no more, and did nothing."""
        return self._link.received.is_session_forgotten

    def within(self, seconds: float) -> AbstractAsyncContextManager[None]:
        """Wait for the server at most so long in all; errors as in :meth:`list_page`."""
        return self._link.waits(seconds)

    def set_at_end(self, event: asyncio.Event) -> None:
        """Set an event when the server, a program, sends no more."""
        self._link.received.on_end = event.set

    def error(self, reason: str) -> SourceError:
        """An error that names this server, without its secrets."""
        return self._link.error(reason)

    async def list_page(self, cursor: str | None = None) -> ToolPage:
        """List tools from ``cursor`` on, never from a cache.

        Raises:
            SourceError: If the server does not answer in time, refuses, or talks nonsense.
        """
        async with self._link.waits(self.config.timeout_seconds):
            answer = await self._session.list_tools(cursor)
        tools, following = answer.get("tools"), answer.get("nextCursor")
        if not isinstance(tools, list):
            raise self._link.error("it answers tools/list without a list of tools")
        if following is not None and not isinstance(following, str):
            raise self._link.error("it gives a cursor that is no text")
        ttl = answer.get("ttlMs")
        is_number = isinstance(ttl, int | float) and not isinstance(ttl, bool)
        good_for = float(ttl or 0) / 1_000 if is_number else 0.0
        return ToolPage(tools, following or None, good_for or None, answer.get("cacheScope") == "private")

    async def call_tool(
        self,
        name: str,
        arguments: JsonObject,
        *,
        timeout_seconds: float | None = None,
        meta: JsonObject | None = None,
        dialogue: Dialogue | None = None,
    ) -> JsonObject:
        """Call a tool; the answer as it came: ``content``, ``structuredContent``, ``isError``, ``_meta``.

        A server of the protocol of 2026 may answer ``resultType: input_required`` instead.

        Args:
            name: As the server spells it.
            arguments: Unchecked.
            timeout_seconds: Longest wait; that of the configuration when not given.
            meta: Goes along as ``_meta``.
            dialogue: Who is told of progress, and what is said to an earlier answer that asked something.

        Raises:
            ServerAnswerError: If the server answers with an error of the protocol.
            SourceError: If it does not answer in time, or is gone.
        """
        async with self._link.waits(timeout_seconds or self.config.timeout_seconds):
            return await self._session.call_tool(name, arguments, meta, dialogue)


class Link:
    """What both ends of a connection share: its limits, and how its failures are told."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.noise = Noise()
        self.deadlines = Deadlines()
        self.received = Received(self.deadlines.fail)
        self._secrets: set[str] = set()
        hide_in_logs(self)

    def hide(self, secret: str) -> None:
        """Show this in no message, besides the secrets of the configuration."""
        self._secrets.add(secret)

    def masked(self, text: str) -> str:
        """A text without what is to be hidden."""
        return masked(self.config.masked(text), self._secrets)

    @asynccontextmanager
    async def waits(self, seconds: float) -> AsyncIterator[None]:
        """Wait for the server at most so long.

        Raises:
            SourceError: What went wrong, with the last that the server wrote, and without its secrets.
        """
        try:
            async with self.deadlines.within(seconds):
                yield
        except ToolshedError:
            raise
        except TimeoutError:
            reason = str(self.deadlines.failure or f"it did not answer within {seconds:g} seconds")
            raise self.error(reason) from None
        # Broad: transports raise what their libraries raise, grouped by the SDK's task groups.
        except Exception as error:
            raise self.translated(error) from None

    def error(self, reason: str) -> SourceError:
        """An error that names the server."""
        return SourceError(self._told(reason))

    def translated(self, error: Exception) -> SourceError:
        """What an error of the SDK means."""
        if self.deadlines.failure:
            return self.error(str(self.deadlines.failure))
        first = _innermost(error)
        if isinstance(first, ServerFaultError | ToolshedError):
            return self.error(str(first))
        status = self.received.refused_with
        if status in (401, 403):
            return self.error(f"it answers with status {status}; {UNAUTHORIZED}: {_HOW_TO_GIVE_THEM}")
        answer = getattr(first, "error", None)
        code, message = getattr(answer, "code", None), getattr(answer, "message", None)
        if isinstance(code, int) and isinstance(message, str):
            if code == _CLOSED_CODE and "closed" in message.lower():
                return self.error("it closed the connection")
            if status is None:
                return ServerAnswerError(self._told(f"it answers with the error {code}: {message[:1_000]}"))
            return ServerAnswerError(self._told(f"it answers with status {status}: {message[:1_000]}"))
        if status is not None:
            return self.error(f"it answers with status {status}")
        return self.error(
            f"{type(first).__name__}: {str(first)[:1_000]}" if str(first) else type(first).__name__
        )

    def _told(self, reason: str) -> str:
        beside = self.noise.told(self.masked)
        name = repr(self.config.name or self.config.location)
        told = self.masked(f"the MCP server {name} failed: {reason}")
        return f"{told}; {beside}" if beside else told


_HOW_TO_GIVE_THEM = "give it headers or 'oauth' in an mcp.json"


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@asynccontextmanager
async def connect(
    server: str | ServerConfig, changed: asyncio.Event | None = None, *, asker: Asker | None = None
) -> AsyncIterator[McpClient]:
    """Connect to a server.

    Args:
        server: How it is reached, or where that is written; see
            :func:`~toolshed.catalog.mcp_configs.server_at`.
        changed: Set at every announcement that its list of tools changed; without it they are not asked for.
        asker: Answers what the server asks its user; without it, the server is told that nobody can.

    Raises:
        ForbiddenSourceError: If whoever named it may not reach it.
        SourceError: If it cannot be reached; with the last that it wrote.
        ConfigurationError: If the ``mcp`` extra is missing, or is of a version that we cannot speak to.
    """
    config = server_at(server) if isinstance(server, str) else server
    open_session = session_opener()
    await _check_reach(config)
    link = Link(config)
    raised: list[BaseException] = []
    try:
        async with AsyncExitStack() as stack:
            session = await _started(stack, link, open_session, changed, asker)
            try:
                yield McpClient(config, session, link)
            except BaseException as error:
                raised.append(error)
                raise
        # Some releases of the SDK keep what is raised within their transports to themselves.
        if raised:
            raise raised[0] if isinstance(raised[0], Exception) else link.error("it closed the connection")
    except ToolshedError:
        raise
    # The SDK's task groups wrap what is raised within them, ours and theirs.
    except Exception as error:
        if raised and isinstance(raised[0], Exception):
            raise raised[0] from None
        raise link.translated(error) from None


async def _check_reach(config: ServerConfig) -> None:
    """Refuse an address before the SDK is at work, which wraps errors; each request is checked again."""
    if not config.url:
        return
    try:
        await addresses_at(httpx.URL(config.url), config.reach)
    except httpx.InvalidURL as error:
        raise SourceError(f"{config.location[:200]!r} gives no URL of a server: {error}") from None
    except httpx.ConnectError:
        # What has no address fails where it is connected to.
        return


async def _started(
    stack: AsyncExitStack,
    link: "Link",
    open_session: Any,
    changed: asyncio.Event | None,
    asker: Asker | None,
) -> Session:
    seconds = link.config.timeout_seconds
    try:
        async with link.deadlines.within(seconds):
            session: Session = await stack.enter_async_context(open_session(link, changed, asker))
            return session
    # Told only after the unwinding: what the server wrote last comes with its end.
    except TimeoutError:
        reason = link.deadlines.failure or f"it did not answer within {seconds:g} seconds"
        raise ServerFaultError(str(reason)) from None


def session_opener() -> Any:
    """What opens a session with the SDK that is installed.

    Raises:
        ConfigurationError: If there is none, or one of a version that we cannot speak to.
    """
    if _major_version() >= 2:
        from toolshed.catalog.mcp_sdk2 import open_session as open_with_2

        return open_with_2
    from toolshed.catalog.mcp_sdk1 import open_session as open_with_1

    return open_with_1


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


def identity(name: Any, title: Any, instructions: Any) -> ServerIdentity:
    """What a server says of itself, where it is text."""
    said = (value if isinstance(value, str) else "" for value in (name, title, instructions))
    return ServerIdentity(*said)


def progress_callback(dialogue: Dialogue | None) -> Any:
    """What the SDK calls when a tool tells how far it is; None where nobody wants to know. Any: its type."""
    told = dialogue.on_progress if dialogue is not None else None
    if told is None:
        return None

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told(progress, total, message or "")

    return tell


def is_announcement(message: Any) -> bool:
    """Whether a message of the SDK says that the list of tools changed."""
    return type(getattr(message, "root", message)).__name__ == "ToolListChangedNotification"


def link_client(http: ModuleType, link: Link, *, headers: Mapping[str, str] | None = None) -> Any:
    """The HTTP client for a server, of httpx or httpx2; gets tokens where they are asked for."""
    flow = flow_for(link.config, link.hide, link.deadlines.wait_longer)
    return bounded_client(http, link.config, link.received, auth=flow, headers=headers)
