"""A reply handed on while it is made, and booked whoever listens."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

from toolshed.economics.running.attempts import Attempt, Reply
from toolshed.errors import ToolshedError
from toolshed.metering.failed_calls import SpentError
from toolshed_api.gateway.dialects.dialect import Json, Reader, Splice
from toolshed_api.gateway.errors import UpstreamError
from toolshed_api.gateway.exchange import Exchange
from toolshed_api.gateway.headers import trailer
from toolshed_api.problems import problem

logger = logging.getLogger(__name__)


def _unjudged(_reader: Reader) -> bool | None:
    """What has been handed on cannot be made anew."""
    return None


def _spent(message: str, reader: Reader) -> SpentError:
    """What ends a call half way; what was read of its reply is paid for."""
    return SpentError(message, reported=reader.reported, text=reader.said.billed_text)


def begin_stream(exchange: Exchange) -> "Streamed":
    """Begin a reply. It is read, and booked, whether or not anybody listens."""
    streamed = Streamed(exchange)
    running = exchange.gateway.running
    task = asyncio.get_running_loop().create_task(streamed.run())
    running.add(task)
    task.add_done_callback(running.discard)
    streamed.task = task
    return streamed


class Streamed:
    """A reply that is being made, between the upstream and who listens.

    Attributes:
        begun: Done when the first event is there; holds the error where none came.
        task: Reads the upstream.
    """

    # Events that wait for who reads too slowly; the upstream waits then too.
    _MOST_WAITING = 64

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._splice = Splice(exchange.tools.search_name) if exchange.tools is not None else None
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(self._MOST_WAITING)
        self._is_left = self._is_reading = False
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None

    async def parts(self) -> AsyncIterator[bytes]:
        """The stream as it is sent; what waits together is sent together."""
        while (part := await self._waiting.get()) is not None:
            parts: list[bytes | None] = [part]
            while not self._waiting.empty() and parts[-1] is not None:
                parts.append(self._waiting.get_nowait())
            yield b"".join(one for one in parts if one is not None)
            if parts[-1] is None:
                return

    def leave(self) -> None:
        """Nobody listens any more: what was made is booked, and no more is asked for."""
        self._is_left = True
        with suppress(asyncio.QueueEmpty):
            while True:
                self._waiting.get_nowait()
        if self._is_reading and self.task is not None:
            self.task.cancel()

    async def run(self) -> None:
        """Read the upstream to its end, and book it."""
        try:
            reader = await self._rounds()
            await self._report(reader)
            await self._put(trailer(self._exchange))
        # Broad: whatever it is, who listens is told, and nobody else would log it.
        except Exception as error:
            await self._tell(error)
        finally:
            if not self.begun.done():
                self.begun.cancel()
            await self._put(None)

    async def _rounds(self) -> Reader:
        """The reply that is told to its end, behind the searches for tools that the model makes before."""
        exchange, tools = self._exchange, self._exchange.tools
        while True:
            reader: Reader = (await exchange.drive(self._call, _unjudged)).reply.value
            if tools is None or self._splice is None:
                return reader
            if self._is_left or not reader.is_search:
                if not reader.said.calls:
                    tools.remember(reader.said.text)
                return reader
            await exchange.go_on(reader.turn(), reader.said)
            self._splice.names, self._splice.is_continued = tuple(tools.found), True

    async def _call(self, attempt: Attempt) -> Reply[Reader]:
        """Read one upstream's stream."""
        dialect = self._exchange.asked.dialect
        body = dialect.as_stream(self._exchange.body_for(attempt))
        reader = dialect.reader(self._exchange.body, self._splice)
        if self._is_left:
            # Nobody listens any more: no model is asked, and nothing is booked.
            await asyncio.to_thread(self._exchange.attempts.release)
            raise asyncio.CancelledError
        try:
            self._is_reading = True
            await self._read(attempt, body, reader)
        except ToolshedError as error:
            if isinstance(error, UpstreamError) and error.text is not None:
                error.reported, error.text = reader.reported, reader.said.billed_text
            raise
        except asyncio.CancelledError as error:
            current = asyncio.current_task()
            assert current is not None
            current.uncancel()
            if not self._is_left and not reader.is_ended:
                raise _spent("the service ended before the reply did; ask again", reader) from error
        # Broad: whatever went wrong, what was received is paid for, and is booked by who takes this up.
        except Exception as error:
            logger.error("request %s failed", self._exchange.asked.request_id, exc_info=error)
            raise _spent("the request failed; the log has the reason", reader) from error
        finally:
            self._is_reading = False
        return Reply(reader, reader.reported, reader.said.billed_text)

    async def _read(self, attempt: Attempt, body: Json, reader: Reader) -> None:
        exchange = self._exchange
        route, name = exchange.routes[attempt.model], exchange.asked.dialect.name
        async with exchange.gateway.upstreams.stream(route, name, body, exchange.asked.beta) as events:
            async for event in events:
                for part in reader.feed(event):
                    await self._put(part.encoded())
                if reader.failed is not None:
                    raise UpstreamError(f"the upstream failed half way: {reader.failed[:500]}", text="")
                if reader.is_ended or self._is_left:
                    break
            if not reader.is_ended and not self._is_left:
                raise UpstreamError("the upstream's stream broke off before its end; try again", text="")
            if not reader.is_search:
                # Who listens does not wait for the books.
                for part in reader.closing():
                    await self._put(part.encoded())
            if reader.is_ended:
                await events.finish()

    async def _put(self, part: bytes | None) -> None:
        if self._is_left:
            return
        if part is not None and not self.begun.done():
            await self._exchange.kept()
            if self._is_left:
                return
            self._exchange.has_begun = True
            self.begun.set_result(None)
        if not self._waiting.full():
            self._waiting.put_nowait(part)
            return
        try:
            async with asyncio.timeout(self._exchange.gateway.configuration.file.limits.idle):
                await self._waiting.put(part)
        except TimeoutError:
            self._is_left = True
            # Who reads on is told the end, and not left waiting for it.
            with suppress(asyncio.QueueEmpty):
                self._waiting.get_nowait()
            self._waiting.put_nowait(None)

    async def _report(self, reader: Reader) -> None:
        exchange = self._exchange
        # Who has all of it may leave before the books are kept.
        passed = exchange.judged(reader.said) if reader.is_ended else None
        if passed is not None:
            await asyncio.to_thread(exchange.attempts.report, passed)

    async def _tell(self, error: Exception) -> None:
        """Say what went wrong: as the answer, or, where it has begun, as its last event."""
        if not self.begun.done():
            self.begun.set_exception(error)
            return
        known = error
        if not isinstance(error, ToolshedError):
            logger.error("request %s failed", self._exchange.asked.request_id, exc_info=error)
            known = UpstreamError("the request failed; the log has the reason")
        assert isinstance(known, ToolshedError)
        told = problem(known, self._exchange.asked.request_id)
        await self._put(self._exchange.asked.dialect.error_event(told).encoded())
