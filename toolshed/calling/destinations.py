"""Which server a call goes to, as an origin: what credentials are kept for."""

from toolshed.calling.openapi_requests import server_address
from toolshed.catalog.locations import origin_of
from toolshed.errors import NotCallableError
from toolshed.types import ToolDefinition


def call_origin(tool: ToolDefinition, server: str | None = None) -> str:
    """The server that a call of a tool goes to; empty where nobody can say.

    Args:
        tool: It.
        server: The server that the caller chose in the place of the one that an OpenAPI document names.
    """
    if (tool.binding or {}).get("kind") != "openapi":
        return origin_of(tool.location)
    try:
        return origin_of(str(server_address(tool, server)))
    except NotCallableError:
        return ""
