"""The process that starts the others, hands them connections, and starts again what has ended."""

import asyncio
import logging
import multiprocessing
import signal
import socket
import time
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from pathlib import Path

from prometheus_client.multiprocess import mark_process_dead

from toolshed.settings import Settings
from toolshed_api.server import GRACE_SECONDS
from toolshed_api.workers.crew import WRITER, Crew
from toolshed_api.workers.handing import hand_over
from toolshed_api.workers.members import serve_searches, serve_writer

logger = logging.getLogger("uvicorn.error")

# Those that search end first, since the one that writes answers for them.
_SEARCHING_END_SECONDS = GRACE_SECONDS - 2.0
_ALL_END_SECONDS = GRACE_SECONDS + 2.0
# What ends again and again is started more and more rarely.
_PAUSES = (0.0, 0.5, 2.0, 5.0)
_MAX_ENDS = 8
_IS_WELL_AFTER_SECONDS = 30.0
# A process that searches tells each second that it goes on. One that says nothing for as long, so many times
# in a row, hangs, and is killed; once may be that this process was held up itself.
_SILENT_SECONDS, _MOST_SILENT = 10.0, 3
# Longest that one may take to be ready: matrices are mapped, and the encoder is read, in seconds.
_START_SECONDS = 600.0
# Until a process takes connections, or takes more of them.
_RETRY_SECONDS = 0.02
# Of which so many are read at a time.
_BEATS = 64
# Folder of a run with the metrics of all its processes.
METRICS = "metrics"


@dataclass(slots=True, eq=False)
class _Member:
    """A process of the service, which may have been started several times.

    Attributes:
        crew: Which one it is.
        process: The one of now.
        channel: Connections are handed to it here.
        n_handed: How many it was handed.
        is_up: Whether it takes some.
        n_ends: How often it ended soon after it was started.
    """

    crew: Crew
    process: SpawnProcess | None = None
    channel: socket.socket | None = None
    n_handed: int = 0
    is_up: bool = False
    n_ends: int = 0


