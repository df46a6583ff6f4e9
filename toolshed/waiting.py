"""Wait for asynchronous work from synchronous code, whether or not a loop runs in this thread."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _BackgroundLoop:
    """An event loop in a thread of its own, started when first needed.

    One for the process: clients that a stage keeps open stay on the loop they were opened on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._process = 0

    def running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            # A forked child has the loop's memory and not its thread.
            if self._loop is None or self._process != os.getpid():
                self._loop, self._process = asyncio.new_event_loop(), os.getpid()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="toolshed-waiting", daemon=True
                )
                self._thread.start()
            return self._loop

    def is_current(self) -> bool:
        return self._thread is threading.current_thread()


_background = _BackgroundLoop()


def wait_for(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end and return its result; context variables go along.

    Works inside a running event loop too (Jupyter, FastAPI), which stands still meanwhile: asynchronous
    programs await the coroutine instead.

    Raises:
        RuntimeError: If called by what it runs, which would wait for itself.
    """
    if _background.is_current():
        coroutine.close()
        raise RuntimeError("a stage called a blocking verb of Toolshed; await the asynchronous one instead")
    future = asyncio.run_coroutine_threadsafe(coroutine, _background.running())
    try:
        return future.result()
    except BaseException:
        # Ctrl-C reaches this thread, and the work in the other one has to end too.
        future.cancel()
        raise


async def on_background_loop(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Await a coroutine on the one loop of this process that outlives all others.

    Cancelling it cancels it there. For clients that belong to the loop that they were first used in.
    """
    if _background.is_current():
        return await coroutine
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, _background.running()))
