"""What callers of a service may have it ask: nothing that is not public, by any form, on any way out."""

import json
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.qdrant_stub import loopback_server
from tests.ssrf_forms import FORMS, METADATA, name_hosts
from toolshed.calling.caller import ToolCaller
from toolshed.catalog.addresses import address_that_follows
from toolshed.catalog.mcp_registry import read_registry
from toolshed.catalog.mcp_servers import read_mcp_server
from toolshed.catalog.reach import Reach
from toolshed.catalog.sources import read_source, read_sources
from toolshed.catalog.urls import download
from toolshed.errors import ForbiddenAddressError, ForbiddenSourceError, SourceError, ToolshedError
from toolshed.shed.shed import Toolshed
from toolshed.types import ToolDefinition

SERVICE = Reach.of_service()
TOOLS = [{"name": "secret", "description": "AKIA-secret"}]


class Inside(BaseHTTPRequestHandler):
    """A server of the network that the service runs in; anything it is asked is a leak."""

    asked: list[str]
    answers: dict[str, tuple[int, str, Any]]

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        body_length = int(self.headers.get("content-length") or 0)
        self.rfile.read(body_length)
        status, location, content = self.answers.get(self.path, (200, "", TOOLS))
        body = json.dumps(content).encode()
        self.send_response(status)
        if location:
            self.send_header("location", location)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        """Keep the tests' output quiet."""


