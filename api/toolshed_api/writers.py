"""Writes to a tenant's knowledge base: one at a time, in the order of asking, and in no search's thread."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from toolshed_api.problems import OverloadedError

Given = ParamSpec("Given")
Result = TypeVar("Result")

# Writes that wait for their turn; a burst waits rather than fails.
MAX_WAITING = 256


class Writers:
    """Runs writes, one after the other for each tenant. Threads and tasks may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._n_waiting: defaultdict[str, int] = defaultdict(int)

    async def run(
        self, tenant: str, write: Callable[Given, Result], *given: Given.args, **options: Given.kwargs
    ) -> Result:
        """Write, when it is the turn of it.

        Raises:
            OverloadedError: If too many writes wait; nothing is written then.
        """
        with self._lock:
            if self._n_waiting[tenant] >= MAX_WAITING:
                raise OverloadedError(
                    "too many writes are waiting; nothing was written, try again in a moment"
                )
        return await asyncio.wrap_future(self.submit(tenant, write, *given, **options))

    def submit(
        self, tenant: str, write: Callable[Given, Result], *given: Given.args, **options: Given.kwargs
    ) -> Future[Result]:
        """Write, when it is the turn of it, however many wait."""
        context = copy_context()
        with self._lock:
            self._n_waiting[tenant] += 1
            if tenant not in self._threads:
                self._threads[tenant] = ThreadPoolExecutor(1, thread_name_prefix=f"toolshed-writes-{tenant}")
            future = self._threads[tenant].submit(lambda: context.run(write, *given, **options))
        # Without the lock: it may have ended already, and is then told of here.
        future.add_done_callback(lambda _: self._done(tenant))
        return future

    def _done(self, tenant: str) -> None:
        with self._lock:
            self._n_waiting[tenant] -= 1

    def close(self) -> None:
        """Let the writes that were begun end; what waits is not written."""
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.shutdown(wait=True, cancel_futures=True)