class Supervisor:
    """Runs a service of one process that writes and several that search.

    Args:
        settings: Of the service.
        listeners: Sockets that listen for clients.
        n_searching: How many processes search.
        folder: Of this run.
    """

    def __init__(
        self, settings: Settings, listeners: list[socket.socket], *, n_searching: int, folder: Path
    ) -> None:
        self._settings, self._listeners = settings, listeners
        self._metrics = str(folder / METRICS)
        self._writer = _Member(Crew(folder, WRITER, n_searching))
        self._searching = [_Member(Crew(folder, f"search-{n}", n_searching)) for n in range(n_searching)]
        self._n_ended = self._writer.crew.ended
        self._is_stopping, self._writer_is_up = asyncio.Event(), asyncio.Event()
        self._status = 0

    async def run(self) -> int:
        """Serve until a signal comes; returns the exit status."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._is_stopping.set)
        tasks = [asyncio.create_task(self._keep(one)) for one in (self._writer, *self._searching)]
        tasks += [asyncio.create_task(self._accept(listener)) for listener in self._listeners]
        for task in tasks:
            task.add_done_callback(self._stop_if_failed)
        try:
            await self._is_stopping.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for listener in self._listeners:
                listener.close()
            await self._end()
        return self._status

    def _stop_if_failed(self, task: asyncio.Task[None]) -> None:
        """End where a process cannot even be started: half a service would wait for it without a word."""
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("the service cannot go on", exc_info=error)
            self._status = 1
            self._is_stopping.set()

    async def _keep(self, member: _Member) -> None:
        """Run a process, again whenever it ends; where it never comes up, the service ends."""
        while True:
            if member is not self._writer:
                await self._writer_is_up.wait()
            began = time.monotonic()
            process = self._start(member)
            await self._wait_until_up(member, process)
            watching = asyncio.create_task(self._watch(member, process))
            was_up, status = member.is_up, await _end_of(process)
            watching.cancel()
            member.is_up = False
            mark_process_dead(process.pid, self._metrics)  # type: ignore[no-untyped-call]  # prometheus_client's
            is_well = was_up and time.monotonic() - began > _IS_WELL_AFTER_SECONDS
            member.n_ends = 0 if is_well else member.n_ends + 1
            # Nothing was ever served where the one that writes never came up: its reason stands above.
            is_hopeless = member is self._writer and not self._writer_is_up.is_set()
            if is_hopeless or member.n_ends > _MAX_ENDS:
                self._status = status or 1
                self._is_stopping.set()
                return
            logger.error("the process %s ended with status %s; it is started again", member.crew.name, status)
            await asyncio.sleep(_PAUSES[min(member.n_ends, len(_PAUSES)) - 1])

    def _start(self, member: _Member) -> SpawnProcess:
        """Start a process that nothing was handed to yet."""
        if member.channel is not None:
            member.channel.close()
        member.channel, theirs = socket.socketpair()
        member.channel.setblocking(False)
        member.n_handed = 0
        if member is not self._writer:
            self._n_ended[member.crew.place] = 0
        target = serve_writer if member is self._writer else serve_searches
        member.process = multiprocessing.get_context("spawn").Process(
            target=target, args=(self._settings, member.crew, theirs), name=f"toolshed-{member.crew.name}"
        )
        with theirs:
            member.process.start()
        return member.process

    async def _wait_until_up(self, member: _Member, process: SpawnProcess) -> None:
        """Wait until a process is ready, or gone; one that searches is killed where it never is either."""
        assert member.channel is not None
        # The one that writes may have a lot to read, and to bring up to date.
        seconds = None if member is self._writer else _START_SECONDS
        try:
            ready = asyncio.get_running_loop().sock_recv(member.channel, 1)
            member.is_up = bool(await asyncio.wait_for(ready, seconds))
        except ConnectionError:
            member.is_up = False
        except TimeoutError:
            logger.error("the process %s does not get ready, and is killed", member.crew.name)
            process.kill()
        if member.is_up and member is self._writer:
            self._writer_is_up.set()

    async def _watch(self, member: _Member, process: SpawnProcess) -> None:
        """Kill a process that searches once it hangs: its end is noticed, and it is started again."""
        if member is self._writer or not member.is_up:
            return
        assert member.channel is not None
        loop, n_silent = asyncio.get_running_loop(), 0
        while n_silent < _MOST_SILENT:
            try:
                if not await asyncio.wait_for(loop.sock_recv(member.channel, _BEATS), _SILENT_SECONDS):
                    return
                n_silent = 0
            except TimeoutError:
                n_silent += 1
            except OSError:
                # It is gone, which is noticed elsewhere.
                return
        logger.error("the process %s says nothing any more, and is killed", member.crew.name)
        member.is_up = False
        process.kill()

    async def _accept(self, listener: socket.socket) -> None:
        """Hand each connection to the process that has the fewest."""
        while True:
            try:
                connection, _ = await asyncio.get_running_loop().sock_accept(listener)
            except OSError as error:
                # Out of files, or the client was gone already: others come.
                logger.warning("a connection could not be accepted: %s", error)
                await asyncio.sleep(_PAUSES[1])
                continue
            with connection:
                while not self._is_handed(connection):
                    await asyncio.sleep(_RETRY_SECONDS)

    def _is_handed(self, connection: socket.socket) -> bool:
        up = [one for one in self._searching if one.is_up]
        if not up:
            return False
        member = min(up, key=lambda one: one.n_handed - self._n_ended[one.crew.place])
        try:
            assert member.channel is not None
            hand_over(member.channel, connection)
        except OSError:
            # It is full, or gone, which is noticed elsewhere.
            return False
        member.n_handed += 1
        return True

    async def _end(self) -> None:
        """End all processes: in order first, then by force."""
        until = time.monotonic() + _ALL_END_SECONDS
        searching = [one.process for one in self._searching if one.process is not None]
        for process in searching:
            process.terminate()
        await _wait_for_end(searching, time.monotonic() + _SEARCHING_END_SECONDS)
        everybody = [*searching, *([self._writer.process] if self._writer.process else [])]
        for process in everybody:
            process.terminate()
        await _wait_for_end(everybody, until)
        for process in everybody:
            process.kill()
            process.join()


async def _end_of(process: SpawnProcess) -> int | None:
    """The exit status of a process, once it has ended."""
    loop, has_ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(process.sentinel, has_ended.set)
    try:
        await has_ended.wait()
    finally:
        loop.remove_reader(process.sentinel)
    process.join()
    return process.exitcode


async def _wait_for_end(processes: list[SpawnProcess], until: float) -> None:
    while any(process.is_alive() for process in processes) and time.monotonic() < until:
        await asyncio.sleep(_RETRY_SECONDS)
