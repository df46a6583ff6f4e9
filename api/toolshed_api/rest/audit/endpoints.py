"""Read the audit log, and what it counts."""

from typing import Annotated

from fastapi import APIRouter, Query

from toolshed.errors import ConfigurationError, KnowledgeBaseError, StateError
from toolshed_api.bodies import StrictRoute
from toolshed_api.callers import MissingScopeError
from toolshed_api.dependencies import CurrentAudit, CurrentCaller, CurrentShed, CurrentTrail
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.audit.schemas import AuditEventBody, AuditResponse, UseResponse
from toolshed_api.rest.names import MeantTenant
from toolshed_api.scopes import needs

router = APIRouter(
    prefix="/v1/audit",
    tags=["administration"],
    route_class=StrictRoute,
    dependencies=[needs("admin")],
    responses=problem_responses(InvalidRequestError, StateError, OverloadedError),
)


@router.get("")
def list_events(
    audit: CurrentAudit,
    caller: CurrentCaller,
    trail: CurrentTrail,
    tenant: MeantTenant,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most events to return.")] = 100,
    before: Annotated[
        int | None, Query(ge=1, le=2**63 - 1, description="Only events before this one.")
    ] = None,
    by: Annotated[str | None, Query(max_length=200, description="Only what this caller did.")] = None,
    action: Annotated[str | None, Query(max_length=60, description="Only what was done so.")] = None,
) -> AuditResponse:
    """Who did what, newest first; what was done a moment ago may come a moment later."""
    with trail.recording(caller, "audit.read", tenant=tenant):
        rows = audit.page(tenant, limit=limit + 1, before=before, caller=by, action=action)
    events = [AuditEventBody.model_validate(dict(row)) for row in rows[:limit]]
    return AuditResponse(events=events, next_before=events[-1].event_id if len(rows) > limit else None)


@router.get(
    "/use", responses=problem_responses(MissingScopeError, ConfigurationError, KnowledgeBaseError, StateError)
)
def report_use(
    shed: CurrentShed,
    days: Annotated[int, Query(ge=1, le=366, description="Today and the days before it, in UTC.")] = 30,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most of a kind to tell.")] = 100,
) -> UseResponse:
    """Requests of your tenant that found nothing, and tools never found, or found and never called."""
    return UseResponse.model_validate(shed.use_report(n_days=days, limit=limit), from_attributes=True)
