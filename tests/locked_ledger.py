"""A ledger that another process writes to, and an event loop that is watched meanwhile."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path


@contextmanager
def locked(ledger: Path, seconds: float = 1.2) -> Iterator[None]:
    """Hold SQLite's write lock from another connection for some time."""
    other = sqlite3.connect(ledger, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(seconds, other.rollback)
    timer.start()
    try:
        yield
    finally:
        timer.join()
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
