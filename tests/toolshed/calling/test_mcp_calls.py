"""Tools of MCP servers, called over real connections: kept, lost, refused, bounded and closed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.qdrant_stub import loopback_server
from tests.waiting import PATIENCE_SECONDS, eventually, eventually_beside
from toolshed import AsyncToolshed, Toolshed
from toolshed.calling.caller import ToolCaller
from toolshed.calling.results import BinaryContent
from toolshed.catalog.definitions import Catalog
from toolshed.catalog.mcp_servers import read_mcp_server
from toolshed.errors import (
    ConfigurationError,
    ForbiddenAddressError,
    InvalidArgumentsError,
    LostConnectionError,
    MissingCredentialsError,
    NotCallableError,
    ToolCallError,
    ToolTimeoutError,
)
from toolshed.types import ToolDefinition

SERVER = Path(__file__).parents[2] / "servers" / "calls.py"
SECRET = "s3cret-of-the-depot-0123456789"


class Journal:
    """What the server wrote down: its starts and calls."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def lines(self) -> list[tuple[str, int]]:
        pairs = (line.split() for line in self.path.read_text().splitlines())
        return [(name, int(pid)) for name, pid in pairs]

    def n(self, name: str) -> int:
        return [line[0] for line in self.lines].count(name)

    def alive(self) -> list[int]:
        return [pid for pid in {pid for _, pid in self.lines} if is_alive(pid)]


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


@pytest.fixture
def config(tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DEPOT_KEY", SECRET)
    entry = {
        "command": sys.executable,
        "args": [str(SERVER), str(journal.path)],
        "env": {"DEPOT_TOKEN": "${DEPOT_KEY}"},
    }
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {"depot": entry}}))
    return f"{path}#depot"


@pytest.fixture
def shed(config: str) -> Iterator[Toolshed]:
    with Toolshed("memory:", pipeline="instant") as opened:
        opened.add_catalogs([read_mcp_server(config)])
        yield opened


def test_calls_share_one_session_and_closing_ends_its_program(config: str, journal: Journal) -> None:
    with Toolshed("memory:", pipeline="instant") as shed:
        shed.add_catalogs([read_mcp_server(config)])
        n_starts = journal.n("start")
        assert [shed.call("depot:count").text for _ in range(3)] == ["1", "2", "3"]
        assert journal.n("start") == n_starts + 1
        assert len(journal.alive()) == 1
    assert journal.alive() == []


def test_arguments_and_answers_go_through_whole(shed: Toolshed) -> None:
    assert shed.call("depot:echo", {"text": "é\n", "n": 3, "more": [1]}).text == json.dumps(
        {"more": [1], "n": 3, "text": "é\n"}
    )
    with pytest.raises(InvalidArgumentsError, match="n: 'x' is not of type 'integer'"):
        shed.call("depot:echo", {"n": "x"})


def test_every_kind_of_content_is_kept(shed: Toolshed) -> None:
    result = shed.call("depot:mixed")
    assert result.text.splitlines() == [
        "a map",
        "[binary content: image/png, 3 bytes]",
        "[binary content: audio/wav, not readable as base64]",
        "inside",
        "[binary content 'file:///a.bin': x/y, 1 bytes]",
        "[resource: b, file:///b, text/plain]",
        '{"type": "surprise", "of": 1}',
        "7",
    ]
    assert result.binaries[0] == BinaryContent("image/png", b"\x00\x01\x02")
    assert result.structured == {"n": 1}
    assert result.meta["example/cost"] == 3


def test_a_structured_null_is_an_answer(shed: Toolshed) -> None:
    result = shed.call("depot:null")
    assert (result.text, result.structured, result.is_structured) == ("null", None, True)


def test_a_long_answer_is_cut(shed: Toolshed) -> None:
    result = shed.call("depot:long", max_characters=10)
    assert (result.text, result.n_characters) == ("line\nline\n", 100_000)
    assert result.read_more().text == "line\nline\n"


def test_what_the_tool_says_of_errors_is_its_answer_without_secrets(shed: Toolshed) -> None:
    assert shed.call("depot:echo", {"text": "fail"}).is_error
    refused = shed.call("depot:refuse")
    assert refused.is_error
    assert "-32001" in refused.text
    assert SECRET not in refused.text


def test_a_server_that_asks_back_is_told_that_nobody_answers(shed: Toolshed) -> None:
    with pytest.raises(NotCallableError, match="asks its caller for confirm"):
        shed.call("depot:ask")


def test_a_server_that_dies_is_asked_once_and_started_anew_for_the_next(
    shed: Toolshed, journal: Journal
) -> None:
    with pytest.raises(LostConnectionError, match=r"exit code 7.*may have acted") as lost:
        shed.call("depot:die")
    assert lost.value.may_have_acted
    assert SECRET not in str(lost.value)
    assert journal.n("die") == 1
    assert shed.call("depot:echo").text == "{}"


