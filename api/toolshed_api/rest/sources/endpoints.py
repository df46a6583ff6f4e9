"""Sources of tools: list them, index them, bring them in step, remove them."""

import json
from typing import Annotated

from fastapi import APIRouter, Query, Response

from toolshed.errors import (
    ForbiddenSourceError,
    InvalidToolError,
    KnowledgeBaseError,
    SourceError,
    StateError,
    StorageFullError,
    UnknownSourceError,
)
from toolshed_api.bodies import StrictRoute
from toolshed_api.callers import ForeignSourceError, MissingScopeError
from toolshed_api.dependencies import CurrentJobs, CurrentSettings, CurrentShed, CurrentWriters
from toolshed_api.jobs.records import JobRequest
from toolshed_api.limits import page_of
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.jobs.schemas import JobResponse
from toolshed_api.rest.sources.locations import check_place, syncable_location
from toolshed_api.rest.sources.schemas import (
    SourceBody,
    SourceListResponse,
    SourceRemovedResponse,
    SourceRequest,
    SyncRequest,
)
from toolshed_api.rest.tools.definitions import checked_name
from toolshed_api.routes import WriteRoute
from toolshed_api.scopes import needs

_ANY = problem_responses(
    InvalidRequestError, MissingScopeError, KnowledgeBaseError, StateError, OverloadedError
)
_WRITES = problem_responses(
    InvalidRequestError,
    InvalidToolError,
    MissingScopeError,
    ForeignSourceError,
    ForbiddenSourceError,
    SourceError,
)
router = APIRouter(
    prefix="/v1/sources",
    tags=["sources"],
    route_class=StrictRoute,
    dependencies=[needs("search")],
    responses=_ANY,
)
writing = APIRouter(
    prefix="/v1/sources",
    tags=["sources"],
    route_class=WriteRoute,
    dependencies=[needs("index")],
    responses=_ANY,
)


@router.get("")
def list_sources(
    shed: CurrentShed,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most sources to return.")] = 100,
    after: Annotated[str, Query(description="The last name of the page before.")] = "",
) -> SourceListResponse:
    """List the sources of tools by name, page by page."""
    by_name = {source.name: source for source in shed.sources()}
    page = page_of(list(by_name), limit=limit, after=after)
    sources = [SourceBody.of(by_name[name], is_trusted=shed.caller.sees_locations) for name in page.ids]
    return SourceListResponse(sources=sources, total=page.total, next_after=page.next_after)


@writing.post("", status_code=202, responses=_WRITES)
def add_source(
    body: SourceRequest, shed: CurrentShed, jobs: CurrentJobs, settings: CurrentSettings, response: Response
) -> JobResponse:
    """Index a source, or bring it in step with what it lists now; the job says what changed."""
    if body.name is not None:
        shed.check_source(checked_name(body.name))
    if body.url is not None:
        check_place(body.url, settings)
    options = body.model_dump(exclude={"document", "tools"}) | {"is_list": body.tools is not None}
    uploaded = body.document if body.tools is None else body.tools
    payload = None if body.url is not None else json.dumps(uploaded).encode()
    job = jobs.submit(shed.caller, JobRequest("source", options, payload))
    response.headers["location"] = f"/v1/jobs/{job.job_id}"
    return JobResponse.of(job)


@writing.post("/{name}/sync", status_code=202, responses=_WRITES | problem_responses(UnknownSourceError))
def sync_source(
    name: str, body: SyncRequest, shed: CurrentShed, jobs: CurrentJobs, response: Response
) -> JobResponse:
    """Read a source again where it was read before."""
    known = {source.name: source for source in shed.sources()}
    if name not in known:
        raise UnknownSourceError(f"there is no source {name[:100]!r}")
    shed.check_source(name)
    syncable_location(known[name])
    job = jobs.submit(shed.caller, JobRequest("sync", {"name": name, **body.model_dump()}))
    response.headers["location"] = f"/v1/jobs/{job.job_id}"
    return JobResponse.of(job)


@writing.delete(
    "/{name}",
    responses=problem_responses(UnknownSourceError, MissingScopeError, ForeignSourceError, StorageFullError),
)
async def remove_source(name: str, shed: CurrentShed, writers: CurrentWriters) -> SourceRemovedResponse:
    """Remove a source with all of its tools."""
    n_tools = await writers.run(shed.caller.tenant, shed.remove_source, name)
    return SourceRemovedResponse(name=name, n_tools=n_tools)
