"""Driving attempts: blocking and awaited calls alike."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from toolshed.economics.running.attempts import Attempt, Attempts, Reply, Value

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Finished(Generic[Value]):
    """The last reply, and whether a check passed it; None where nothing checked it."""

    reply: Reply[Value]
    passed: bool | None


def drive(
    attempts: Attempts,
    begin: Callable[[], Attempt],
    call: Callable[[Attempt], Reply[Value]],
    judge: Callable[[Value], bool | None],
) -> Finished[Value]:
    """Call what the attempts ask for until they ask for nothing more.

    Args:
        attempts: Keeps the books.
        begin: Begins the first attempt.
        call: Calls the model of an attempt.
        judge: Says whether a reply will do; None where it cannot say.
    """
    following: Attempt | None = begin()
    while following is not None:
        started = time.monotonic()
        try:
            reply = call(following)
        except BaseException as error:
            attempts.fail(error, time.monotonic() - started)
            raise
        attempts.book(reply, time.monotonic() - started)
        passed = judge(reply.value)
        following = attempts.judge(passed)
    return Finished(reply, passed)


async def drive_async(
    attempts: Attempts,
    begin: Callable[[], Attempt],
    call: Callable[[Attempt], Awaitable[Reply[Value]]],
    judge: Callable[[Value], bool | None],
    *,
    is_failed_check: Callable[[BaseException], bool] | None = None,
    first: Attempt | None = None,
) -> Finished[Value]:
    """Like :func:`drive`, for calls that are awaited.

    A call whose error ``is_failed_check`` counts as one: the next backbone is tried, and the error is raised
    only where none is. Where the first attempt has begun already, it is given.

    What is the caller's, the call and the judgement, happens on the event loop; the books are kept in worker
    threads, so that a ledger which another process has locked holds up nobody else.
    """
    following: Attempt | None = first if first is not None else await _off_the_loop(attempts, begin)
    while following is not None:
        started = time.monotonic()
        try:
            reply = await call(following)
        except GeneratorExit as error:
            # The coroutine is closed: there is no loop to wait on any more.
            attempts.fail(error, time.monotonic() - started)
            raise
        except BaseException as error:
            await _off_the_loop(attempts, attempts.fail, error, time.monotonic() - started)
            if is_failed_check is None or not is_failed_check(error):
                raise
            following = await _off_the_loop(attempts, attempts.judge, False)
            if following is None:
                raise
            continue
        await _off_the_loop(attempts, attempts.book, reply, time.monotonic() - started)
        passed = judge(reply.value)
        # No finding books nothing.
        following = None if passed is None else await _off_the_loop(attempts, attempts.judge, passed)
    return Finished(reply, passed)


async def _off_the_loop(attempts: Attempts, step: Callable[..., Result], *given: object) -> Result:
    """Take a step of the books in a worker thread; when cancelled, it is finished all the same."""
    taken = asyncio.ensure_future(asyncio.to_thread(step, *given))
    try:
        return await asyncio.shield(taken)
    except asyncio.CancelledError:
        await asyncio.wait([taken])
        # What was reserved last will not be called.
        await asyncio.shield(asyncio.to_thread(attempts.release))
        raise
