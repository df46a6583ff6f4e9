"""One BLAS thread while a search runs, and what there was before afterwards."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_info

from tests.conftest import OpenShed
from toolshed import blas
from toolshed.blas import few_blas_threads
from toolshed.stages import Stage
from toolshed.testing import make_tool


def threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def three() -> Iterator[None]:
    # Not by threadpool_limits: it lets only the thread that used it first change anything.
    before = [(library, library.get_num_threads()) for library in blas._libraries()]
    for library, _ in before:
        blas._set(library, 3)
    yield
    for library, n_threads in before:
        blas._set(library, n_threads)


def test_callers_that_overlap_hold_it_until_the_last_has_ended() -> None:
    with few_blas_threads(1):
        with few_blas_threads(1):
            assert threads() == {1}
        assert threads() == {1}
    assert threads() == {3}


def test_fewer_threads_than_allowed_stay_and_none_leaves_all_as_it_is() -> None:
    with few_blas_threads(8):
        assert threads() == {3}
    with few_blas_threads(None):
        assert threads() == {3}


def test_an_error_gives_them_back() -> None:
    with pytest.raises(ZeroDivisionError), few_blas_threads(1):
        _ = 1 // 0
    assert threads() == {3}


def test_many_threads_leave_what_was_there() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    seen: list[set[int]] = []

    def work() -> None:
        for _ in range(50):
            with few_blas_threads(1):
                seen.append(threads())

    try:
        workers = [threading.Thread(target=work) for _ in range(16)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(timeout=120)
    finally:
        sys.setswitchinterval(interval)
    assert len(seen) == 800
    assert all(one == {1} for one in seen)
    assert threads() == {3}


@pytest.mark.parametrize(("blas_threads", "expected"), [(1, {1}), (2, {2}), (None, {3})])
def test_a_search_is_held_to_what_was_asked_for(
    open_shed: OpenShed, blas_threads: int | None, expected: set[int]
) -> None:
    seen = []

    class Look(Stage):  # type: ignore[type-arg]  # of any query
        async def run(self, query: object, /) -> object:
            seen.append(threads())
            return query

    from toolshed.pipelines import build_pipeline

    shed = open_shed(
        pipeline=lambda made_of: Look() >> build_pipeline("default", made_of), blas_threads=blas_threads
    )
    shed.add_tools(make_tool("get_forecast", "Weather forecast for a city."))
    shed.search("weather")
    assert seen == [expected]
    assert threads() == {3}


def test_the_command_line_need_not_wait_for_it() -> None:
    program = "import sys, toolshed.commands.main; print('threadpoolctl' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"
