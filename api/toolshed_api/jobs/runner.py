"""Runs jobs in threads of their own, beside the requests."""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import uuid4

from starlette.concurrency import run_in_threadpool

from toolshed.errors import StateError, ToolshedError
from toolshed_api.callers import Caller
from toolshed_api.jobs.queue import LEASE, JobQueue
from toolshed_api.jobs.records import Job, JobCancelledError, JobReleasedError, JobRequest

logger = logging.getLogger(__name__)

# Jobs of several tenants run side by side; they share the processor with the searches.
N_WORKERS = 2
# How soon a job is begun that another replica took in, or whose worker died.
_POLL_SECONDS = 1.0
_RENEW_SECONDS = LEASE.total_seconds() / 3
_CLOSE_SECONDS = 5.0
_MAX_DETAIL = 2_000

# Does a job, given how to say how far it is; gives what came of it, as JSON.
Work = Callable[["Run"], Mapping[str, Any]]


class Run:
    """A job while it runs.

    Attributes:
        job: It.
        payload: What was uploaded for it.
    """

    def __init__(self, runner: "JobRunner", job: Job, worker: str, payload: bytes) -> None:
        self._runner, self.job, self.worker, self.payload = runner, job, worker, payload
        self._told = (0, 0)
        self.is_cancelled = False

    def advance(self, done: int, total: int) -> None:
        """Say how far it is.

        Raises:
            JobCancelledError: If it is to end.
            JobReleasedError: If the service ends, or the job is somebody else's by now.
        """
        self.check()
        if (done, total) != self._told:
            self._told = (done, total)
            try:
                is_held = self._runner.queue.advance(self.worker, self.job.job_id, done, total)
            except StateError as error:
                # How far it is can be told next time; what is done does not wait for it.
                logger.warning("how far the job %s is could not be written down: %s", self.job.job_id, error)
                return
            if not is_held:
                raise JobReleasedError("another process has taken the job over")

    def check(self) -> None:
        """Go on, or raise; see :meth:`advance`."""
        if self.is_cancelled:
            raise JobCancelledError("the job was cancelled; what was done until then stays")
        if self._runner.is_closing:
            raise JobReleasedError("the service ends; the job goes on when it is there again")


class JobRunner:
    """Takes jobs from the queue and does them; what a process leaves undone, the next one does.

    Args:
        queue: The queue.
        work: Does a job.
    """

    def __init__(self, queue: JobQueue, work: Work) -> None:
        self.queue, self._work = queue, work
        # By who holds them: one for each time a job is taken, so that of two that hold one, one finds out.
        self._runs: dict[str, Run] = {}
        self._closing, self._awake = threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=target, name=f"toolshed-jobs-{n}", daemon=True)
            for n, target in enumerate([*[self._take] * N_WORKERS, self._renew])
        ]

    @property
    def is_closing(self) -> bool:
        """Whether jobs are to be left to whoever comes after."""
        return self._closing.is_set()

    def start(self) -> None:
        """Begin to take jobs."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Look for jobs now."""
        self._awake.set()

    def submit(self, caller: Caller, request: JobRequest) -> Job:
        """See :meth:`.JobQueue.submit`; it is begun at once where nothing else is to be done."""
        job = self.queue.submit(caller, request)
        self.wake()
        return job

    async def asubmit(self, caller: Caller, request: JobRequest) -> Job:
        """The same, in a running event loop."""
        return await run_in_threadpool(self.submit, caller, request)

    def cancelled(self, job_id: str) -> None:
        """Tell a job that runs here that it was cancelled."""
        for run in list(self._runs.values()):
            if run.job.job_id == job_id:
                run.is_cancelled = True

    def close(self) -> None:
        """Put back what runs, and end."""
        self._closing.set()
        self._awake.set()
        for thread in self._threads:
            thread.join(_CLOSE_SECONDS)

    def _take(self) -> None:
        while not self.is_closing:
            worker = uuid4().hex
            try:
                job = self.queue.claim(worker)
            # Broad: a database that is away for a while must not end the thread.
            except Exception:
                logger.exception("jobs cannot be taken from the queue; tried again soon")
                job = None
            if job is None:
                self._awake.wait(_POLL_SECONDS)
                self._awake.clear()
            else:
                self._do(job, worker)

    def _do(self, job: Job, worker: str) -> None:
        end = self._ending(job, worker)
        self._runs.pop(worker, None)
        # A database that is away: the lease runs out, and the job is begun again.
        with suppress(ToolshedError):
            end()
        # Another job of its tenant may have waited for this one.
        self.wake()

    def _ending(self, job: Job, worker: str) -> Callable[[], bool]:
        """Do a job; gives what writes down how it ended."""
        queue, job_id = self.queue, job.job_id
        try:
            run = self._runs[worker] = Run(self, job, worker, queue.payload(job_id))
            run.is_cancelled = job.is_cancelled
            run.check()
            return partial(queue.succeed, worker, job_id, self._work(run))
        except JobCancelledError:
            return partial(queue.end_cancelled, worker, job_id)
        except (JobReleasedError, CancelledError, StateError):
            return partial(queue.release, worker, job_id)
        except ToolshedError as error:
            told = {"code": error.code, "detail": str(error)[:_MAX_DETAIL], "status": error.http_status}
            return partial(queue.fail, worker, job_id, told)
        # Broad: whatever a job raises ends that job.
        except Exception:
            if self.is_closing:
                return partial(queue.release, worker, job_id)
            logger.exception("the job %s failed", job_id)
            told = {
                "code": "internal_error",
                "detail": "the job failed; the log has the reason",
                "status": 500,
            }
            return partial(queue.fail, worker, job_id, told)

    def _renew(self) -> None:
        while not self._closing.wait(_RENEW_SECONDS):
            try:
                for worker, run in list(self._runs.items()):
                    if any(self.queue.renew(worker, [run.job.job_id]).values()):
                        run.is_cancelled = True
            # Broad: see above.
            except Exception:
                logger.exception("the jobs that run here could not be held; tried again soon")
