"""Sessions with MCP servers, kept open between calls; all of it lives on one event loop."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from toolshed.catalog.mcp_clients import UNAUTHORIZED, Asker, McpClient, connect
from toolshed.catalog.mcp_configs import ServerConfig
from toolshed.dialogues import Dialogue
from toolshed.errors import (
    ForbiddenAddressError,
    ForbiddenSourceError,
    LostConnectionError,
    MissingCredentialsError,
    ServerAnswerError,
    SourceError,
    ToolCallError,
    ToolshedError,
)
from toolshed.types import JsonObject

_IDLE_SECONDS = 300.0
# Servers that are connected at once; the one that was used longest ago makes room.
_MAX_SESSIONS = 64
# What closing waits for: a program gets a second to end, is asked for two, and is then killed.
_CLOSE_SECONDS = 6.0
# A server that answered nothing to so many calls one after the other is started anew.
_MAX_SILENT = 2


class McpSessions:
    """Connections by server and credentials.

    Args:
        idle_seconds: How long one is kept after its last call.
    """

    def __init__(self, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._kept: dict[str, _Kept] = {}
        self._n_own = 0

    async def call(
        self,
        config: ServerConfig,
        name: str,
        arguments: JsonObject,
        *,
        is_repeatable: bool,
        dialogue: Dialogue | None = None,
    ) -> JsonObject:
        """Call a tool; the answer as it came.

        Asked again, once and over a new session, where the server cannot have acted, or where acting twice
        is as good as once.

        Args:
            config: How the server is reached, credentials included.
            name: The tool, as the server spells it.
            arguments: Its arguments.
            is_repeatable: Whether calling it twice does no more than calling it once.
            dialogue: How the caller takes part. One who can be asked has a session to himself for the time.

        Raises:
            ServerAnswerError: If the server answers with an error of the protocol.
            LostConnectionError: If it cannot be reached, or is gone before it answers.
        """
        try:
            return await self._call(config, name, arguments, dialogue)
        except _ForgottenError:
            pass
        except LostConnectionError as error:
            if not (error.may_have_acted and is_repeatable):
                raise
        try:
            return await self._call(config, name, arguments, dialogue)
        except _ForgottenError as error:
            raise LostConnectionError(str(error)) from None

    async def _call(
        self, config: ServerConfig, name: str, arguments: JsonObject, dialogue: Dialogue | None
    ) -> JsonObject:
        async with self._session(config, dialogue) as kept:
            client = await kept.client()
            try:
                answer = await client.call_tool(name, arguments, timeout_seconds=_FOR_EVER, dialogue=dialogue)
            except ServerAnswerError as error:
                kept.n_silent = 0
                if client.is_forgotten:
                    self._drop(kept)
                    raise _ForgottenError(str(error)) from None
                raise
            except SourceError as error:
                self._drop(kept)
                raise _lost(error, may_have_acted=True) from None
            except asyncio.CancelledError:
                kept.n_silent += 1
                if kept.n_silent >= _MAX_SILENT:
                    self._drop(kept)
                raise
            kept.n_silent = 0
            return answer

    @asynccontextmanager
    async def _session(self, config: ServerConfig, dialogue: Dialogue | None) -> "AsyncIterator[_Kept]":
        asks = dialogue is not None and dialogue.ask is not None
        kept = self._own(config) if asks else self._shared(config)
        kept.begin()
        kept.asker.ask = dialogue.ask if dialogue is not None else None
        try:
            yield kept
        finally:
            kept.asker.ask = None
            kept.end(self._idle_seconds, lambda: self._drop(kept))

    def _shared(self, config: ServerConfig) -> "_Kept":
        """A session that several calls may use at once."""
        key = _key(config)
        kept = self._kept.get(key)
        if kept is None or kept.is_over:
            self._make_room()
            kept = self._kept[key] = _Kept(key, config)
        return kept

    def _own(self, config: ServerConfig) -> "_Kept":
        """A session that no other call is using: what is asked over it is asked for this one."""
        prefix = _key(config) + "+"
        for kept in self._kept.values():
            if kept.key.startswith(prefix) and not kept.n_running and not kept.is_over:
                return kept
        self._make_room()
        self._n_own += 1
        kept = self._kept[f"{prefix}{self._n_own}"] = _Kept(f"{prefix}{self._n_own}", config, can_ask=True)
        return kept

    def _make_room(self) -> None:
        for kept in [kept for kept in self._kept.values() if kept.is_over]:
            self._drop(kept)
        idle = sorted(
            (kept for kept in self._kept.values() if not kept.n_running), key=lambda kept: kept.used
        )
        for kept in idle[: max(0, len(self._kept) - _MAX_SESSIONS + 1)]:
            self._drop(kept)
        if len(self._kept) >= _MAX_SESSIONS:
            raise ToolCallError(
                f"{_MAX_SESSIONS} MCP servers are being called at once; wait for one to answer"
            )

    def _drop(self, kept: "_Kept") -> None:
        kept.stop.set()
        if self._kept.get(kept.key) is kept:
            del self._kept[kept.key]
        _leaving.add(kept.task)
        kept.task.add_done_callback(_leaving.discard)

    async def close(self) -> None:
        """End all sessions, and the programs that were started for them."""
        for kept in [*self._kept.values()]:
            self._drop(kept)
        tasks = [task for task in _leaving if task.get_loop() is asyncio.get_running_loop()]
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSE_SECONDS)


# Calls have their own deadline, around this one.
_FOR_EVER = 24 * 3600.0
# Tasks that end a session: somebody has to hold them.
_leaving: set["asyncio.Task[None]"] = set()


class _ForgottenError(Exception):
    """The server has forgotten the session, and did nothing."""


def _lost(error: SourceError, *, may_have_acted: bool) -> ToolCallError:
    if UNAUTHORIZED in str(error):
        return MissingCredentialsError(str(error))
    if isinstance(error, ForbiddenSourceError):
        return ForbiddenAddressError(str(error))
    return LostConnectionError(str(error), may_have_acted=may_have_acted)


class _Kept:
    """One session, opened and closed by a task of its own, as the SDK's task groups want it."""

    def __init__(self, key: str, config: ServerConfig, *, can_ask: bool = False) -> None:
        loop = asyncio.get_running_loop()
        self.key = key
        self.asker = Asker()
        self.stop = asyncio.Event()
        self.n_running = self.n_silent = 0
        self.used = loop.time()
        self._idle: asyncio.TimerHandle | None = None
        self._opened: asyncio.Future[McpClient] = loop.create_future()
        self.task = loop.create_task(self._keep(config, self.asker if can_ask else None))

    @property
    def is_over(self) -> bool:
        """Whether it takes no more calls."""
        # Another loop: that of the process that this one was forked from.
        is_foreign = self.task.get_loop() is not asyncio.get_running_loop()
        if is_foreign or self.stop.is_set() or self.task.done():
            return True
        is_open = self._opened.done() and not self._opened.cancelled() and self._opened.exception() is None
        return is_open and self._opened.result().is_gone

    async def client(self) -> McpClient:
        """The connection, once it is there.

        Raises:
            LostConnectionError: If it cannot be made.
        """
        try:
            # One that stops waiting stops nobody else.
            return await asyncio.shield(self._opened)
        except SourceError as error:
            raise _lost(error, may_have_acted=False) from None

    async def _keep(self, config: ServerConfig, asker: Asker | None) -> None:
        try:
            async with connect(config, asker=asker) as client:
                self._opened.set_result(client)
                await self.stop.wait()
        except asyncio.CancelledError:
            self._fail(LostConnectionError("the connection was closed"))
            raise
        except ToolshedError as error:
            self._fail(error)
        # Broad: what fails while a session ends has no caller.
        except Exception as error:
            self._fail(LostConnectionError(f"the MCP server failed: {type(error).__name__}"))

    def _fail(self, error: ToolshedError) -> None:
        if not self._opened.done():
            self._opened.set_exception(error)
            # Whoever waited may have gone.
            self._opened.exception()

    def begin(self) -> None:
        """Note that a call begins."""
        self.n_running += 1
        if self._idle is not None:
            self._idle.cancel()

    def end(self, idle_seconds: float, drop: Any) -> None:
        """Note that a call ended; without others the session is dropped after a while."""
        loop = asyncio.get_running_loop()
        self.n_running -= 1
        self.used = loop.time()
        if not self.n_running:
            self._idle = loop.call_later(idle_seconds, drop)


def _key(config: ServerConfig) -> str:
    """What tells sessions apart: never one for two credentials."""
    parts: tuple[Any, ...] = (
        config.location,
        config.command,
        sorted(config.environment.items()),
        config.folder,
        config.url,
        sorted(config.headers.items()),
        (config.reach.is_local, sorted(config.reach.allowed)),
        config.oauth and [getattr(config.oauth, name) for name in config.oauth.__slots__],
    )
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()
