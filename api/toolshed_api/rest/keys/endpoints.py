"""Make, list, rotate and revoke API keys."""

from fastapi import APIRouter, Response

from toolshed.errors import ConfigurationError, StateError
from toolshed_api.auth.errors import (
    AccessConflictError,
    InvalidAccessError,
    UnknownKeyError,
    UnknownTenantError,
)
from toolshed_api.auth.keys import KeyWishes, NewKey
from toolshed_api.bodies import StrictRoute
from toolshed_api.dependencies import CurrentAuthority, CurrentCaller, CurrentTrail
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.keys.schemas import KeyBody, KeyListResponse, KeyRequest, NewKeyBody, RotationRequest
from toolshed_api.rest.names import After, Limit, MeantTenant
from toolshed_api.scopes import needs

router = APIRouter(
    prefix="/v1/keys",
    tags=["administration"],
    route_class=StrictRoute,
    dependencies=[needs("admin")],
    responses=problem_responses(InvalidRequestError, StateError, OverloadedError),
)


@router.post(
    "",
    status_code=201,
    responses=problem_responses(
        UnknownTenantError,
        InvalidRequestError,
        InvalidAccessError,
        AccessConflictError,
        ConfigurationError,
    ),
)
def create_key(
    body: KeyRequest,
    authority: CurrentAuthority,
    caller: CurrentCaller,
    trail: CurrentTrail,
    tenant: MeantTenant,
    response: Response,
) -> NewKeyBody:
    """Make a key. Its text is in this answer, and never shown again."""
    wishes = KeyWishes(
        body.name, frozenset(body.scopes), tuple(body.groups), body.requests_per_minute, body.lifetime_seconds
    )
    if authority.is_open and "admin" not in body.scopes:
        raise AccessConflictError(
            "with its first key a service asks everybody for one; let that be one with the scope 'admin'"
        )
    with trail.recording(caller, "keys.create", tenant=tenant) as note, authority.changes():
        made = authority.keys.create(tenant, wishes, created_by=caller.name)
        note.target = made.record.key_id
    return _shown_once(made, response)


@router.get("")
def list_keys(
    authority: CurrentAuthority,
    caller: CurrentCaller,
    trail: CurrentTrail,
    tenant: MeantTenant,
    limit: Limit = 100,
    after: After = "",
) -> KeyListResponse:
    """List keys page by page, those that were revoked or have expired too."""
    with trail.recording(caller, "keys.list", tenant=tenant):
        records = authority.keys.list_keys(tenant, after=after, limit=limit + 1)
    keys = [KeyBody.model_validate(record) for record in records[:limit]]
    return KeyListResponse(keys=keys, next_after=keys[-1].key_id if len(records) > limit else None)


@router.post(
    "/{key_id}/rotate",
    status_code=201,
    responses=problem_responses(
        UnknownKeyError, AccessConflictError, InvalidRequestError, InvalidAccessError, ConfigurationError
    ),
)
def rotate_key(
    key_id: str,
    body: RotationRequest,
    authority: CurrentAuthority,
    caller: CurrentCaller,
    trail: CurrentTrail,
    tenant: MeantTenant,
    response: Response,
) -> NewKeyBody:
    """Replace a key by one like it; the old one lets in for the overlap yet."""
    with trail.recording(caller, "keys.rotate", key_id, tenant=tenant), authority.changes():
        made = authority.keys.rotate(
            key_id, tenant=tenant, overlap_seconds=body.overlap_seconds, created_by=caller.name
        )
    return _shown_once(made, response)


@router.delete("/{key_id}", responses=problem_responses(UnknownKeyError))
def revoke_key(
    key_id: str,
    authority: CurrentAuthority,
    caller: CurrentCaller,
    trail: CurrentTrail,
    tenant: MeantTenant,
) -> KeyBody:
    """Let nobody in with a key any more. It stays in the list; doing it again changes nothing."""
    with trail.recording(caller, "keys.revoke", key_id, tenant=tenant), authority.changes():
        record = authority.keys.revoke(key_id, tenant=tenant)
    return KeyBody.model_validate(record)


def _shown_once(made: NewKey, response: Response) -> NewKeyBody:
    response.headers["cache-control"] = "no-store"
    return NewKeyBody(**KeyBody.model_validate(made.record).model_dump(), key=made.text)
