"""The MCP servers that were indexed, at the addresses of a registry: hosts list them in their galleries."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from toolshed.errors import KnowledgeBaseError, UnknownSourceError
from toolshed_api.dependencies import CurrentShed
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.names import Time
from toolshed_api.rest.registry.schemas import ListMetadata, ServerEntry, ServerListResponse
from toolshed_api.rest.registry.servers import FirstSeen, registered_servers
from toolshed_api.scopes import needs

router = APIRouter(
    prefix="/v0.1/servers",
    tags=["registry"],
    dependencies=[needs("search")],
    responses=problem_responses(InvalidRequestError, KnowledgeBaseError, OverloadedError),
)
_seen = FirstSeen()


@router.get("", response_model_exclude_none=True)
def list_servers(
    shed: CurrentShed,
    limit: Annotated[int, Query(ge=1, le=100, description="Most servers to return.")] = 30,
    cursor: Annotated[str, Query(max_length=500, description="Where the page before said to go on.")] = "",
    search: Annotated[str, Query(max_length=500, description="A part of names, in any case.")] = "",
    version: Annotated[
        str, Query(max_length=100, description="'latest', as all are, or one version.")
    ] = "latest",
    updated_since: Annotated[
        Time, Query(description="Those that this process has seen change since then.")
    ] = None,
) -> ServerListResponse:
    """List the servers whose tools the caller may find, by name."""
    since = _aware(updated_since)
    entries = [
        (server.name, ServerEntry.of(server, seen))
        for server in registered_servers(shed)
        if search.casefold() in f"{server.name} {server.title}".casefold()
        and version in ("latest", server.version)
        and ((seen := _seen.of(shed.caller.tenant, server)) >= since)
    ]
    left = [(name, entry) for name, entry in entries if name > cursor]
    page = left[:limit]
    following = page[-1][0] if len(left) > limit else None
    return ServerListResponse(
        servers=[entry for _, entry in page], metadata=ListMetadata(count=len(page), next_cursor=following)
    )


@router.get(
    "/{name:any}/versions/{version}",
    response_model_exclude_none=True,
    responses=problem_responses(UnknownSourceError),
)
def get_server(name: str, version: str, shed: CurrentShed) -> ServerEntry:
    """One server, in its latest version or by the version's name."""
    for server in registered_servers(shed):
        if server.name == name and version in ("latest", server.version):
            return ServerEntry.of(server, _seen.of(shed.caller.tenant, server))
    raise UnknownSourceError(
        f"there is no server {name[:200]!r} of version {version[:100]!r}; list them first"
    )


def _aware(moment: datetime | None) -> datetime:
    if moment is None:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
