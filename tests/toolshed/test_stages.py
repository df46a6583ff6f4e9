import asyncio
import threading
from collections.abc import Callable

import pytest

from toolshed.errors import ConfigurationError, StageTimeoutError
from toolshed.metering.runs import recorded_run
from toolshed.stages import Stage, run_awaited, run_blocking


class Double(Stage[int, int]):
    async def run(self, item: int, /) -> int:
        return item * 2

    def __repr__(self) -> str:
        return "Double()"


class Show(Stage[int, str]):
    async def run(self, item: int, /) -> str:
        return f"<{item}>"

    def __repr__(self) -> str:
        return "Show()"


class Wait(Stage[int, int]):
    waits = True

    async def run(self, item: int, /) -> int:
        await asyncio.sleep(0.001)
        return item + 1


class Undeclared(Stage[int, int]):
    async def run(self, item: int, /) -> int:
        await asyncio.sleep(0)
        return item


class Fail(Stage[int, int]):
    async def run(self, item: int, /) -> int:
        raise ValueError("no")


class Where(Stage[object, str]):
    async def run(self, item: object, /) -> str:
        return threading.current_thread().name


class WhereWaiting(Where):
    waits = True


async def test_each_stage_feeds_the_next() -> None:
    pipeline = Double() >> Double() >> Show()
    assert await pipeline.run(3) == "<12>"
    assert repr(pipeline) == "Double() >> Double() >> Show()"


def test_stages_of_one_class_are_timed_apart() -> None:
    with recorded_run() as run:
        run_blocking(Double() >> Double() >> Show(), 1)
    assert list(run.timings_ms) == ["Double", "Double (2)", "Show"]
    assert all(milliseconds >= 0 for milliseconds in run.timings_ms.values())
    run_blocking(Double() >> Show(), 1)
    assert len(run.spans) == 3


def test_a_run_inside_a_run_has_a_record_of_its_own() -> None:
    with recorded_run() as outer:
        with recorded_run() as inner:
            run_blocking(Double(), 1)
        run_blocking(Show(), 1)
    assert [span.stage for span in inner.spans] == ["Double"]
    assert [span.stage for span in outer.spans] == ["Show"]


def test_a_stage_that_fails_is_named() -> None:
    with recorded_run() as run, pytest.raises(ValueError, match="no") as caught:
        run_blocking(Double() >> Fail(), 1)
    assert caught.value.__notes__ == ["in the stage Fail"]
    assert [span.error for span in run.spans] == [None, "ValueError: no"]


def test_computing_needs_no_event_loop() -> None:
    assert run_blocking(Double() >> Show(), 2) == "<4>"


def test_a_pipeline_waits_as_soon_as_one_of_its_stages_does() -> None:
    assert not (Double() >> Show()).waits
    assert (Double() >> Wait() >> Show()).waits


def test_a_stage_that_waits_is_driven_from_synchronous_code() -> None:
    with recorded_run() as run:
        assert run_blocking(Double() >> Wait() >> Show(), 2) == "<5>"
    assert list(run.timings_ms) == ["Double", "Wait", "Show"]


async def test_a_stage_that_waits_is_driven_inside_a_running_loop() -> None:
    assert run_blocking(Double() >> Wait() >> Show(), 2) == "<5>"


async def test_what_waits_is_awaited_here_and_what_computes_leaves_the_loop() -> None:
    here = threading.current_thread().name
    assert await run_awaited(WhereWaiting(), None) == here
    assert await run_awaited(Where(), None) != here
    with recorded_run() as run:
        assert await run_awaited(Double() >> Wait() >> Show(), 2) == "<5>"
    assert list(run.timings_ms) == ["Double", "Wait", "Show"]


@pytest.mark.parametrize("stage", [Undeclared(), Double() >> Undeclared()])
def test_a_stage_that_waits_without_saying_so_is_told(stage: Stage[int, int]) -> None:
    with pytest.raises(ConfigurationError, match="waits = True"):
        run_blocking(stage, 2)


class WaitForEver(Stage[int, int]):
    waits = True
    deadline_seconds = 0.05

    async def run(self, item: int, /) -> int:
        await asyncio.Event().wait()
        return item


class TimesOutByItself(Stage[int, int]):
    waits = True

    async def run(self, item: int, /) -> int:
        raise TimeoutError("the model's own")


@pytest.mark.parametrize("run", [run_blocking, lambda stage, item: asyncio.run(run_awaited(stage, item))])
def test_a_stage_that_waits_too_long_is_given_up(run: Callable[[Stage[int, int], int], int]) -> None:
    with pytest.raises(StageTimeoutError, match=r"WaitForEver did not answer within 0\.05 s"):
        run(Double() >> WaitForEver() >> Double(), 1)


def test_a_timeout_of_the_stage_itself_stays_its_own() -> None:
    with pytest.raises(TimeoutError, match="the model's own"):
        run_blocking(TimesOutByItself(), 1)
