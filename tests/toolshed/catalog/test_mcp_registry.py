import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.qdrant_stub import loopback_server
from tests.servers.guarded_http import Guarded, guarded_server
from toolshed.catalog.mcp_registry import read_registry
from toolshed.catalog.sources import read_sources
from toolshed.errors import SourceError

ACTIVE = {"io.modelcontextprotocol.registry/official": {"status": "active"}}


def entry(name: str, status: str = "active", **server: Any) -> dict[str, Any]:
    meta = {"io.modelcontextprotocol.registry/official": {"status": status}}
    return {"server": {"name": name, "description": "A server.", **server}, "_meta": meta}


class Registry(BaseHTTPRequestHandler):
    pages: list[Any]
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        cursor = parse_qs(urlsplit(self.path).query).get("cursor", ["0"])[0]
        body = json.dumps(self.pages[int(cursor)]).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        """Keep the tests' output quiet."""


def registry(*pages: Any) -> type[Registry]:
    return type("Pages", (Registry,), {"pages": list(pages), "asked": []})


def page(*entries: Any, following: str = "") -> dict[str, Any]:
    return {"servers": list(entries), "metadata": {"nextCursor": following, "count": len(entries)}}


@pytest.fixture
def gate() -> Iterator[Guarded]:
    with guarded_server(wants_token=False) as server:
        yield server


def test_servers_that_can_be_read_are_sources_and_others_are_named(gate: Guarded) -> None:
    handler = registry(
        page(
            entry("example.gates/north", remotes=[{"type": "streamable-http", "url": gate.url}]),
            entry("example.gates/local", packages=[{"registryType": "npm", "identifier": "gates"}]),
            following="1",
        ),
        page(
            entry("example.gates/gone", "deleted", remotes=[{"type": "sse", "url": gate.url}]),
            entry("example.gates/old", "deprecated", remotes=[{"type": "sse", "url": gate.url}]),
            entry(
                "example.gates/keyed",
                remotes=[
                    {
                        "type": "streamable-http",
                        "url": gate.url,
                        "headers": [{"name": "Authorization", "isRequired": True, "isSecret": True}],
                    }
                ],
            ),
            entry("example.gates/tenant", remotes=[{"type": "sse", "url": "https://{tenant}.example/mcp"}]),
            "nonsense",
            {"server": {"description": "nameless"}},
        ),
    )
    with loopback_server(handler) as url:
        listing, north = read_sources([f"registry+{url}?search=gates"])
    assert (north.source, [tool.name for tool in north.tools]) == ("example.gates-north", ["open_gate"])
    assert north.location == f"mcp+{gate.url}"
    told = "\n".join(listing.warnings)
    assert "1 servers are programs to install, which is not done unasked" in told
    assert "2 servers want credentials" in told
    assert "1 servers are deprecated: example.gates/old" in told
    assert "example.gates/gone" not in told
    assert handler.asked[0] == "/v0.1/servers?search=gates&limit=100&version=latest"
    assert handler.asked[1].endswith("&cursor=1")


def test_servers_that_turn_out_to_want_credentials_have_not_failed(gate: Guarded) -> None:
    with guarded_server() as closed:
        remotes = [[{"type": "streamable-http", "url": server.url}] for server in (gate, closed)]
        handler = registry(page(entry("a/open", remotes=remotes[0]), entry("a/closed", remotes=remotes[1])))
        with loopback_server(handler) as url:
            catalogs = read_sources([f"gates=registry+{url}"])
    assert [catalog.source for catalog in catalogs] == ["gates", "a-open"]
    assert catalogs[0].warnings == ("1 servers want credentials; name them in an mcp.json: a-closed",)


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        pytest.param([{"tools": []}], "is no MCP registry", id="something-else"),
        pytest.param([page(following="0")], "lists the page '0' twice", id="loops"),
    ],
)
def test_what_is_no_registry_is_refused(pages: list[Any], message: str) -> None:
    with loopback_server(registry(*pages)) as url, pytest.raises(SourceError, match=message):
        read_registry(f"registry+{url}")


def test_more_servers_than_can_be_read_are_refused(monkeypatch: pytest.MonkeyPatch, gate: Guarded) -> None:
    monkeypatch.setattr("toolshed.catalog.mcp_registry._MAX_SERVERS", 1)
    remotes = [{"type": "streamable-http", "url": gate.url}]
    handler = registry(page(entry("a/b", remotes=remotes), entry("a/c", remotes=remotes)))
    with loopback_server(handler) as url, pytest.raises(SourceError, match=r"ask for some of them: \?search"):
        read_registry(f"mcp-registry+{url}")


def test_a_public_registry_leads_to_no_private_address(
    monkeypatch: pytest.MonkeyPatch, gate: Guarded
) -> None:
    answer = page(entry("a/b", remotes=[{"type": "streamable-http", "url": gate.url}]))
    monkeypatch.setattr(
        "toolshed.catalog.mcp_registry.download", lambda url, **_: json.dumps(answer).encode()
    )
    listing = read_registry("registry+https://93.184.216.34")
    assert listing.servers == ()
    assert "want credentials, or are at no public address" in listing.left_out[0]