@contextmanager
def inside(**answers: tuple[int, str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Its port, and what it was asked."""
    asked: list[str] = []
    by_path = {f"/{name}": answer for name, answer in answers.items()}
    with loopback_server(type("One", (Inside,), {"asked": asked, "answers": by_path})) as url:
        yield url.rpartition(":")[2], asked


def operation(url: str) -> ToolDefinition:
    binding = {
        "kind": "openapi",
        "method": "GET",
        "path": "/latest",
        "servers": [{"url": url}],
        "arguments": {},
    }
    return ToolDefinition("read", "Read.", source="crm", binding=binding)


@pytest.mark.parametrize("host", FORMS)
def test_no_form_of_a_private_address_is_fetched_for_a_caller(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    name_hosts(monkeypatch)
    with inside() as (port, asked), pytest.raises(SourceError):
        download(f"http://{host}:{port}/latest", timeout_seconds=20, reach=SERVICE)
    assert not asked


@pytest.mark.parametrize("host", FORMS)
def test_no_redirect_leads_a_caller_to_a_private_address(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    name_hosts(monkeypatch, {"allowed.example": "127.0.0.1"})
    with inside() as (port, asked), inside(start=(302, f"http://{host}:{port}/latest", "")) as (first, _):
        reach = Reach.of_service([f"allowed.example:{first}"])
        with pytest.raises(SourceError):
            download(f"http://allowed.example:{first}/start", timeout_seconds=20, reach=reach)
    assert not asked


@pytest.mark.parametrize("host", FORMS)
def test_no_form_of_a_private_address_is_asked_for_mcp_tools(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    name_hosts(monkeypatch)
    with inside() as (port, asked), pytest.raises(SourceError):
        read_mcp_server(f"mcp+http://{host}:{port}/mcp", timeout_seconds=20, reach=SERVICE)
    assert not asked


@pytest.mark.parametrize("host", FORMS)
def test_no_operation_is_called_at_a_private_address(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    name_hosts(monkeypatch)
    caller = ToolCaller(reach=SERVICE)
    try:
        with inside() as (port, asked), pytest.raises(ToolshedError):
            caller.call(
                operation(f"http://{host}:{port}"), {}, {"allow_private": True, "timeout_seconds": 20}
            )
    finally:
        caller.close()
    assert not asked


def test_there_are_more_than_forty_forms() -> None:
    assert len(FORMS) >= 40


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.1:{port}", "http://127.0.0.1:{port}"])
def test_a_private_source_that_an_administrator_allowed_is_read_and_called(allowed: str) -> None:
    with inside() as (port, asked):
        reach = Reach.of_service([allowed.format(port=port)])
        url = f"http://127.0.0.1:{port}"
        assert [tool.name for tool in read_source(f"{url}/tools.json", reach=reach).tools] == ["secret"]
        caller = ToolCaller(reach=reach)
        try:
            assert "AKIA" in caller.call(operation(url), {}, {}).text
        finally:
            caller.close()
    assert asked == ["GET /tools.json", "GET /latest"]


@pytest.mark.parametrize("allowed", ["127.0.0.2", "127.0.0.1:1", "https://127.0.0.1", "", "[bad"])
def test_another_host_port_or_scheme_than_the_allowed_stays_refused(allowed: str) -> None:
    with inside() as (port, asked), pytest.raises(ForbiddenSourceError, match="TOOLSHED_ALLOWED_SOURCES"):
        download(f"http://127.0.0.1:{port}/latest", reach=Reach.of_service([allowed]))
    assert not asked


def test_an_allowed_name_that_resolves_to_metadata_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    name_hosts(monkeypatch)
    with pytest.raises(ForbiddenSourceError, match=METADATA):
        download("http://metadata.example/latest", reach=Reach.of_service(["metadata.example"]))


@pytest.mark.parametrize("port", [22, 25, 2049, 11211])
def test_ports_of_other_protocols_are_refused_also_at_public_addresses(port: int) -> None:
    with pytest.raises(ForbiddenSourceError, match="another protocol"):
        download(f"http://93.184.216.34:{port}/", reach=SERVICE)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://example.com/x", "/etc/passwd"]
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenSourceError):
        read_source(url, reach=SERVICE)


def test_a_name_that_resolves_anew_is_not_looked_up_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["93.184.216.34", "127.0.0.1", "127.0.0.1", "127.0.0.1"])
    look_up, connected = socket.getaddrinfo, []

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return look_up(next(answers) if name == "rebinding.example" else host, *arguments, **options)

    async def note(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        connected.append(request.url.host)
        raise httpx.ConnectError("not in a test")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", note)
    with pytest.raises(SourceError, match="not in a test"):
        download("http://rebinding.example/tools.json", reach=SERVICE)
    assert connected == ["93.184.216.34"]


def test_a_name_with_a_public_and_a_private_address_leads_to_the_public_one_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected = []
    both = [(2, 1, 6, "", ("127.0.0.1", 80)), (2, 1, 6, "", ("93.184.216.34", 80))]

    async def note(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        connected.append(request.url.host)
        raise httpx.ConnectError("not in a test")

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", note)
    with pytest.raises(SourceError):
        download("http://both.example/tools.json", reach=SERVICE)
    assert connected == ["93.184.216.34"]


async def test_what_gives_tokens_for_an_allowed_server_is_public_or_allowed_itself() -> None:
    named = httpx.URL("http://127.0.0.1:8001/mcp")
    beside = httpx.URL("http://127.0.0.1:8002/token")
    assert await address_that_follows(beside, named, Reach.of_service(["127.0.0.1"]))
    with pytest.raises(ForbiddenSourceError, match="leads to"):
        await address_that_follows(beside, named, Reach.of_service(["127.0.0.1:8001"]))


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "~/tools.json",
        "mcp.json#bay",
        "mcp+stdio:cat /etc/passwd",
        "mcp+https://dock.example/${AWS_SECRET_ACCESS_KEY}",
        "mcp+sse:https://dock.example/?k=${HOME}",
        "crm=/etc/passwd",
    ],
)
def test_files_programs_and_variables_of_the_machine_are_not_a_callers(source: str) -> None:
    with pytest.raises(SourceError, match="TOOLSHED_ALLOWED_SOURCES"):
        read_sources([source], reach=SERVICE)


def test_a_file_that_an_administrator_allowed_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tools.json"
    path.write_text(json.dumps(TOOLS))
    assert read_source(str(path), reach=Reach.of_service([str(path)])).tools


def test_a_program_that_an_administrator_allowed_is_started() -> None:
    program = shlex.quote(str(Path(sys.executable).with_name("mcp-server-time")))
    address = f"mcp+stdio:{program} --local-timezone UTC"
    assert read_source(address, reach=Reach.of_service([address])).tools


def test_a_registry_leads_a_caller_to_no_private_server() -> None:
    entry = {
        "server": {"name": "in/side", "remotes": [{"type": "streamable-http", "url": "http://127.0.0.1/"}]}
    }
    with inside(**{"v0.1/servers?limit=100&version=latest": (200, "", {"servers": [entry]})}) as (port, _):
        reach = Reach.of_service([f"127.0.0.1:{port}"])
        listing = read_registry(f"registry+http://127.0.0.1:{port}", reach)
        assert not listing.servers
        with pytest.raises(ForbiddenSourceError):
            read_registry(f"registry+http://127.0.0.1:{port}", SERVICE)


def test_references_of_an_openapi_document_are_not_fetched() -> None:
    paths = {"/a": {"get": {"parameters": [{"$ref": "http://127.0.0.1:{port}/latest"}], "responses": {}}}}
    document = {"openapi": "3.0.0", "info": {"title": "x", "version": "1"}, "paths": paths}
    with inside() as (port, asked):
        text = json.dumps(document).replace("{port}", port)
        with inside(**{"openapi.json": (200, "", json.loads(text))}) as (served, _):
            reach = Reach.of_service([f"127.0.0.1:{served}"])
            catalog = read_source(f"http://127.0.0.1:{served}/openapi.json", reach=reach)
    assert "bundle it into one file" in str(catalog.invalid[0])
    assert not asked


def test_mcp_tools_at_a_private_address_are_not_called_for_a_caller() -> None:
    with inside() as (port, asked):
        tool = ToolDefinition("read", binding={"kind": "mcp"}, location=f"mcp+http://127.0.0.1:{port}/mcp")
        caller = ToolCaller(reach=SERVICE)
        try:
            with pytest.raises(ForbiddenAddressError, match="TOOLSHED_ALLOWED_SOURCES"):
                caller.call(tool, {}, {"timeout_seconds": 20})
        finally:
            caller.close()
    assert not asked


def test_the_verbs_of_a_knowledge_base_hold_to_its_reach(tmp_path: Path) -> None:
    path = tmp_path / "tools.json"
    path.write_text(json.dumps(TOOLS))
    with Toolshed("memory:", pipeline="instant", reach=SERVICE) as shed:
        for read in (shed.add_tools, shed.sync_tools, shed.add_documents, shed.sync_documents):
            with pytest.raises(SourceError, match="TOOLSHED_ALLOWED_SOURCES"):
                read(str(path))
        with pytest.raises(ForbiddenSourceError):
            shed.add_catalogs([], enhancements=str(path))