def test_what_may_be_repeated_is_asked_once_more(shed: Toolshed, journal: Journal) -> None:
    assert shed.call("depot:die_once").text == "done"
    assert journal.n("die_once") == 2
    with pytest.raises(LostConnectionError):
        shed.call("depot:die_always")
    assert journal.n("die_always") == 2


def test_a_session_that_ended_meanwhile_is_opened_anew(shed: Toolshed, journal: Journal) -> None:
    assert shed.call("depot:quit_after").text == "done"
    eventually(lambda: not journal.alive())
    assert shed.call("depot:count").text == "1"
    assert journal.n("count") == 1


def test_a_call_that_hangs_ends_at_its_deadline_and_a_silent_server_is_started_anew(
    shed: Toolshed, journal: Journal
) -> None:
    shed.call("depot:echo")
    for _ in range(2):
        with pytest.raises(ToolTimeoutError, match=r"within 0\.3 seconds.*may have acted"):
            shed.call("depot:hang", timeout_seconds=0.3)
    assert shed.call("depot:echo", timeout_seconds=PATIENCE_SECONDS).text == "{}"
    eventually(lambda: len(journal.alive()) == 1)


def test_an_answer_without_an_end_costs_its_session_only(shed: Toolshed) -> None:
    with pytest.raises(LostConnectionError, match="a message of more than"):
        shed.call("depot:huge", timeout_seconds=30)
    assert shed.call("depot:echo").text == "{}"


def test_credentials_of_the_caller_are_variables_of_the_program(shed: Toolshed, journal: Journal) -> None:
    n_starts = journal.n("start")
    given = {"depot": {"DEPOT_TOKEN": "anas-own-token-12345"}}
    # Struck out of the answer, as anywhere: the program got it.
    assert "anas" not in shed.call("depot:environment", credentials=given).text
    assert shed.call("depot:count", credentials=given).text == "2"
    # Another's session is never shared.
    assert shed.call("depot:count").text == "1"
    assert journal.n("start") == n_starts + 2
    with pytest.raises(ConfigurationError, match="TOOLSHED_CREDENTIAL_DEPOT__VARIABLE") as refused:
        shed.call("depot:count", credentials={"depot": SECRET})
    assert SECRET not in str(refused.value)


def test_a_variable_that_is_not_set_is_named(shed: Toolshed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEPOT_KEY")
    with pytest.raises(NotCallableError, match="DEPOT_KEY"):
        shed.call("depot:echo")


def test_many_threads_share_the_session(shed: Toolshed, journal: Journal) -> None:
    n_starts = journal.n("start")
    got: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: got.append(shed.call("depot:echo", {"n": n}).text))
        for n in range(32)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(json.loads(text)["n"] for text in got) == list(range(32))
    assert journal.n("start") == n_starts + 1


async def test_asynchronous_calls_can_be_cancelled(config: str, journal: Journal) -> None:
    async with AsyncToolshed("memory:", pipeline="instant") as shed:
        await asyncio.to_thread(shed._shed.add_catalogs, [await asyncio.to_thread(read_mcp_server, config)])
        assert (await shed.call("depot:echo")).text == "{}"
        hanging = asyncio.create_task(shed.call("depot:hang"))
        await eventually_beside(lambda: journal.n("hang"))
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
    assert journal.alive() == []


def test_closing_ends_what_hangs(config: str, journal: Journal) -> None:
    shed = Toolshed("memory:", pipeline="instant")
    shed.add_catalogs([read_mcp_server(config)])
    ended: list[Exception] = []

    def work() -> None:
        try:
            shed.call("depot:hang")
        # Broad: whatever ends the call is looked at in the test's own thread.
        except Exception as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    eventually(lambda: journal.n("hang"))
    shed.close()
    thread.join(PATIENCE_SECONDS)
    assert isinstance(ended[0], ToolCallError)
    assert journal.alive() == []


def test_an_idle_session_is_dropped(shed: Toolshed, journal: Journal) -> None:
    shed.caller._sessions._idle_seconds = 0.2
    assert shed.call("depot:count").text == "1"
    eventually(lambda: not journal.alive())
    assert shed.call("depot:count").text == "1"


def test_a_command_that_others_may_have_written_is_run_only_where_it_is_allowed(
    shed: Toolshed, journal: Journal
) -> None:
    n_starts = journal.n("start")
    tool = shed.get_tool("depot:echo")
    caller = ToolCaller(is_shared=True)
    with pytest.raises(NotCallableError, match=r"allow_commands=True .*nothing was started"):
        caller.call(tool, {}, {})
    assert journal.n("start") == n_starts
    assert caller.call(tool, {}, {"allow_commands": True}).text == "{}"
    caller.close()


def test_without_a_location_it_is_said_what_to_do() -> None:
    with Toolshed("memory:", pipeline="instant") as shed:
        tool = ToolDefinition("a", source="s", binding={"kind": "mcp"})
        shed.add_catalogs([Catalog("s", (tool,), location="")])
        with pytest.raises(NotCallableError, match=r"index it again from the server|is no MCP server"):
            shed.call("s:a")


