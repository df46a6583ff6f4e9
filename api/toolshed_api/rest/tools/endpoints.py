"""Tools one by one: add and change them, list them, look at them, remove them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from toolshed.catalog.definitions import Catalog
from toolshed.catalog.locations import SOURCE_NAME
from toolshed.catalog.visible_text import SEEN_ALONE
from toolshed.errors import (
    EncoderError,
    InvalidToolError,
    KnowledgeBaseError,
    SourceConflictError,
    StorageFullError,
    UnknownToolError,
)
from toolshed_api.bodies import StrictRoute
from toolshed_api.callers import ForeignSourceError, MissingScopeError
from toolshed_api.dependencies import CurrentShed, CurrentWriters
from toolshed_api.limits import page_of
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.tools.definitions import identified_tool, uploaded_catalogs
from toolshed_api.rest.tools.schemas import (
    DefinitionBody,
    RemovedResponse,
    SyncReportBody,
    ToolBody,
    ToolListResponse,
    UpsertRequest,
)
from toolshed_api.routes import WriteRoute
from toolshed_api.scopes import needs

_ANY = problem_responses(InvalidRequestError, MissingScopeError, KnowledgeBaseError, OverloadedError)
_WRITES = problem_responses(
    InvalidRequestError,
    InvalidToolError,
    SourceConflictError,
    MissingScopeError,
    ForeignSourceError,
    EncoderError,
    StorageFullError,
)
router = APIRouter(
    prefix="/v1/tools",
    tags=["tools"],
    route_class=StrictRoute,
    dependencies=[needs("search")],
    responses=_ANY,
)
writing = APIRouter(
    prefix="/v1/tools", tags=["tools"], route_class=WriteRoute, dependencies=[needs("index")], responses=_ANY
)


@writing.post("", responses=_WRITES)
async def add_tools(body: UpsertRequest, shed: CurrentShed, writers: CurrentWriters) -> SyncReportBody:
    """Add tools, and change those that are there and differ; searches see them as soon as this answers.

    More than this takes at once are a source: ``POST /v1/sources``.
    """
    catalogs = uploaded_catalogs(body.tools, source=body.source, origin=body.origin)
    report = await writers.run(
        shed.caller.tenant, shed.add_catalogs, catalogs, replace=body.replace, strict=body.strict
    )
    return SyncReportBody.of(report)


@writing.put("/{tool_id:any}", responses=_WRITES)
async def put_tool(
    tool_id: Annotated[str, Path(json_schema_extra={"pattern": f"^{SOURCE_NAME}:{SEEN_ALONE}$"})],
    body: DefinitionBody,
    shed: CurrentShed,
    writers: CurrentWriters,
) -> SyncReportBody:
    """Add one tool under an id, ``source:name``, or change the one that has it."""
    tool = identified_tool(body, tool_id)
    catalog = Catalog(tool.source, (tool,))
    report = await writers.run(shed.caller.tenant, shed.add_catalogs, [catalog])
    return SyncReportBody.of(report)


@writing.delete(
    "/{tool_id:any}", responses=problem_responses(UnknownToolError, ForeignSourceError, MissingScopeError)
)
async def delete_tool(tool_id: str, shed: CurrentShed, writers: CurrentWriters) -> RemovedResponse:
    """Remove one tool; it comes back when its source lists it and is synced."""
    await writers.run(shed.caller.tenant, shed.delete_tool, tool_id)
    return RemovedResponse(removed=[tool_id])


# Plain functions: FastAPI runs them in threads.


@router.get("")
def list_tools(
    shed: CurrentShed,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most ids to return.")] = 100,
    after: Annotated[str, Query(description="The last id of the page before.")] = "",
) -> ToolListResponse:
    """List the ids of all tools, page by page; what is written meanwhile moves no page."""
    page = page_of(shed.list_tools(), limit=limit, after=after)
    return ToolListResponse(tool_ids=page.ids, total=page.total, next_after=page.next_after)


@router.get("/named/{exported_name}", responses=problem_responses(UnknownToolError))
def get_tool_named(exported_name: str, shed: CurrentShed) -> ToolBody:
    """The definition of the tool that providers and models call by a name."""
    return ToolBody.of(shed.tool_named(exported_name))


@router.get("/{tool_id:any}", responses=problem_responses(UnknownToolError))
def get_tool(tool_id: str, shed: CurrentShed) -> ToolBody:
    """The definition of one tool."""
    return ToolBody.of(shed.get_tool(tool_id))
