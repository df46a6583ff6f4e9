import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.qdrant_stub import loopback_server
from tests.waiting import PATIENCE_SECONDS, eventually
from toolshed.catalog import mcp_servers
from toolshed.catalog.definitions import Catalog
from toolshed.catalog.mcp_servers import list_mcp_tools, read_mcp_server, watch_mcp_server
from toolshed.errors import SourceError

SERVER = Path(__file__).parents[2] / "servers" / "many_tools.py"
STDIO = f"mcp+stdio:{sys.executable} {SERVER}"


@pytest.fixture(autouse=True)
def sdk_of_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make test-mcp1` shadows the SDK of the client; the servers keep their own."""
    monkeypatch.delenv("PYTHONPATH", raising=False)


def test_a_third_party_server_is_listed_with_its_schemas() -> None:
    catalog = read_mcp_server(f"mcp+stdio:{sys.executable} -m mcp_server_git")
    assert catalog.source == "mcp-git"
    assert catalog.invalid == ()
    commit = next(tool for tool in catalog.tools if tool.name == "git_commit")
    assert "message" in commit.parameters["properties"]
    assert len(catalog.tools) >= 10


def test_a_second_third_party_server_is_listed_under_the_name_given() -> None:
    catalog = read_mcp_server(f"mcp+stdio:{sys.executable} -m mcp_server_time", source="clock")
    assert {tool.tool_id for tool in catalog.tools} == {"clock:get_current_time", "clock:convert_time"}


def test_all_pages_are_read() -> None:
    catalog = read_mcp_server(f"{STDIO} stdio")
    assert catalog.source == "many-tools"
    assert [tool.name for tool in catalog.tools] == [f"tool_{n}" for n in range(25)]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def http_server(sdk_of_the_servers: None) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(SERVER), "http", str(port)])
    eventually(lambda: listens(port))
    yield f"mcp+http://127.0.0.1:{port}/mcp"
    process.terminate()
    process.wait(timeout=PATIENCE_SECONDS)


def test_streamable_http_is_read_page_by_page(http_server: str) -> None:
    assert len(read_mcp_server(http_server).tools) == 25


async def test_a_changed_list_is_announced_and_read_again() -> None:
    sizes: list[int] = []
    grown = asyncio.Event()

    async def note(catalog: Catalog) -> None:
        sizes.append(len(catalog.tools))
        if len(sizes) == 2:
            grown.set()

    watching = asyncio.create_task(watch_mcp_server(f"{STDIO} announce", note, poll_seconds=600))
    await asyncio.wait_for(grown.wait(), PATIENCE_SECONDS)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    assert sizes == [25, 26]


async def test_a_server_that_announces_nothing_is_polled() -> None:
    asked: list[Catalog] = []
    enough = asyncio.Event()

    async def note(catalog: Catalog) -> None:
        asked.append(catalog)
        if len(asked) == 3:
            enough.set()

    address = f"mcp+stdio:{sys.executable} -m mcp_server_time"
    watching = asyncio.create_task(watch_mcp_server(address, note, poll_seconds=0.05))
    await asyncio.wait_for(enough.wait(), PATIENCE_SECONDS)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


def test_a_server_that_hangs_is_given_up() -> None:
    with pytest.raises(SourceError, match="did not answer within 1 seconds"):
        read_mcp_server(f"{STDIO} hang", timeout_seconds=1)


async def test_a_server_that_hangs_is_not_watched() -> None:
    async def note(catalog: Catalog) -> None:
        raise AssertionError

    with pytest.raises(SourceError, match="did not answer within 1 seconds"):
        await watch_mcp_server(f"{STDIO} hang", note, timeout_seconds=1)


@pytest.mark.parametrize(("host", "is_followed"), [("127.0.0.1", True), ("localhost", False)])
def test_a_redirect_is_followed_within_the_origin_only(host: str, is_followed: bool) -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(f"{self.headers['host'].partition(':')[0]}{self.path}")
            port = self.server.server_address[1]
            self.send_response(307 if self.path == "/mcp" else 500)
            self.send_header("location", f"http://{host}:{port}/other")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
            """Keep the tests' output quiet."""

    with loopback_server(Handler) as url, pytest.raises(SourceError):
        read_mcp_server(f"mcp+{url}/mcp", timeout_seconds=5)
    assert asked[0] == "127.0.0.1/mcp"
    assert (f"{host}/other" in asked) == is_followed


def test_a_list_of_too_many_tools_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_servers, "_MAX_TOOLS", 15)
    with pytest.raises(SourceError, match="more than 15 tools"):
        read_mcp_server(f"{STDIO} stdio")


def test_a_server_that_dies_is_named() -> None:
    with pytest.raises(SourceError, match=r"many_tools.py die' failed"):
        read_mcp_server(f"{STDIO} die")


def test_a_list_without_end_is_given_up() -> None:
    with pytest.raises(SourceError, match=r"looping|did not answer"):
        read_mcp_server(f"{STDIO} endless", timeout_seconds=60)


async def test_nothing_listens_at_the_address() -> None:
    with pytest.raises(SourceError, match="failed"):
        await list_mcp_tools("mcp+http://127.0.0.1:9/mcp", timeout_seconds=20)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        pytest.param("mcp+stdio:", "names no command", id="no-command"),
        pytest.param("mcp+stdio:no-such-program-anywhere", "failed", id="no-such-program"),
        pytest.param("mcp+ftp://x", "is no MCP server", id="unknown-transport"),
    ],
)
def test_addresses_that_lead_nowhere_are_explained(address: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_mcp_server(address)
