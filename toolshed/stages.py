"""Stages and their composition: ``Decompose() >> Score(index) >> Fuse()``."""

import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from toolshed.errors import ConfigurationError

In_contra = TypeVar("In_contra", contravariant=True)
Out_co = TypeVar("Out_co", covariant=True)
Middle = TypeVar("Middle")
Next_co = TypeVar("Next_co", covariant=True)
Result = TypeVar("Result")

_timings: ContextVar[dict[str, float] | None] = ContextVar("toolshed_timings", default=None)


class Stage(ABC, Generic[In_contra, Out_co]):
    """One step of a pipeline. Stages hold configuration, never the state of a query."""

    @abstractmethod
    async def run(self, item: In_contra, /) -> Out_co:
        """Do the step for one item."""

    def __rshift__(self, following: "Stage[Out_co, Next_co]") -> "Stage[In_contra, Next_co]":
        """Feed what this stage gives to the ``following`` one."""
        return _Then(self, following)


class _Then(Stage[In_contra, Out_co]):
    def __init__(self, first: Stage[In_contra, Middle], second: Stage[Middle, Out_co]) -> None:
        self._first: Stage[In_contra, Any] = first
        self._second: Stage[Any, Out_co] = second

    async def run(self, item: In_contra, /) -> Out_co:
        return await _timed(self._second, await _timed(self._first, item))

    def __repr__(self) -> str:
        return f"{self._first!r} >> {self._second!r}"


async def _timed(stage: Stage[In_contra, Out_co], item: In_contra) -> Out_co:
    timings = _timings.get()
    if timings is None or isinstance(stage, _Then):
        return await stage.run(item)
    started = time.perf_counter()
    result = await stage.run(item)
    timings[type(stage).__name__] = (time.perf_counter() - started) * 1000
    return result


@contextmanager
def stage_timings() -> Iterator[dict[str, float]]:
    """Collect the milliseconds each stage takes while the context is open."""
    timings: dict[str, float] = {}
    token = _timings.set(timings)
    try:
        yield timings
    finally:
        _timings.reset(token)


def run_without_waiting(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Finish a coroutine that only computes; works with and without a running event loop.

    Raises:
        ConfigurationError: If it waits for something, as stages that call a model do.
    """
    try:
        coroutine.send(None)
    except StopIteration as finished:
        result: Result = finished.value
        return result
    coroutine.close()
    raise ConfigurationError("this pipeline waits for a service; await the async method instead")
