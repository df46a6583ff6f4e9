"""Grant sources and tools to groups, and take grants back."""

from fastapi import APIRouter

from toolshed.errors import StateError
from toolshed_api.auth.errors import InvalidAccessError, UnknownGrantError, UnknownTenantError
from toolshed_api.bodies import StrictRoute
from toolshed_api.dependencies import CurrentAuthority, CurrentCaller, CurrentTrail
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.grants.schemas import GrantBody, GrantListResponse, GrantRequest
from toolshed_api.rest.names import After, Limit, MeantTenant
from toolshed_api.scopes import needs

router = APIRouter(
    prefix="/v1/grants",
    tags=["administration"],
    route_class=StrictRoute,
    dependencies=[needs("admin")],
    responses=problem_responses(InvalidRequestError, StateError, OverloadedError),
)


@router.post(
    "",
    status_code=201,
    responses=problem_responses(UnknownTenantError, InvalidRequestError, InvalidAccessError),
)
def create_grant(
    body: GrantRequest,
    authority: CurrentAuthority,
    caller: CurrentCaller,
    trail: CurrentTrail,
    tenant: MeantTenant,
) -> GrantBody:
    """Grant a source or a tool; granting it again answers with the grant that is there."""
    target = f"{body.kind} {body.object} to {body.subject}"
    with trail.recording(caller, "grants.create", target, tenant=tenant), authority.changes():
        made = authority.grants.add(tenant, body.subject, body.kind, body.object, created_by=caller.name)
    return GrantBody.model_validate(made)


@router.get("", responses=problem_responses(UnknownTenantError))
def list_grants(
    authority: CurrentAuthority,
    caller: CurrentCaller,
    trail: CurrentTrail,
    tenant: MeantTenant,
    limit: Limit = 100,
    after: After = "",
) -> GrantListResponse:
    """List grants page by page, and whether they count."""
    with trail.recording(caller, "grants.list", tenant=tenant):
        found = authority.grants.list_grants(tenant, after=after, limit=limit + 1)
        is_in_force = authority.tenants.get(tenant).is_restricted
    grants = [GrantBody.model_validate(grant) for grant in found[:limit]]
    next_after = grants[-1].grant_id if len(found) > limit else None
    return GrantListResponse(grants=grants, is_in_force=is_in_force, next_after=next_after)


@router.delete("/{grant_id}", status_code=204, responses=problem_responses(UnknownGrantError))
def delete_grant(
    grant_id: str,
    authority: CurrentAuthority,
    caller: CurrentCaller,
    trail: CurrentTrail,
    tenant: MeantTenant,
) -> None:
    """Take a grant back."""
    with trail.recording(caller, "grants.delete", grant_id, tenant=tenant), authority.changes():
        authority.grants.remove(grant_id, tenant=tenant)
