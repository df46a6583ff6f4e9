"""Waiting for asynchronous work from synchronous code."""

import asyncio
import threading
from contextvars import ContextVar

import pytest

from toolshed.waiting import wait_for

_spoken: ContextVar[str] = ContextVar("spoken", default="nothing")


async def spoken() -> str:
    await asyncio.sleep(0)
    return _spoken.get()


def test_context_goes_along() -> None:
    _spoken.set("hello")
    assert wait_for(spoken()) == "hello"


async def test_it_works_inside_a_running_loop() -> None:
    _spoken.set("from a loop")
    assert wait_for(spoken()) == "from a loop"


def test_errors_come_back() -> None:
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        wait_for(fail())


def test_many_threads_wait_at_once() -> None:
    results: list[int] = []

    async def work(number: int) -> int:
        await asyncio.sleep(0.001)
        return number

    threads = [threading.Thread(target=lambda n=n: results.append(wait_for(work(n)))) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == list(range(32))


def test_what_would_wait_for_itself_is_told() -> None:
    async def inner() -> None:
        wait_for(spoken())

    with pytest.raises(RuntimeError, match="await the asynchronous one"):
        wait_for(inner())
