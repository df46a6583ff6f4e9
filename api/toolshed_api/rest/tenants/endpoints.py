"""Make, list and change tenants."""

from fastapi import APIRouter

from toolshed.errors import StateError
from toolshed_api.auth.errors import AccessConflictError, InvalidAccessError, UnknownTenantError
from toolshed_api.bodies import StrictRoute
from toolshed_api.callers import DEFAULT_TENANT
from toolshed_api.dependencies import CurrentAuthority, CurrentCaller, CurrentTrail
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.tenants.schemas import TenantBody, TenantChange, TenantListResponse, TenantRequest
from toolshed_api.scopes import needs

router = APIRouter(
    prefix="/v1/tenants",
    tags=["administration"],
    route_class=StrictRoute,
    dependencies=[needs("admin")],
    responses=problem_responses(InvalidRequestError, StateError, OverloadedError),
)


@router.post(
    "",
    status_code=201,
    responses=problem_responses(AccessConflictError, InvalidRequestError, InvalidAccessError),
)
def create_tenant(
    body: TenantRequest, authority: CurrentAuthority, caller: CurrentCaller, trail: CurrentTrail
) -> TenantBody:
    """Make a tenant; for administrators of 'default'."""
    with trail.recording(caller, "tenants.create", body.name), authority.changes():
        caller.check_manages(DEFAULT_TENANT)
        return TenantBody.model_validate(
            authority.tenants.create(body.name, is_restricted=body.is_restricted)
        )


@router.get("")
def list_tenants(
    authority: CurrentAuthority, caller: CurrentCaller, trail: CurrentTrail
) -> TenantListResponse:
    """List the tenants that the caller administers: all of them, or his own."""
    with trail.recording(caller, "tenants.list"):
        if caller.tenant == DEFAULT_TENANT:
            found = authority.tenants.list_tenants()
        else:
            found = [authority.tenants.get(caller.tenant)]
    return TenantListResponse(tenants=[TenantBody.model_validate(tenant) for tenant in found])


@router.patch("/{name}", responses=problem_responses(UnknownTenantError, AccessConflictError))
def change_tenant(
    name: str,
    body: TenantChange,
    authority: CurrentAuthority,
    caller: CurrentCaller,
    trail: CurrentTrail,
) -> TenantBody:
    """Restrict a tenant to what is granted, or suspend it; its own administrators may only restrict it."""
    with trail.recording(caller, "tenants.change", name), authority.changes():
        caller.check_manages(name if body.is_suspended is None else DEFAULT_TENANT)
        changed = authority.tenants.change(
            name, is_restricted=body.is_restricted, is_suspended=body.is_suspended
        )
    return TenantBody.model_validate(changed)
