"""Stages and their composition: ``Decompose() >> Encode(encoders) >> Search(index) >> Fuse(preset)``."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Sequence
from itertools import groupby
from typing import Any, Generic, TypeVar

from toolshed.errors import ConfigurationError, StageTimeoutError
from toolshed.metering.runs import current_run
from toolshed.waiting import wait_for

In_contra = TypeVar("In_contra", contravariant=True)
Out_co = TypeVar("Out_co", covariant=True)
Next_co = TypeVar("Next_co", covariant=True)
Item = TypeVar("Item")
Result = TypeVar("Result")


class Stage(ABC, Generic[In_contra, Out_co]):
    """One step of a pipeline. Stages hold configuration, never the state of a query.

    Attributes:
        waits: Whether it waits for something outside this process, such as a model. What waits is awaited
            on the caller's event loop; what only computes is kept off it, in a worker thread.
        deadline_seconds: When a stage that waits is given up.
    """

    waits: bool = False
    deadline_seconds: float = 60.0

    @abstractmethod
    async def run(self, item: In_contra, /) -> Out_co:
        """Do the step for one item."""

    def __rshift__(self, following: "Stage[Out_co, Next_co]") -> "Stage[In_contra, Next_co]":
        """Feed what this stage gives to the ``following`` one."""
        return Pipeline([*_flattened(self), *_flattened(following)])


class Pipeline(Stage[In_contra, Out_co]):
    """Stages one after the other, each timed in the record of the run.

    Args:
        stages: The stages; each takes what the one before gives, which ``>>`` lets the type checker see.
    """

    def __init__(self, stages: Sequence[Stage[Any, Any]]) -> None:
        # Any: a sequence cannot say that neighbours fit.
        self.stages = tuple(stages)
        self.waits = any(stage.waits for stage in stages)

    async def run(self, item: In_contra, /) -> Out_co:
        """Run the stages in order."""
        value: Any = item
        record = current_run()
        for stage in self.stages:
            with record.span(type(stage).__name__):
                value = await (_in_time(stage, value) if stage.waits else stage.run(value))
        result: Out_co = value
        return result

    def __repr__(self) -> str:
        return " >> ".join(map(repr, self.stages))


async def _in_time(stage: Stage[Item, Result], item: Item) -> Result:
    """Await a stage until its deadline.

    Raises:
        StageTimeoutError: If it has not answered by then.
    """
    try:
        async with asyncio.timeout(stage.deadline_seconds) as deadline:
            return await stage.run(item)
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise StageTimeoutError(
            f"the stage {type(stage).__name__} did not answer within {stage.deadline_seconds:g} s; ask "
            "again, or give its class a longer deadline_seconds"
        ) from error


def _flattened(stage: Stage[Any, Any]) -> Sequence[Stage[Any, Any]]:
    return stage.stages if isinstance(stage, Pipeline) else (stage,)


def run_blocking(stage: Stage[Item, Result], item: Item) -> Result:
    """Run a stage or pipeline to its end from synchronous code, in this thread where nothing waits."""
    if stage.waits:
        return wait_for(_timed(stage).run(item))
    return _finished(_timed(stage).run(item), stage)


async def run_awaited(stage: Stage[Item, Result], item: Item) -> Result:
    """Run a stage or pipeline: await what waits, and compute the rest in worker threads."""
    value: Any = item
    for waits, group in groupby(_flattened(stage), key=lambda one: one.waits):
        part: Pipeline[Any, Any] = Pipeline(list(group))
        if waits:
            value = await part.run(value)
        else:
            value = await asyncio.to_thread(run_blocking, part, value)
    result: Result = value
    return result


def _timed(stage: Stage[Item, Result]) -> Stage[Item, Result]:
    return stage if isinstance(stage, Pipeline) else Pipeline([stage])


def _finished(coroutine: Coroutine[Any, Any, Result], stage: Stage[Any, Any]) -> Result:
    """Finish a coroutine that only computes, without an event loop.

    Raises:
        ConfigurationError: If it waits for something although its stage does not say so.
    """
    try:
        coroutine.send(None)
    except StopIteration as finished:
        result: Result = finished.value
        return result
    coroutine.close()
    raise ConfigurationError(f"a stage of {stage!r} awaits, and does not say so; give its class waits = True")
