"""Call tools, and read on in long answers."""

from typing import Annotated

from fastapi import APIRouter, Query

from toolshed.errors import (
    ForbiddenAddressError,
    InvalidArgumentsError,
    InvalidQueryError,
    KnowledgeBaseError,
    LostConnectionError,
    MissingCredentialsError,
    NotCallableError,
    ToolCallError,
    ToolTimeoutError,
    TooManyCallsError,
    UnknownResultError,
    UnknownToolError,
)
from toolshed_api.callers import MissingScopeError
from toolshed_api.dependencies import CurrentSettings, CurrentShed
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.calls.schemas import (
    MAX_CALL_CHARACTERS,
    CallRequest,
    CallResponse,
    ResultPageResponse,
)
from toolshed_api.routes import WriteRoute
from toolshed_api.scopes import needs

router = APIRouter(
    prefix="/v1",
    tags=["calls"],
    route_class=WriteRoute,
    dependencies=[needs("call")],
    responses=problem_responses(InvalidRequestError, MissingScopeError, KnowledgeBaseError, OverloadedError),
)
_REFUSALS = problem_responses(
    UnknownToolError,
    InvalidRequestError,
    InvalidArgumentsError,
    NotCallableError,
    MissingCredentialsError,
    MissingScopeError,
    ForbiddenAddressError,
    ToolCallError,
    LostConnectionError,
    ToolTimeoutError,
    TooManyCallsError,
    KnowledgeBaseError,
    OverloadedError,
)


@router.post("/tools/{tool_id:any}/call", responses=_REFUSALS)
async def call_tool(
    tool_id: str, body: CallRequest, shed: CurrentShed, settings: CurrentSettings
) -> CallResponse:
    """Call a tool. With an ``Idempotency-Key``, a request that is sent again does not act again."""
    result = await shed.acall(
        tool_id,
        body.arguments,
        timeout_seconds=body.timeout_seconds,
        max_characters=body.max_characters,
        allow_commands=settings.allow_commands,
    )
    return CallResponse.model_validate(result.to_json())


@router.get(
    "/results/{handle}",
    responses=problem_responses(UnknownResultError, InvalidRequestError, InvalidQueryError),
)
def read_result(
    handle: str,
    shed: CurrentShed,
    offset: Annotated[int, Query(ge=0, le=2**53, description="The character to begin with.")] = 0,
    max_characters: Annotated[int, Query(ge=1, le=MAX_CALL_CHARACTERS)] = 20_000,
) -> ResultPageResponse:
    """Read on in a long answer; it is kept for some minutes after it was last read."""
    page = shed.read_result(handle, offset, max_characters=max_characters)
    return ResultPageResponse.model_validate(page.to_json())
