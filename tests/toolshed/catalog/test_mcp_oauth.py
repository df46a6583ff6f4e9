"""Servers over HTTP that want credentials."""

import json
import stat
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.servers.guarded_http import CLIENT_ID, CLIENT_SECRET, Guarded, guarded_server
from toolshed.catalog import mcp_limits, mcp_oauth
from toolshed.catalog.mcp_servers import read_mcp_server
from toolshed.errors import SourceError

# `make test-mcp1` runs these with releases of the SDK from before.
needs_issuers = pytest.mark.skipif(
    tuple(map(int, version("mcp").split(".")[:2])) < (1, 30), reason="this SDK knows no issuers"
)


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    monkeypatch.setattr(mcp_oauth.platformdirs, "user_config_dir", lambda name: str(folder / name))
    return folder


class Browser:
    """Goes where it is sent, as one in which the user is signed in already."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.threads: list[threading.Thread] = []

    def __call__(self, url: str) -> bool:
        self.urls.append(url)
        self.threads.append(threading.Thread(target=self._go, args=(url,)))
        self.threads[-1].start()
        return True

    def _go(self, url: str) -> None:
        with urllib.request.urlopen(url, timeout=60) as page:
            page.read()


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    browser = Browser()
    monkeypatch.setattr(webbrowser, "open", browser)
    return browser


def location(folder: Path, server: Guarded, **entry: Any) -> str:
    path = folder / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {"gate": {"url": server.url, **entry}}}))
    return f"{path}#gate"


def test_a_bearer_token_is_sent_and_no_part_of_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE_TOKEN", "t0ken-12345")
    with guarded_server(tokens=["t0ken-12345"]) as server:
        entry = {"headers": {"Authorization": "Bearer ${GATE_TOKEN}", "X-Zone": "north"}}
        catalog = read_mcp_server(location(tmp_path, server, **entry))
        assert [tool.name for tool in catalog.tools] == ["open_gate"]
        assert server.headers["x-zone"] == "north"
        by_program = read_mcp_server(f"mcp+{server.url}", headers={"Authorization": "Bearer t0ken-12345"})
    assert "t0ken-12345" not in f"{catalog} {by_program}"


def test_a_server_that_wants_credentials_is_told_with_how_to_give_them() -> None:
    with (
        guarded_server() as server,
        pytest.raises(SourceError, match="status 401; it wants credentials: give"),
    ):
        read_mcp_server(f"mcp+{server.url}")


@needs_issuers
def test_a_client_gets_a_token_with_its_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_folder: Path
) -> None:
    monkeypatch.setenv("YARD_SECRET", CLIENT_SECRET)
    with guarded_server() as server:
        oauth = {"grantType": "client_credentials", "clientId": CLIENT_ID, "clientSecret": "${YARD_SECRET}"}
        where = location(tmp_path, server, oauth={**oauth, "issuer": server.base})
        assert len(read_mcp_server(where).tools) == 1
        # Nothing of it is kept.
        assert not own_folder.exists()


@needs_issuers
def test_the_secret_of_a_client_is_shown_to_its_issuer_only(tmp_path: Path) -> None:
    with guarded_server() as server:
        oauth = {"grantType": "client_credentials", "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET}
        where = location(tmp_path, server, oauth={**oauth, "issuer": "https://login.example"})
        with pytest.raises(SourceError) as caught:
            read_mcp_server(where, timeout_seconds=20)
        assert "POST /token" not in server.asked
    assert CLIENT_SECRET not in str(caught.value)


def test_client_credentials_without_their_issuer_are_refused(tmp_path: Path) -> None:
    with guarded_server() as server:
        where = location(tmp_path, server, oauth={"grantType": "client_credentials", "clientId": "a"})
        with pytest.raises(SourceError, match="'issuer', the URL of"):
            read_mcp_server(where)


def test_a_user_signs_in_once_and_the_token_is_theirs(
    tmp_path: Path, browser: Browser, own_folder: Path
) -> None:
    with guarded_server() as server:
        where = location(tmp_path, server, oauth={})
        assert len(read_mcp_server(where).tools) == 1
        assert len(read_mcp_server(where).tools) == 1
        assert len(browser.urls) == 1
        assert server.seen_at_authorize["code_challenge_method"] == "S256"
        assert server.seen_at_authorize["redirect_uri"].startswith("http://127.0.0.1:")
    (file,) = own_folder.rglob("*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["tokens"]["access_token"] == server.tokens[0]
    for thread in browser.threads:
        thread.join()


def test_a_token_that_is_over_is_refreshed_without_the_user(
    tmp_path: Path, browser: Browser, own_folder: Path
) -> None:
    with guarded_server() as server:
        where = location(tmp_path, server, oauth={})
        read_mcp_server(where)
        (file,) = own_folder.rglob("*.json")
        held = json.loads(file.read_text())
        file.write_text(json.dumps({**held, "expires_at": time.time() - 1}))
        server.tokens[0] = "over"
        assert len(read_mcp_server(where).tools) == 1
    assert len(browser.urls) == 1
    assert json.loads(file.read_text())["tokens"]["access_token"] == server.tokens[1]


def test_a_user_who_never_comes_back_is_waited_for_so_long_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp_oauth, "SIGN_IN_SECONDS", 0.3)
    monkeypatch.setattr(webbrowser, "open", lambda url: True)
    with (
        guarded_server() as server,
        pytest.raises(SourceError, match=r"nobody signed in within 0\.3 seconds"),
    ):
        read_mcp_server(location(tmp_path, server, oauth={}), timeout_seconds=20)


def test_other_pages_cannot_end_a_sign_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, refused = Browser(), []

    def open_page(url: str) -> bool:
        port = url.partition("127.0.0.1%3A")[2].partition("%2F")[0]
        for stray in ("/favicon.ico", "/callback?code=theirs&state=guessed"):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{stray}", timeout=60)
            refused.append(caught.value.code)
            caught.value.close()
        return browser(url)

    monkeypatch.setattr(webbrowser, "open", open_page)
    with guarded_server() as server:
        assert len(read_mcp_server(location(tmp_path, server, oauth={})).tools) == 1
    assert refused == [404, 404]


def test_a_gigabyte_over_http_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_limits, "MAX_MESSAGE_BYTES", 2**20)
    with (
        guarded_server(wants_token=False, body=b'"' + b"x" * 8 * 2**20) as server,
        pytest.raises(SourceError, match="it sends a message of more than 1 MB"),
    ):
        read_mcp_server(f"mcp+{server.url}", timeout_seconds=60)


def test_what_is_no_message_over_http_is_an_error() -> None:
    with (
        guarded_server(wants_token=False, body=b"<html>") as server,
        pytest.raises(SourceError, match="failed"),
    ):
        read_mcp_server(f"mcp+{server.url}", timeout_seconds=3)


def test_no_key_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with guarded_server(wants_token=False) as server:
        address = f"mcp+{server.url}?api_key=k3y-of-the-gate-1"
        read_mcp_server(address, headers={"X-Zone": "z0ne-of-the-gate-1"})
    written = caplog.text
    assert "/mcp?api_key=***" in written
    assert "k3y-of-the-gate-1" not in written
    assert "z0ne-of-the-gate-1" not in written
