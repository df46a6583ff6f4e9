"""The queue of jobs, on SQLite and on PostgreSQL."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from toolshed.errors import StateError
from toolshed.state.database import Database
from toolshed.visibility import Visibility
from toolshed_api.callers import Caller
from toolshed_api.jobs import queue as module
from toolshed_api.jobs.queue import JobQueue
from toolshed_api.jobs.records import JobEndedError, JobRequest, UnknownJobError
from toolshed_api.problems import OverloadedError

ANA = Caller("ana", "a", frozenset({"index"}), Visibility(frozenset({"crm"})))
REQUEST = JobRequest("source", {"name": "crm"}, b"payload")


@pytest.fixture
def queue(location: str) -> Iterator[JobQueue]:
    database = Database.open(location, "state", StateError)
    yield JobQueue(database)
    database.close()


def test_a_job_is_kept_with_the_rights_of_who_asked_until_it_has_ended(queue: JobQueue) -> None:
    job_id = queue.submit(ANA, REQUEST).job_id
    job = queue.claim("w")
    assert job is not None
    assert (job.job_id, job.status, job.attempts) == (job_id, "running", 1)
    assert job.in_whose_hands().visible == ANA.visible
    assert queue.payload(job_id) == b"payload"
    assert queue.advance("w", job_id, 3, 9)
    assert queue.succeed("w", job_id, {"added": ["x"]})
    ended = queue.get(ANA, job_id)
    assert (ended.status, ended.done, ended.total, ended.result) == ("succeeded", 3, 9, {"added": ["x"]})
    assert queue.payload(job_id) == b""
    assert ended.version == 3


def test_a_job_is_its_callers_and_his_administrators(queue: JobQueue) -> None:
    job_id = queue.submit(ANA, REQUEST).job_id
    for stranger in (Caller("ben", "a", frozenset({"index"})), Caller("ana", "b")):
        with pytest.raises(UnknownJobError):
            queue.get(stranger, job_id)
        with pytest.raises(UnknownJobError):
            queue.cancel(stranger, job_id)
        assert queue.list(stranger, limit=9) == []
    assert queue.get(Caller("admin", "a"), job_id).job_id == job_id


def test_jobs_are_listed_page_by_page_whatever_is_added_meanwhile(queue: JobQueue) -> None:
    ids = [queue.submit(ANA, REQUEST).job_id for _ in range(5)]
    first = queue.list(ANA, limit=2)
    queue.submit(ANA, REQUEST)
    rest = queue.list(ANA, limit=9, after=first[-1].job_id)
    assert [job.job_id for job in (*first, *rest)] == ids[::-1]


def test_one_job_of_a_tenant_runs_at_a_time_and_tenants_beside_each_other(queue: JobQueue) -> None:
    first, second = (queue.submit(ANA, REQUEST).job_id for _ in range(2))
    other = queue.submit(replace(ANA, tenant="b"), REQUEST).job_id
    taken = [queue.claim("w1"), queue.claim("w2"), queue.claim("w3")]
    assert [job and job.job_id for job in taken] == [first, other, None]
    queue.succeed("w1", first, {})
    job = queue.claim("w3")
    assert job is not None
    assert job.job_id == second


def test_many_workers_never_take_one_job_twice(queue: JobQueue) -> None:
    ids = {queue.submit(replace(ANA, tenant=f"t{n}"), REQUEST).job_id for n in range(24)}
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(lambda n: queue.claim(f"w{n}"), range(32)))
    finally:
        sys.setswitchinterval(before)
    claimed = [job.job_id for job in taken if job is not None]
    assert sorted(claimed) == sorted(ids)


def test_a_job_whose_worker_died_is_begun_again_and_not_without_end(
    queue: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = queue.submit(ANA, REQUEST).job_id
    monkeypatch.setattr(module, "LEASE", timedelta(seconds=-1))
    for attempt in range(1, module.MAX_ATTEMPTS + 1):
        job = queue.claim(f"w{attempt}")
        assert job is not None
        assert job.attempts == attempt
        # Who lost it may write nothing any more.
        assert not queue.succeed("w0", job_id, {})
    assert queue.claim("w9") is None
    ended = queue.get(ANA, job_id)
    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error["code"] == "job_abandoned"


def test_a_job_that_is_held_is_nobody_elses(queue: JobQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = queue.submit(ANA, REQUEST).job_id
    monkeypatch.setattr(module, "LEASE", timedelta(seconds=-1))
    queue.claim("w1")
    monkeypatch.undo()
    assert queue.renew("w1", [job_id]) == {job_id: False}
    assert queue.renew("w2", [job_id]) == {}
    assert queue.claim("w2") is None


def test_a_job_that_is_put_back_was_not_begun(queue: JobQueue) -> None:
    job_id = queue.submit(ANA, REQUEST).job_id
    for _ in range(5):
        assert queue.claim("w") is not None
        assert queue.release("w", job_id)
    assert queue.get(ANA, job_id).attempts == 0


def test_jobs_that_wait_are_cancelled_at_once_and_those_that_run_are_asked(queue: JobQueue) -> None:
    runs, waits = (queue.submit(ANA, REQUEST).job_id for _ in range(2))
    queue.claim("w")
    assert queue.cancel(ANA, waits).status == "cancelled"
    assert queue.cancel(ANA, runs).status == "running"
    assert queue.renew("w", [runs]) == {runs: True}
    assert queue.end_cancelled("w", runs)
    with pytest.raises(JobEndedError):
        queue.cancel(ANA, runs)


def test_the_queue_of_a_tenant_has_an_end(queue: JobQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_UNFINISHED", 2)
    queue.submit(ANA, REQUEST)
    second = queue.submit(ANA, REQUEST).job_id
    with pytest.raises(OverloadedError):
        queue.submit(ANA, REQUEST)
    queue.submit(replace(ANA, tenant="b"), REQUEST)
    queue.cancel(ANA, second)
    queue.submit(ANA, REQUEST)


def test_jobs_are_forgotten_some_time_after_their_end(
    queue: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = queue.submit(ANA, REQUEST).job_id
    queue.cancel(ANA, job_id)
    monkeypatch.setattr(module, "KEPT", timedelta(seconds=-1))
    waiting = queue.submit(ANA, REQUEST).job_id
    assert [job.job_id for job in queue.list(ANA, limit=9)] == [waiting]