class HttpServer(BaseHTTPRequestHandler):
    """Streamable HTTP of 2025, with sessions that can be forgotten and a token that is wanted."""

    protocol_version = "HTTP/1.1"
    token = ""
    sessions: ClassVar[set[str]]

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        method = message.get("method", "")
        session = self.headers.get("mcp-session-id")
        if self.token and self.headers.get("authorization") != f"Bearer {self.token}":
            return self._send(401, {"error": "unauthorized"})
        if "id" not in message:
            return self._send(202, None)
        if method == "initialize":
            session = f"s{len(self.sessions)}-{os.urandom(4).hex()}"
            self.sessions.add(session)
            result: Any = {
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "web", "version": "1"},
            }
        elif method == "server/discover":
            return self._refuse(200, message, -32601)
        elif session not in self.sessions:
            return self._refuse(404, message, -32001)
        elif method == "tools/list":
            result = {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}
        else:
            result = {"content": [{"type": "text", "text": json.dumps(message["params"]["arguments"])}]}
        return self._send(200, {"jsonrpc": "2.0", "id": message["id"], "result": result}, session)

    def _refuse(self, status: int, message: Any, code: int) -> None:
        error = {"code": code, "message": "refused"}
        self._send(status, {"jsonrpc": "2.0", "id": message["id"], "error": error})

    def do_GET(self) -> None:
        self._send(405, None)

    def do_DELETE(self) -> None:
        self._send(200, None)

    def _send(self, status: int, body: Any, session: str | None = None) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        if session:
            self.send_header("mcp-session-id", session)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        """Keep the tests' output quiet."""


@contextmanager
def http_server(token: str = "") -> Iterator[tuple[str, type[HttpServer]]]:
    handler = type("Handler", (HttpServer,), {"token": token, "sessions": set()})
    with loopback_server(handler) as url:
        yield f"mcp+{url}/mcp", handler


def test_a_session_that_the_server_forgot_is_opened_anew() -> None:
    with http_server() as (address, server), Toolshed("memory:", pipeline="instant") as shed:
        shed.add_tools(address)
        assert shed.call("web:echo", {"a": 1}).text == '{"a": 1}'
        server.sessions.clear()
        assert shed.call("web:echo", {"a": 2}).text == '{"a": 2}'


def test_a_token_of_the_caller_is_sent_as_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_server() as (address, server), Toolshed("memory:", pipeline="instant") as shed:
        shed.add_tools(address)
        server.token = SECRET
        with pytest.raises(MissingCredentialsError, match="wants credentials"):
            shed.call("web:echo")
        for given in (
            {"web": SECRET},
            {"web": {"bearer": SECRET}},
            {"web": {"Authorization": f"Bearer {SECRET}"}},
        ):
            assert shed.call("web:echo", credentials=given).text == "{}"
        assert shed.call("web:echo", credentials=lambda source, scheme: SECRET).text == "{}"


def test_a_token_is_not_sent_without_tls() -> None:
    with Toolshed("memory:", pipeline="instant") as shed:
        tool = ToolDefinition("a", source="s", binding={"kind": "mcp"})
        shed.add_catalogs([Catalog("s", (tool,), location="mcp+http://depot.example/mcp")])
        with pytest.raises(ForbiddenAddressError, match="without TLS") as refused:
            shed.call("s:a", credentials={"s": SECRET})
        assert SECRET not in str(refused.value)


def test_where_nobody_listens_nothing_was_sent() -> None:
    with http_server() as (address, _), Toolshed("memory:", pipeline="instant") as shed:
        shed.add_tools(address)
        tool = shed.get_tool("web:echo")
    with Toolshed("memory:", pipeline="instant") as shed:
        shed.add_catalogs([Catalog("web", (tool,), location=address)])
        with pytest.raises(LostConnectionError) as lost:
            shed.call("web:echo")
        assert not lost.value.may_have_acted


PROGRAM = """
import signal, sys, time
from toolshed import Toolshed
from toolshed.catalog.mcp_servers import read_mcp_server

# Shells start what runs in the background deaf to interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

def block():
    "Block."
    print("blocking", flush=True)
    time.sleep(100)

shed = Toolshed("memory:", pipeline="instant", multilingual=False)
shed.add_catalogs([read_mcp_server(sys.argv[1])])
shed.add_tools(block)
shed.call("depot:echo")
print("ready", flush=True)
try:
    shed.call(sys.argv[2])
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("tool_id", ["depot:hang", "__main__:block"])
def test_an_interrupt_ends_a_call_and_a_program_that_closes_nothing_leaves_no_server(
    config: str, journal: Journal, tool_id: str
) -> None:
    command = [sys.executable, "-c", PROGRAM, config, tool_id]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        if tool_id == "depot:hang":
            eventually(lambda: journal.n("hang"))
        else:
            assert program.stdout.readline() == "blocking\n"
        program.send_signal(signal.SIGINT)
        assert program.communicate(timeout=PATIENCE_SECONDS)[0] == "interrupted\n"
    assert program.returncode == 0
    eventually(lambda: not journal.alive())
