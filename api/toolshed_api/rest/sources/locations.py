"""Where sources are that callers of the service give."""

from toolshed.catalog.reach import Reach
from toolshed.errors import ForbiddenSourceError
from toolshed.settings import Settings
from toolshed.types import IndexedSource

_SCHEMES = ("http://", "https://", "mcp+http://", "mcp+https://", "mcp+sse:http://", "mcp+sse:https://")


def check_place(place: str, settings: Settings) -> None:
    """Refuse at once what is no URL; where it leads is looked at when it is fetched.

    Raises:
        ForbiddenSourceError: If it may not be named.
    """
    if not place.startswith(_SCHEMES) and not Reach.of_service(settings.allowed_sources).allows(place):
        raise ForbiddenSourceError(
            f"{place[:100]!r} is no URL of a document or an MCP server; give http(s)://..., "
            "mcp+http(s)://... or mcp+sse:https://..., or upload the document"
        )


def syncable_location(source: IndexedSource) -> str:
    """Where a source is read again.

    Raises:
        ForbiddenSourceError: If it was uploaded, or it is not recorded where it was read.
    """
    if len(source.locations) != 1 or source.locations[0].startswith(("upload:", "python:")):
        raise ForbiddenSourceError(
            f"the source {source.name!r} was uploaded; upload it again: POST /v1/sources"
        )
    return source.locations[0]
