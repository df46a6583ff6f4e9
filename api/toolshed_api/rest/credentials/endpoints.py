"""Keep credentials for upstream servers: one's own, and an administrator those of his tenant."""

from fastapi import APIRouter

from toolshed.errors import (
    ConfigurationError,
    InvalidRecordError,
    KnowledgeBaseError,
    NoSecretsKeyError,
    StateError,
    UnknownSourceError,
)
from toolshed_api.caller_credentials import CredentialSlot
from toolshed_api.callers import MissingScopeError
from toolshed_api.dependencies import CurrentShed
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.credentials.schemas import (
    CredentialListResponse,
    CredentialRequest,
    CredentialResponse,
)
from toolshed_api.routes import WriteRoute
from toolshed_api.scopes import ANY_CALLER

router = APIRouter(
    prefix="/v1/credentials",
    tags=["credentials"],
    route_class=WriteRoute,
    # Which scope follows from whose credential it is: CallerShed asks.
    dependencies=[ANY_CALLER],
    responses=problem_responses(
        InvalidRequestError,
        InvalidRecordError,
        UnknownSourceError,
        MissingScopeError,
        StateError,
        ConfigurationError,
        NoSecretsKeyError,
        KnowledgeBaseError,
        OverloadedError,
    ),
)


@router.get("")
def list_credentials(shed: CurrentShed) -> CredentialListResponse:
    """List which credentials are kept; nothing of them is shown."""
    return CredentialListResponse(credentials=[CredentialResponse.of(one) for one in shed.credentials()])


@router.put("")
def put_credential(body: CredentialRequest, shed: CurrentShed) -> CredentialResponse:
    """Keep a credential, in the place of the one before."""
    slot = CredentialSlot(level=body.level, source=body.source, scheme=body.scheme)
    return CredentialResponse.of(shed.put_credential(slot, body.secret()))


@router.delete("/{credential_id}", status_code=204)
def remove_credential(credential_id: str, shed: CurrentShed) -> None:
    """Remove a credential."""
    if not shed.remove_credential(credential_id):
        raise UnknownSourceError(f"there is no credential {credential_id[:64]!r} of yours")
