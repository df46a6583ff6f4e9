"""Who is let in: hosts, origins and keys."""

import httpx
import pytest
from starlette.datastructures import Headers

from tests.api.serving import problem, served
from tests.conftest import OpenShed
from toolshed.errors import ConfigurationError
from toolshed.settings import Settings, read_settings
from toolshed_api.access import check_origin, shown_credentials
from toolshed_api.problems import ForbiddenOriginError

OPEN = Settings(allowed_hosts=["Tools.example.com"])
KEYS = Settings(api_keys=["one", "two"])  # type: ignore[list-item]  # pydantic makes them secrets
BOTH = Settings(api_keys=["one"], allowed_hosts=["tools.example.com"])  # type: ignore[list-item]  # as above


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8321",
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]",
        "[::1]:8321",
        "tools.example.com:1",
    ],
)
def test_loopback_and_what_the_operator_allows_is_answered(host: str) -> None:
    check_origin(Headers({"host": host}), OPEN, is_open=True)
    check_origin(Headers({"host": host, "origin": f"http://{host}"}), OPEN, is_open=True)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.com",
        "evil.com:8321",
        "localhost.evil.com",
        "evil-localhost",
        "127.0.0.1.evil.com",
        "localhost@evil.com",
        "localhost:80@evil.com",
        "0.0.0.0",
        "127.0.0.1:8321/evil.com",
        "[::1].evil.com",
        "::1",
    ],
)
def test_other_hosts_are_refused_without_keys(host: str) -> None:
    for headers in ({"host": host}, {"host": "localhost", "origin": f"http://{host}"}):
        with pytest.raises(ForbiddenOriginError, match="TOOLSHED_ALLOWED_HOSTS"):
            check_origin(Headers(headers), OPEN, is_open=True)


@pytest.mark.parametrize("origin", ["null", "", "file://", "chrome-extension://abc", "https://evil.com"])
def test_pages_from_elsewhere_are_refused_without_keys(origin: str) -> None:
    with pytest.raises(ForbiddenOriginError, match="Origin"):
        check_origin(Headers({"host": "localhost", "origin": origin}), OPEN, is_open=True)


def test_a_second_host_does_not_hide_behind_the_first() -> None:
    headers = Headers(raw=[(b"host", b"localhost"), (b"host", b"evil.com")])
    with pytest.raises(ForbiddenOriginError):
        check_origin(headers, OPEN, is_open=True)


def test_with_keys_hosts_are_checked_where_they_are_named() -> None:
    shown = {"host": "evil.com", "x-api-key": "one"}
    check_origin(Headers(shown), KEYS, is_open=False)
    with pytest.raises(ForbiddenOriginError):
        check_origin(Headers(shown), BOTH, is_open=False)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ([], []),
        ([("authorization", "Bearer one")], ["one"]),
        ([("authorization", "bEaReR  one ")], ["one"]),
        ([("x-api-key", "one")], ["one"]),
        ([("authorization", "Bearer one"), ("x-api-key", "one")], ["one"]),
        ([("authorization", "Bearer one"), ("x-api-key", "two")], ["one", "two"]),
        ([("authorization", "Bearer one"), ("authorization", "Bearer two")], ["one", "two"]),
        ([("authorization", "Basic one"), ("authorization", "Bearer"), ("authorization", "one")], []),
        ([("x-api-key", "")], []),
    ],
    ids=str,
)
def test_each_credential_is_seen_once(raw: list[tuple[str, str]], shown: list[str]) -> None:
    headers = Headers(raw=[(name.encode(), value.encode()) for name, value in raw])
    assert shown_credentials(headers) == shown


@pytest.mark.parametrize("path", ["/redoc", "/openapi.json", "/v1/tools", "/v1/nothing", "/healthz/x"])
def test_where_keys_are_set_only_health_is_open(open_shed: OpenShed, path: str) -> None:
    with served(KEYS, open_shed()) as client:
        assert problem(client.get(path)) == (401, "unauthorized")
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get(path, headers={"x-api-key": "two"}).status_code != 401


def test_a_page_that_rebinds_its_name_is_told_what_to_set(client: httpx.Client) -> None:
    response = client.post("/v1/tools/search", json={"query": "x"}, headers={"host": "evil.com:8321"})
    assert problem(response) == (403, "forbidden_origin")
    assert "TOOLSHED_ALLOWED_HOSTS" in response.json()["detail"]


@pytest.mark.parametrize(
    "given", [{"allowed_hosts": ["http://x"]}, {"allowed_hosts": ["*"]}, {"api_keys": [""]}]
)
def test_settings_that_would_let_everybody_in_are_refused(given: dict[str, list[str]]) -> None:
    with pytest.raises(ConfigurationError):
        read_settings(**given)
