import asyncio

import pytest

from toolshed.errors import ConfigurationError
from toolshed.stages import Stage, run_without_waiting, stage_timings


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
    async def run(self, item: int, /) -> int:
        await asyncio.sleep(0)
        return item


async def test_each_stage_feeds_the_next() -> None:
    pipeline = Double() >> Double() >> Show()
    assert await pipeline.run(3) == "<12>"
    assert repr(pipeline) == "Double() >> Double() >> Show()"


async def test_timings_are_collected_by_stage_while_asked_for() -> None:
    with stage_timings() as timings:
        await (Double() >> Show()).run(1)
    assert set(timings) == {"Double", "Show"}
    assert all(milliseconds >= 0 for milliseconds in timings.values())
    await (Double() >> Show()).run(1)
    assert set(timings) == {"Double", "Show"}


def test_computing_needs_no_event_loop() -> None:
    assert run_without_waiting((Double() >> Show()).run(2)) == "<4>"


def test_waiting_without_an_event_loop_is_explained() -> None:
    with pytest.raises(ConfigurationError, match="await the async method"):
        run_without_waiting((Double() >> Wait()).run(2))
