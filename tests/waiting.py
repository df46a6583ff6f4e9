"""Waiting for what others do, however busy the machine is."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")
PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.01


def eventually(look: Callable[[], Seen], *, seconds: float = PATIENCE_SECONDS) -> Seen:
    """What is seen as soon as it is true of anything; fails when that takes for ever."""
    until = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < until, f"it did not happen in time: {seen!r}"
        time.sleep(_PAUSE_SECONDS)
    return seen


async def eventually_beside(look: Callable[[], Seen], *, seconds: float = PATIENCE_SECONDS) -> Seen:
    """The same, while the event loop of the test runs on."""
    until = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < until, f"it did not happen in time: {seen!r}"
        await asyncio.sleep(_PAUSE_SECONDS)
    return seen
