"""A ledger that another process writes to, and an event loop that is watched meanwhile."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from tests.waiting import eventually

# Less than a writer waits for the lock.
_LONGEST_SECONDS = 20.0


@contextmanager
def locked(ledger: Path, until: Callable[[], bool]) -> Iterator[None]:
    """Hold SQLite's write lock from another connection until something is true."""
    other = sqlite3.connect(ledger, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")

    def hold() -> None:
        with suppress(AssertionError):
            eventually(until, seconds=_LONGEST_SECONDS)
        other.rollback()

    holding = threading.Thread(target=hold)
    holding.start()
    try:
        yield
    finally:
        holding.join()
        other.close()


@asynccontextmanager
async def heartbeat() -> AsyncIterator[list[float]]:
    """Ticks of the event loop, one every hundredth of a second while nothing holds it up."""
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            await asyncio.sleep(0.01)
            ticks.append(asyncio.get_running_loop().time())

    beating = asyncio.create_task(tick())
    try:
        yield ticks
    finally:
        beating.cancel()
