"""Search tools and look at them."""

from typing import Annotated

from fastapi import APIRouter, Query

from toolshed.errors import EncoderError, InvalidQueryError, KnowledgeBaseError, UnknownToolError
from toolshed_api.bodies import StrictRoute
from toolshed_api.dependencies import CurrentSettings, CurrentShed
from toolshed_api.limits import check_limits, page_of
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.tools.schemas import SearchRequest, SearchResponse, ToolBody, ToolListResponse
from toolshed_api.scopes import needs

router = APIRouter(
    prefix="/v1/tools",
    tags=["tools"],
    route_class=StrictRoute,
    dependencies=[needs("search")],
    responses=problem_responses(InvalidRequestError, KnowledgeBaseError, OverloadedError),
)

# Plain functions: FastAPI runs them in threads, and the encoder and the matrix products release the
# interpreter, so one request's work never blocks the others.


@router.post("/search", responses=problem_responses(InvalidRequestError, InvalidQueryError, EncoderError))
def search_tools(body: SearchRequest, shed: CurrentShed, settings: CurrentSettings) -> SearchResponse:
    """Find the tools for a request. An empty list with status ``no_match`` says that none fits."""
    check_limits(body["query"], body.get("k", 5), settings, of="tools")
    found = shed.search(**body)
    return SearchResponse.model_validate(found.to_json())


@router.get("")
def list_tools(
    shed: CurrentShed,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most ids to return.")] = 100,
    after: Annotated[str, Query(description="The last id of the page before.")] = "",
) -> ToolListResponse:
    """List the ids of all tools, page by page."""
    page = page_of(shed.list_tools(), limit=limit, after=after)
    return ToolListResponse(tool_ids=page.ids, total=page.total, next_after=page.next_after)


@router.get("/{tool_id:path}", responses=problem_responses(UnknownToolError))
def get_tool(tool_id: str, shed: CurrentShed) -> ToolBody:
    """The definition of one tool."""
    tool = shed.get_tool(tool_id)
    return ToolBody(
        tool_id=tool.tool_id,
        name=tool.name,
        description=tool.description,
        parameters=dict(tool.parameters),
        source=tool.source,
        tags=list(tool.tags),
        output_schema=None if tool.output_schema is None else dict(tool.output_schema),
        annotations=dict(tool.annotations),
        content_hash=tool.content_hash,
    )
