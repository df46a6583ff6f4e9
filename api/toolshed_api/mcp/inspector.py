"""The query inspector: a page that hosts with MCP Apps show for a search; others show its text."""

from functools import cache
from importlib.resources import files

from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, ListResourcesResult, ReadResourceResult, Resource, TextResourceContents

URI = "ui://toolshed/query-inspector.html"
EXTENSION = EXTENSION_ID
# What a tool says for its results to be shown by the page.
SHOWN_BY_IT = {"ui": {"resourceUri": URI}}


def listed() -> ListResourcesResult:
    """The page, as it stands in the list of resources; it loads nothing, so it asks for no rights."""
    page = Resource(
        name="query-inspector",
        title="Query inspector",
        description="Shows which need each tool serves, how sure the search is, and what was left out.",
        uri=URI,
        mime_type=APP_MIME_TYPE,
    )
    return ListResourcesResult(resources=[page])


def read(uri: str) -> ReadResourceResult:
    """The page itself.

    Raises:
        MCPError: If another address is asked for.
    """
    if uri != URI:
        raise MCPError(INVALID_PARAMS, f"there is no resource {uri[:200]!r}; the only one is {URI!r}")
    contents = TextResourceContents(uri=URI, mime_type=APP_MIME_TYPE, text=_page())
    return ReadResourceResult(contents=[contents])


@cache
def _page() -> str:
    return files("toolshed_api.mcp").joinpath("inspector.html").read_text(encoding="utf-8")
