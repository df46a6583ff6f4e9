"""The page that shows the description."""

import re

import httpx

from tests.api.serving import served
from tests.conftest import OpenShed
from toolshed.settings import Settings


def test_the_page_needs_no_other_host(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "connect-src 'self'" in page.headers["content-security-policy"]
    assert not re.findall(r"(?:src|href)=\"(?!/openapi)", page.text)
    assert "http://" not in page.text
    assert "https://" not in page.text


def test_where_keys_are_set_the_page_is_open_and_what_it_shows_is_not(open_shed: OpenShed) -> None:
    settings = Settings(api_keys=["one"])  # type: ignore[list-item]  # pydantic makes them secrets
    with served(settings, open_shed()) as http:
        assert http.get("/docs").status_code == 200
        assert http.get("/openapi.json").status_code == 401
