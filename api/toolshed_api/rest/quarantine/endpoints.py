"""See and decide on definitions whose changes are held back."""

from fastapi import APIRouter

from toolshed.errors import ConfigurationError, KnowledgeBaseError, StateError, UnknownToolError
from toolshed_api.callers import MissingScopeError
from toolshed_api.dependencies import CurrentShed
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.quarantine.schemas import (
    DecisionRequest,
    HeldToolResponse,
    PolicyRequest,
    PolicyResponse,
    QuarantineResponse,
)
from toolshed_api.routes import WriteRoute
from toolshed_api.scopes import needs

router = APIRouter(
    prefix="/v1/quarantine",
    tags=["quarantine"],
    route_class=WriteRoute,
    dependencies=[needs("admin")],
    responses=problem_responses(
        InvalidRequestError,
        UnknownToolError,
        MissingScopeError,
        StateError,
        ConfigurationError,
        KnowledgeBaseError,
        OverloadedError,
    ),
)


@router.get("")
def list_held_tools(shed: CurrentShed) -> QuarantineResponse:
    """List the definitions that wait for a decision, with what changed."""
    held, on_change = shed.held_tools()
    return QuarantineResponse(on_change=on_change, held=[HeldToolResponse.of(one) for one in held])


@router.post("/decisions", status_code=204)
def decide(body: DecisionRequest, shed: CurrentShed) -> None:
    """Approve a definition, which serves from then on, or reject it."""
    shed.decide_on_held(body.tool_id, body.content_hash, is_approved=body.decision == "approve")


@router.put("/policy")
def set_policy(body: PolicyRequest, shed: CurrentShed) -> PolicyResponse:
    """Say whether dangerous changes of the tenant's tools are held back."""
    shed.set_change_policy(body.on_change)
    return PolicyResponse(on_change=body.on_change)
