"""Protected-resource metadata (RFC 9728): which issuers' tokens are taken. Open, for who has none yet."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response

from toolshed_api.callers import SCOPES
from toolshed_api.dependencies import CurrentSettings
from toolshed_api.problems import InvalidRequestError, NoIssuerError, problem_responses
from toolshed_api.public_address import METADATA_PATH, public_address
from toolshed_api.rest.metadata.schemas import ResourceMetadata
from toolshed_api.scopes import OPEN

router = APIRouter(
    prefix=METADATA_PATH, tags=["health"], dependencies=[OPEN], responses=problem_responses(NoIssuerError)
)


@router.get("")
async def describe_resource(
    request: Request, response: Response, settings: CurrentSettings
) -> ResourceMetadata:
    """Who issues tokens for this service, and which scopes they may have."""
    return _metadata(request, response, settings, "")


@router.get("/{path}", responses=problem_responses(InvalidRequestError))
async def describe_resource_at(
    path: Annotated[Literal["v1", "mcp"], Path(description="Where the resource is.")],
    request: Request,
    response: Response,
    settings: CurrentSettings,
) -> ResourceMetadata:
    """The same for one part of the service, as clients ask that were given its address."""
    return _metadata(request, response, settings, f"/{path}")


def _metadata(request: Request, response: Response, settings: CurrentSettings, path: str) -> ResourceMetadata:
    if not settings.oidc:
        raise NoIssuerError("this service takes API keys only; no issuer of tokens is set (TOOLSHED_OIDC)")
    # It names the host that was asked for.
    response.headers["cache-control"] = "no-store"
    prefixes = dict.fromkeys(issuer.scope_prefix for issuer in settings.oidc)
    return ResourceMetadata(
        resource=f"{public_address(request.headers, request.url.scheme, settings)}{path}",
        authorization_servers=[issuer.issuer for issuer in settings.oidc],
        scopes_supported=[f"{prefix}{scope}" for prefix in prefixes for scope in sorted(SCOPES)],
        bearer_methods_supported=["header"],
        resource_name="Toolshed",
    )
