"""How a call runs: blocking or awaited, on a loop or in a thread, and never beyond its deadline."""

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import CancelledError, Future, wait
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Protocol

from toolshed.calling.functions import Invocation, raised, returned
from toolshed.calling.loops import FunctionThreads, LoopThread
from toolshed.calling.results import Answer
from toolshed.errors import ToolCallError, ToolTimeoutError

# What a call on our loop, which keeps its own deadline, gets to say so.
_GRACE_SECONDS = 2.0


class Plan(Protocol):
    """A call that was checked and only needs to be made."""

    def blocking(self, seconds: float) -> Answer:
        """Make it, and wait for the answer.

        Raises:
            ToolCallError: If no answer comes.
        """

    async def awaited(self, seconds: float) -> Answer:
        """The same, in a running event loop."""


@dataclass(frozen=True, slots=True)
class RemotePlan:
    """A call over a connection, made on the loop that holds the connections.

    Attributes:
        tool_id: The tool.
        loop: The loop.
        start: Makes the call, given the seconds it has.
        patience_seconds: What it may take besides to ask a user.
    """

    tool_id: str
    loop: LoopThread
    start: Callable[[float], Coroutine[Any, Any, Answer]]
    patience_seconds: float = 0.0

    def blocking(self, seconds: float) -> Answer:
        """See :class:`Plan`."""
        future = self.loop.submit(self.start(seconds))
        try:
            return future.result(seconds + self.patience_seconds + _GRACE_SECONDS)
        except TimeoutError:
            raise timed_out(self.tool_id, seconds) from None
        except CancelledError:
            raise _closed(self.tool_id) from None
        finally:
            # Ctrl-C reaches this thread, and the work in the other one has to end too.
            future.cancel()

    async def awaited(self, seconds: float) -> Answer:
        """See :class:`Plan`."""
        future = self.loop.submit(self.start(seconds))
        try:
            longest = seconds + self.patience_seconds + _GRACE_SECONDS
            return await asyncio.wait_for(asyncio.wrap_future(future), longest)
        except TimeoutError:
            raise timed_out(self.tool_id, seconds) from None
        except asyncio.CancelledError:
            if future.cancelled() and not _is_being_cancelled():
                raise _closed(self.tool_id) from None
            raise
        finally:
            future.cancel()


@dataclass(frozen=True, slots=True)
class FunctionPlan:
    """A call of a Python function.

    Attributes:
        tool_id: The tool.
        invocation: The function with its arguments.
        threads: Where functions run that block.
        loop: Where those run that are awaited, when nobody else's loop runs.
    """

    tool_id: str
    invocation: Invocation
    threads: FunctionThreads
    loop: LoopThread

    def blocking(self, seconds: float) -> Answer:
        """See :class:`Plan`."""
        until = monotonic() + seconds
        run = self.invocation.run
        if not self.invocation.is_async:
            answer = self._ended(self.threads.submit(self._run), until, seconds)
            if isinstance(answer, Answer):
                return answer
            run = partial(_same, answer)
        ended = self._ended(self.loop.submit(_awaited(run)), until, seconds)
        assert isinstance(ended, Answer)
        return ended

    async def awaited(self, seconds: float) -> Answer:
        """See :class:`Plan`; what is awaited is so in the caller's own loop."""
        until = monotonic() + seconds
        run = self.invocation.run
        if not self.invocation.is_async:
            future = self.threads.submit(self._run)
            answer = await self._in_time(asyncio.wrap_future(future), until, seconds)
            if isinstance(answer, Answer):
                return answer
            run = partial(_same, answer)
        ended = await self._in_time(asyncio.ensure_future(_awaited(run)), until, seconds)
        assert isinstance(ended, Answer)
        return ended

    def _run(self) -> Any:
        """The answer, or what has to be awaited for it."""
        try:
            value = self.invocation.run()
            return value if inspect.isawaitable(value) else returned(value)
        # Broad: whatever a tool raises is its answer.
        except BaseException as error:
            return raised(error)

    def _ended(self, future: "Future[Any]", until: float, seconds: float) -> Any:
        try:
            wait([future], timeout=max(0.0, until - monotonic()))
            if not future.done():
                raise timed_out(self.tool_id, seconds)
            return future.result()
        except CancelledError:
            raise _closed(self.tool_id) from None
        finally:
            future.cancel()

    async def _in_time(self, future: "asyncio.Future[Any]", until: float, seconds: float) -> Any:
        # Not wait_for: it waits for what does not let itself be cancelled.
        try:
            await asyncio.wait({future}, timeout=max(0.0, until - monotonic()))
            if not future.done():
                raise timed_out(self.tool_id, seconds)
            return future.result()
        finally:
            future.cancel()


def _same(waiting: Any) -> Any:
    """What a function gave to be awaited. Any: whatever can be."""
    return waiting


async def _awaited(run: Callable[[], Awaitable[Any]]) -> Answer:
    try:
        return returned(await run())
    except asyncio.CancelledError as error:
        if _is_being_cancelled():
            raise
        return raised(error)
    # Broad: see FunctionPlan. Ctrl-C is the program's, where its own loop runs.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
        return raised(error)


def timed_out(tool_id: str, seconds: float, *, may_have_acted: bool = True) -> ToolTimeoutError:
    """The error of a call that took too long."""
    return ToolTimeoutError(
        f"{tool_id!r} did not answer within {seconds:g} seconds; give it more by timeout_seconds",
        may_have_acted=may_have_acted,
    )


def _closed(tool_id: str) -> ToolCallError:
    return ToolCallError(
        f"the knowledge base was closed while {tool_id!r} was being called", may_have_acted=True
    )


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
