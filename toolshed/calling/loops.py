"""Event loops and functions in threads of their own, with deadlines that hold whatever runs there."""

import asyncio
import contextlib
import contextvars
import os
import threading
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from toolshed.errors import ToolCallError, TooManyCallsError

Result = TypeVar("Result")

# A thread that hangs cannot be ended; so many may.
MAX_THREADS = 256
_STOP_SECONDS = 5.0


class LoopThread:
    """An event loop in a thread of its own, started when first needed and ended by :meth:`close`.

    Args:
        name: Of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._process = 0
        self._is_closed = False
        self._futures: weakref.WeakSet[Future[Any]] = weakref.WeakSet()

    def submit(self, coroutine: Coroutine[Any, Any, Result]) -> "Future[Result]":
        """Start a coroutine there.

        Raises:
            ToolCallError: If the loop is closed, or this is its own thread, which may not wait for itself.
        """
        # Until it is handed over: a loop that was stopped meanwhile would never begin it.
        with self._lock:
            try:
                loop = self._running()
            except ToolCallError:
                coroutine.close()
                raise
            future = asyncio.run_coroutine_threadsafe(coroutine, loop)
            self._futures.add(future)
        return future

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._is_closed:
            raise ToolCallError("the knowledge base is closed; open it again to call tools")
        if self._thread is threading.current_thread():
            raise ToolCallError(
                "an asynchronous function called a blocking verb of Toolshed; use AsyncToolshed there"
            )
        # A forked child has the loop's memory and not its thread.
        if self._loop is None or self._process != os.getpid():
            self._loop, self._process = asyncio.new_event_loop(), os.getpid()
            self._thread = threading.Thread(target=self._run, args=(self._loop,), name=self._name)
            self._thread.daemon = True
            self._thread.start()
        return self._loop

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()

    def close(self, last: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """End it: cancel what runs, await ``last`` there, and stop; within bounded time."""
        with self._lock:
            is_running = self._loop is not None and self._process == os.getpid()
            loop, thread, self._is_closed = self._loop, self._thread, True
            futures = [*self._futures]
        if not is_running or loop is None or thread is None or not thread.is_alive():
            return
        for future in futures:
            future.cancel()
        done = asyncio.run_coroutine_threadsafe(_end(last), loop)
        with contextlib.suppress(Exception):
            done.result(3 * _STOP_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_STOP_SECONDS)


async def _end(last: Callable[[], Coroutine[Any, Any, None]] | None) -> None:
    if last is not None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(last(), 2 * _STOP_SECONDS)
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=_STOP_SECONDS / 2)


class FunctionThreads:
    """Runs each function in a thread of its own, which does not keep the process alive."""

    def __init__(self, max_threads: int = MAX_THREADS) -> None:
        self._free = threading.BoundedSemaphore(max_threads)
        self._max_threads = max_threads

    def submit(self, function: Callable[[], Result]) -> "Future[Result]":
        """Start a function, with the context variables of the caller.

        Raises:
            TooManyCallsError: If too many still run.
        """
        if not self._free.acquire(blocking=False):
            raise TooManyCallsError(
                f"{self._max_threads} functions are running already, some perhaps without an end; "
                "wait, or mend those that hang"
            )
        future: Future[Result] = Future()
        context = contextvars.copy_context()
        thread = threading.Thread(
            target=context.run, args=(self._run, function, future), name="toolshed-function", daemon=True
        )
        try:
            thread.start()
        except BaseException:
            self._free.release()
            raise
        return future

    def _run(self, function: Callable[[], Result], future: "Future[Result]") -> None:
        try:
            if future.set_running_or_notify_cancel():
                future.set_result(function())
        # Broad: whatever a function raises, SystemExit too, belongs to whoever waits for it.
        except BaseException as error:
            future.set_exception(error)
        finally:
            self._free.release()
