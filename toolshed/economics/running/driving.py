"""Blocking and awaited calls driven alike: steps yield what to ask, and are sent the answers."""

import time
from collections.abc import Awaitable, Callable, Generator
from typing import TypeVar

Asked = TypeVar("Asked")
Given = TypeVar("Given")
Result = TypeVar("Result")


class CallFailed(Exception):  # noqa: N818  # thrown into the steps only; the error itself goes on to the caller
    """Tells the steps that a call failed.

    Attributes:
        error: What it raised.
        seconds: How long it took.
    """

    def __init__(self, error: BaseException, seconds: float) -> None:
        super().__init__(str(error))
        self.error, self.seconds = error, seconds


def drive(steps: Generator[Asked, tuple[Given, float], Result], call: Callable[[Asked], Given]) -> Result:
    """Call what the steps ask for until they are done; answers come with their seconds."""
    asked = next(steps)
    while True:
        started = time.monotonic()
        try:
            given = call(asked)
        except BaseException as error:
            steps.throw(CallFailed(error, time.monotonic() - started))
            raise
        try:
            asked = steps.send((given, time.monotonic() - started))
        except StopIteration as finished:
            result: Result = finished.value
            return result


async def drive_async(
    steps: Generator[Asked, tuple[Given, float], Result], call: Callable[[Asked], Awaitable[Given]]
) -> Result:
    """Like :func:`drive`, for calls that are awaited."""
    asked = next(steps)
    while True:
        started = time.monotonic()
        try:
            given = await call(asked)
        except BaseException as error:
            steps.throw(CallFailed(error, time.monotonic() - started))
            raise
        try:
            asked = steps.send((given, time.monotonic() - started))
        except StopIteration as finished:
            result: Result = finished.value
            return result
