"""Connections that one process accepts and hands to another, which serves them."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn

from toolshed_api.server import DeadlineProtocol

# Connections that are taken at one time.
_TAKEN = 32
# How often a process tells that it goes on, and what it says then.
BEAT_SECONDS, BEAT = 1.0, b"b"
# More of them wait than a burst of all clients of a host opens.
BACKLOG = 2048


def hand_over(channel: socket.socket, connection: socket.socket) -> None:
    """Give a connection to the process at the other end of a channel.

    Raises:
        OSError: If that process is gone, or has many to take yet.
    """
    socket.send_fds(channel, [b"c"], [connection.fileno()])


class _HandedProtocol(DeadlineProtocol):
    """A connection whose end is told."""

    def __init__(self, *, told: Callable[[], None], **given: Any) -> None:
        # Any: uvicorn's own arguments, passed on.
        super().__init__(**given)
        self._told = told

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._told()


class HandedServer(uvicorn.Server):
    """Uvicorn that serves the connections it is handed.

    Args:
        config: Uvicorn's.
        channel: What connections come through.
        ended: Called when one has ended.
        started: Called when the first may come.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        channel: socket.socket,
        *,
        ended: Callable[[], None],
        started: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._channel, self._ended, self._told_started = channel, ended, started
        self._taking: set[asyncio.Task[Any]] = set()
        self._beating: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the app, and take connections."""
        await super().startup(sockets=sockets or [])
        self._channel.setblocking(False)
        asyncio.get_running_loop().add_reader(self._channel, self._take)
        self._told_started()
        self._beating = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        """Tell who accepts connections that this process goes on."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            # Who does not listen has enough of them waiting, or is gone, which is noticed elsewhere.
            with suppress(OSError):
                self._channel.send(BEAT)

    def _take(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            told, handles, _, _ = socket.recv_fds(self._channel, _TAKEN, _TAKEN)
        except BlockingIOError:
            return
        if not told:
            # Who accepts them is gone.
            loop.remove_reader(self._channel)
            self.should_exit = True
        for handle in handles:
            connection = socket.socket(fileno=handle)
            connection.setblocking(False)
            taking = loop.create_task(loop.connect_accepted_socket(self._protocol, connection))
            self._taking.add(taking)
            taking.add_done_callback(self._taking.discard)

    def _protocol(self) -> DeadlineProtocol:
        return _HandedProtocol(
            told=self._ended,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more, and end what was begun."""
        asyncio.get_running_loop().remove_reader(self._channel)
        if self._beating is not None:
            self._beating.cancel()
        await super().shutdown(sockets=sockets)
