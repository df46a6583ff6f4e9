"""A page that shows the OpenAPI description, and asks nobody else for anything."""

from functools import cache
from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from toolshed_api.scopes import OPEN

# Open, since browsers show no keys: it tells nothing, and asks the reader for a key to fetch the description.
router = APIRouter(dependencies=[OPEN], include_in_schema=False)
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("/docs")
def read_docs() -> HTMLResponse:
    """The page."""
    headers = {"content-security-policy": _POLICY, "x-content-type-options": "nosniff"}
    return HTMLResponse(_page(), headers=headers)


@cache
def _page() -> str:
    return files("toolshed_api.rest.docs").joinpath("page.html").read_text(encoding="utf-8")
