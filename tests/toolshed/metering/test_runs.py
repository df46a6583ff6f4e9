"""The record of a run; how stages write it is tested in ``test_stages``."""

import asyncio
import threading

import pytest

from toolshed.metering.runs import MeteredCall, RunRecord, StageSpan, current_run, recorded_run, report_call
from toolshed.metering.usage import Usage


def call(model: str = "small") -> MeteredCall:
    return MeteredCall("planner", model, Usage(10, 2), 0.1)


def test_outside_of_a_run_nothing_is_kept() -> None:
    report_call(call())
    assert current_run().calls == []
    assert current_run() is not current_run()


def test_a_run_that_fails_is_over_all_the_same() -> None:
    seen: list[RunRecord] = []

    def fail() -> None:
        with recorded_run() as run:
            seen.append(run)
            report_call(call())
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    report_call(call("later"))
    assert [one.model for one in seen[0].calls] == ["small"]


def test_stages_of_one_name_are_counted_on() -> None:
    names = ["Ask", "Ask", "Show", "Ask", "Ask (2)"]
    run = RunRecord(spans=[StageSpan(name, 0.0, seconds) for seconds, name in enumerate(names)])
    assert run.timings_ms == {
        "Ask": 0.0,
        "Ask (2)": 1000.0,
        "Show": 2000.0,
        "Ask (3)": 3000.0,
        "Ask (2) (2)": 4000.0,
    }


def test_a_stage_is_timed_although_it_fails_and_the_error_says_which_it_was() -> None:
    run = RunRecord()
    with pytest.raises(KeyError) as raised, run.span("Outer"), run.span("Inner"):
        raise KeyError("gone")
    assert [(span.stage, span.error) for span in run.spans] == [
        ("Inner", "KeyError: 'gone'"),
        ("Outer", "KeyError: 'gone'"),
    ]
    assert raised.value.__notes__ == ["in the stage Inner", "in the stage Outer"]
    inner, outer = run.spans
    assert outer.started <= inner.started
    assert outer.seconds >= inner.seconds >= 0


async def test_work_in_threads_and_tasks_is_told_to_the_run_it_is_done_for() -> None:
    async def one(name: str) -> list[str]:
        with recorded_run() as run:
            await asyncio.to_thread(report_call, call(name))
            await asyncio.gather(*(asyncio.to_thread(report_call, call(name)) for _ in range(4)))
        return [made.model for made in run.calls]

    assert await asyncio.gather(one("a"), one("b")) == [["a"] * 5, ["b"] * 5]


def test_a_thread_that_was_not_given_the_run_does_not_write_into_it() -> None:
    with recorded_run() as run:
        thread = threading.Thread(target=lambda: report_call(call()))
        thread.start()
        thread.join()
    assert run.calls == []
