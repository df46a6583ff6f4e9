"""What runs jobs."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.waiting import PATIENCE_SECONDS, eventually
from toolshed.errors import InvalidToolError, StateError
from toolshed.state.database import Database
from toolshed_api.callers import Caller
from toolshed_api.jobs.queue import JobQueue
from toolshed_api.jobs.records import Job, JobRequest
from toolshed_api.jobs.runner import JobRunner, Run

ANA = Caller("ana")
REQUEST = JobRequest("sync", {"name": "crm"})
Start = Callable[[Callable[[Run], Mapping[str, Any]]], JobRunner]


@pytest.fixture
def database(tmp_path: Any) -> Iterator[Database]:
    opened = Database.open(str(tmp_path / "state.db"), "state", StateError)
    yield opened
    opened.close()


@pytest.fixture
def start(database: Database) -> Iterator[Start]:
    runners: list[JobRunner] = []

    def started(work: Callable[[Run], Mapping[str, Any]]) -> JobRunner:
        runners.append(JobRunner(JobQueue(database), work))
        runners[-1].start()
        return runners[-1]

    yield started
    for runner in runners:
        runner.close()


def ended(runner: JobRunner, job: Job) -> Job:
    eventually(lambda: runner.queue.get(ANA, job.job_id).has_ended)
    return runner.queue.get(ANA, job.job_id)


def test_a_job_is_done_and_what_came_of_it_kept(start: Start) -> None:
    def work(run: Run) -> Mapping[str, Any]:
        run.advance(1, 2)
        run.advance(2, 2)
        return {"name": run.job.request["name"]}

    runner = start(work)
    done = ended(runner, runner.submit(ANA, REQUEST))
    assert (done.status, done.done, done.result) == ("succeeded", 2, {"name": "crm"})


def test_what_a_job_raises_is_told_and_the_next_is_done(start: Start) -> None:
    errors = iter([InvalidToolError("bad"), ValueError("secret")])

    def work(run: Run) -> Mapping[str, Any]:
        for error in errors:
            raise error
        return {}

    runner = start(work)
    told = [ended(runner, runner.submit(ANA, REQUEST)) for _ in range(3)]
    assert [job.status for job in told] == ["failed", "failed", "succeeded"]
    assert told[0].error == {"code": "invalid_tool", "detail": "bad", "status": 422}
    assert told[1].error is not None
    assert told[1].error["code"] == "internal_error"
    assert "secret" not in told[1].error["detail"]


def test_a_job_that_runs_ends_soon_after_it_is_cancelled(start: Start) -> None:
    begun = threading.Event()

    def work(run: Run) -> Mapping[str, Any]:
        begun.set()
        for n in range(1_000):
            run.advance(n, 1_000)
            time.sleep(0.02)
        return {}

    runner = start(work)
    job = runner.submit(ANA, REQUEST)
    assert begun.wait(PATIENCE_SECONDS)
    runner.queue.cancel(ANA, job.job_id)
    runner.cancelled(job.job_id)
    assert ended(runner, job).status == "cancelled"


def test_what_a_service_leaves_undone_the_next_one_does(database: Database, start: Start) -> None:
    begun = threading.Event()

    def forever(run: Run) -> Mapping[str, Any]:
        begun.set()
        while True:
            run.check()
            time.sleep(0.01)

    first = JobRunner(JobQueue(database), forever)
    first.start()
    job = first.submit(ANA, REQUEST)
    assert begun.wait(PATIENCE_SECONDS)
    first.close()
    assert first.queue.get(ANA, job.job_id).status == "queued"
    second = start(lambda run: {"by": "second"})
    done = ended(second, job)
    assert (done.result, done.attempts) == ({"by": "second"}, 1)
