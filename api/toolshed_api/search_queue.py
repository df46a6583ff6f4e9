"""Searches that wait for their turn, and the refusal of those that would wait for too long."""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from toolshed.settings import Settings
from toolshed.shared_numbers import SharedNumbers
from toolshed_api.observability.metrics import REFUSED
from toolshed_api.problems import OverloadedError

Given = ParamSpec("Given")
Result = TypeVar("Result")

# How much the latest search counts in what one takes: some fifty searches are remembered.
_SHARE_OF_LATEST = 0.05


class SearchQueue:
    """Runs searches in a few threads, in the order of asking. For one event loop.

    A search is refused when those before it would take longer than the settings allow, by what the latest
    ones took. So many as ``queue_at_least`` says may wait however long that takes: they are as many clients
    that each wait for an answer before they ask again, who cannot make the queue any longer, and who would
    wait longer still if they were told to come back.

    Args:
        settings: How long searches may wait, and how many always may.
        n_threads: How many run at once.
        running: The numbers of searches that each process of the service has to do, where it has several.
        place: Of this process among them.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        n_threads: int,
        running: "SharedNumbers | list[int] | None" = None,
        place: int = 0,
    ) -> None:
        self._most_seconds, self._at_least = settings.max_wait_ms / 1_000, settings.queue_at_least
        self._n_threads = n_threads
        self._running: SharedNumbers | list[int] = [0] if running is None else running
        self._place = place
        self._running[place] = 0
        # What one search takes, by the latest.
        self.latest_seconds = 0.0
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(n_threads, thread_name_prefix="toolshed-searches")

    @property
    def wait_seconds(self) -> float:
        """How long a search would wait now."""
        before = max(0, self._running[self._place] - self._n_threads + 1)
        return before * self.latest_seconds / self._n_threads

    async def run(
        self, n_searches: int, search: Callable[Given, Result], *given: Given.args, **options: Given.kwargs
    ) -> Result:
        """Search when it is the turn of it.

        Args:
            n_searches: How many searches it is.
            search: What searches.
            given: What it is called with.
            options: What else it is called with.

        Raises:
            OverloadedError: If it would wait for too long; nothing is searched then.
        """
        self._check(n_searches)
        return await asyncio.wrap_future(self._begun(n_searches, partial(search, *given, **options)))

    def search_in_turn(self, search: Callable[[], Result], *, is_patient: bool = False) -> Result:
        """Search when it is the turn of it. Blocks.

        Args:
            search: What searches.
            is_patient: Whether it waits however long that takes.

        Raises:
            OverloadedError: If it would wait for too long; nothing is searched then.
        """
        if not is_patient:
            self._check(1)
        return self._begun(1, search).result()

    def _check(self, n_searches: int) -> None:
        if sum(self._running) >= self._at_least and self.wait_seconds > self._most_seconds:
            REFUSED.inc(n_searches)
            raise OverloadedError(
                f"a search would wait {self.wait_seconds * 1_000:,.0f} ms now, longer than "
                f"{self._most_seconds * 1_000:,.0f} ms; try again in a moment"
            )

    def _begun(self, n_searches: int, search: Callable[[], Result]) -> Future[Result]:
        context = copy_context()
        self.add(n_searches)
        future = self._threads.submit(lambda: self._timed(n_searches, lambda: context.run(search)))
        future.add_done_callback(lambda _: self.add(-n_searches))
        return future

    def add(self, n_searches: int) -> None:
        """Count searches that are to be done."""
        with self._lock:
            self._running[self._place] += n_searches

    def _timed(self, n_searches: int, run: Callable[[], Result]) -> Result:
        began = time.perf_counter()
        try:
            return run()
        finally:
            took = (time.perf_counter() - began) / n_searches
            share = _SHARE_OF_LATEST if self.latest_seconds else 1.0
            self.latest_seconds += share * (took - self.latest_seconds)

    def close(self) -> None:
        """Let the searches that were begun end."""
        self._threads.shutdown(wait=True, cancel_futures=True)


def threads_of_one_process() -> int:
    """As many as pay in a process that has all cores to itself: encoding leaves the interpreter to others."""
    return max(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2)
