"""Jobs: how far they are, as they go on, and how to end them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from toolshed.errors import KnowledgeBaseError, StateError
from toolshed_api.bodies import StrictRoute
from toolshed_api.callers import MissingScopeError
from toolshed_api.dependencies import CurrentCaller, CurrentJobs
from toolshed_api.jobs.records import Job, JobEndedError, UnknownJobError
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.jobs.schemas import JobListResponse, JobResponse
from toolshed_api.routes import WriteRoute
from toolshed_api.scopes import needs

_ANY = problem_responses(
    InvalidRequestError, MissingScopeError, StateError, KnowledgeBaseError, OverloadedError
)
router = APIRouter(
    prefix="/v1/jobs",
    tags=["jobs"],
    route_class=StrictRoute,
    dependencies=[needs("index")],
    responses=_ANY,
)
writing = APIRouter(
    prefix="/v1/jobs",
    tags=["jobs"],
    route_class=WriteRoute,
    dependencies=[needs("index")],
    responses=_ANY,
)
# A stream ends before the time of an answer does; who follows comes back with the id of the last event.
STREAM_SECONDS = 20.0
_LOOK_SECONDS = 0.25
_RETRY_MS = 500


def _job(job_id: str, caller: CurrentCaller, jobs: CurrentJobs) -> Job:
    """The job of a request; looked for before anything is answered."""
    return jobs.queue.get(caller, job_id)


_OneJob = Annotated[Job, Depends(_job)]


@router.get("", responses=problem_responses(UnknownJobError))
def list_jobs(
    caller: CurrentCaller,
    jobs: CurrentJobs,
    limit: Annotated[int, Query(ge=1, le=100, description="Most jobs to return.")] = 20,
    after: Annotated[str | None, Query(max_length=80, description="The last id of the page before.")] = None,
) -> JobListResponse:
    """Your jobs, the latest first; all of the tenant's for an administrator."""
    found = jobs.queue.list(caller, limit=limit + 1, after=after)
    page = [JobResponse.of(job) for job in found[:limit]]
    return JobListResponse(jobs=page, next_after=page[-1].job_id if len(found) > limit else None)


@router.get("/{job_id}", responses=problem_responses(UnknownJobError))
def get_job(job: _OneJob) -> JobResponse:
    """How far a job is, and what came of it."""
    return JobResponse.of(job)


@router.get(
    "/{job_id}/events",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": (
                "Server-sent events: the job each time it changes, as GET /v1/jobs/{job_id} tells it; the "
                "last says that it has ended. A stream lasts some seconds, and goes on after the id in "
                "Last-Event-ID."
            )
        },
        **problem_responses(UnknownJobError),
    },
)
async def follow_job(
    job: _OneJob,
    caller: CurrentCaller,
    jobs: CurrentJobs,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Follow a job until it has ended."""
    seen = int(last_event_id) if last_event_id is not None and last_event_id.isdigit() else -1
    until = asyncio.get_running_loop().time() + STREAM_SECONDS
    while True:
        if job.version > seen:
            seen = job.version
            body = JobResponse.of(job)
            yield ServerSentEvent(data=body, event=job.status, id=str(job.version), retry=_RETRY_MS)
        if job.has_ended or asyncio.get_running_loop().time() >= until:
            return
        await asyncio.sleep(_LOOK_SECONDS)
        job = await run_in_threadpool(jobs.queue.get, caller, job.job_id)


@writing.post("/{job_id}/cancel", responses=problem_responses(UnknownJobError, JobEndedError))
def cancel_job(job_id: str, caller: CurrentCaller, jobs: CurrentJobs) -> JobResponse:
    """End a job that waits, or ask one that runs to end."""
    job = jobs.queue.cancel(caller, job_id)
    jobs.cancelled(job_id)
    return JobResponse.of(job)
