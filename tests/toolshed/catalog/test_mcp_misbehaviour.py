"""MCP servers that misbehave: the error says what and whose, and nothing is left behind."""

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_SECONDS, eventually
from toolshed.catalog import mcp_limits, mcp_servers
from toolshed.catalog.definitions import Catalog
from toolshed.catalog.mcp_clients import connect
from toolshed.catalog.mcp_limits import MAX_UNASKED_BYTES, Received, ServerFaultError
from toolshed.catalog.mcp_servers import read_mcp_server, watch_mcp_server
from toolshed.catalog.sources import read_source, read_sources
from toolshed.errors import ServerAnswerError, SourceError

SERVER = Path(__file__).parents[2] / "servers" / "rough.py"
STDIO = f"mcp+stdio:{sys.executable} {SERVER}"


@pytest.fixture(autouse=True)
def sdk_of_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make test-mcp1` shadows the SDK of the client; the servers keep their own."""
    monkeypatch.delenv("PYTHONPATH", raising=False)


def test_what_a_server_says_of_itself_and_its_tools_is_kept() -> None:
    (tool,) = read_mcp_server(f"{STDIO} good").tools
    assert (tool.title, tool.service) == ("Open the gate", "Depot north")
    assert tool.service_description == "Gates and docks of the northern depot."
    assert tool.binding == {"kind": "mcp"}
    assert tool.extras == {
        "icons": [{"src": "https://icons.example/gate.png"}],
        "_meta": {"example/zone": "north"},
    }
    assert tool.output_schema == {"type": "object", "properties": {"is_open": {"type": "boolean"}}}
    assert tool.annotations == {"readOnlyHint": False}


def test_bad_tools_cost_only_themselves_and_are_named() -> None:
    catalog = read_mcp_server(f"{STDIO} bad")
    assert [tool.name for tool in catalog.tools] == ["open_gate"]
    told = [str(entry) for entry in catalog.invalid]
    assert len(told) == 6
    assert told[0].startswith("tool 2 ('no_schema'): its 'inputSchema' must be an object, found none")
    assert told[3].startswith("tool 5: the name is of type int")


def test_a_tool_listed_twice_is_named_and_kept_once() -> None:
    catalog = read_mcp_server(f"{STDIO} twice")
    assert [tool.name for tool in catalog.tools] == ["open_gate"]
    assert "listed 2 times" in catalog.warnings[0]


def test_a_second_tool_of_one_name_could_not_be_called_and_is_named() -> None:
    catalog = read_mcp_server(f"{STDIO} namesakes")
    assert [tool.description for tool in catalog.tools] == ["Open a gate of the depot."]
    assert "a second tool of this name" in catalog.invalid[0].reason


def test_the_location_gives_the_server_again() -> None:
    catalog = read_mcp_server(f"{STDIO} good", source="depot")
    assert (catalog.source, catalog.location) == ("depot", f"{STDIO} good")
    assert read_mcp_server(catalog.location).tools[0].name == "open_gate"


def test_a_variable_of_the_caller_reaches_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_TOKEN", "tk-12345678")
    assert len(read_mcp_server(f"{STDIO} needs-token").tools) == 1


def test_a_variable_can_be_given_by_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GATE_TOKEN", raising=False)
    assert len(read_mcp_server(f"{STDIO} needs-token", env={"GATE_TOKEN": "tk-12345678"}).tools) == 1


def test_our_own_variables_reach_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLSHED_QDRANT_API_KEY", "ours")
    script = "import os, sys; sys.exit(str([n for n in os.environ if 'TOOLSHED' in n]))"
    with pytest.raises(SourceError, match=r"it wrote: \[\]"):
        read_mcp_server(f'mcp+stdio:{sys.executable} -c "{script}"')


def test_what_a_server_complains_of_is_in_the_error_and_not_in_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GATE_TOKEN", raising=False)
    with pytest.raises(SourceError, match="it ended with exit code 1; it wrote: GATE_TOKEN is not set"):
        read_mcp_server(f"{STDIO} needs-token")
    shown = capfd.readouterr()
    assert shown.out == shown.err == ""


@pytest.mark.parametrize("mode", ["refuse", "die"])
def test_a_key_that_a_server_echoes_is_hidden(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("GATE_TOKEN", "tk-12345678")
    with pytest.raises(SourceError, match=r"key (was )?\*\*\*") as caught:
        read_mcp_server(f"{STDIO} {mode}")
    assert "tk-12345678" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        pytest.param(
            "die", "it ended with exit code 9; it wrote: starting up | no more memory", id="dies-half-way"
        ),
        pytest.param("refuse", "it answers with the error -32001: your key", id="answers-with-an-error"),
        pytest.param("loop", "it lists the page 'a' twice", id="loops-its-cursor"),
        pytest.param("huge", "it sends a message of more than 32 MB", id="sends-a-gigabyte"),
        pytest.param("dense", "values, which lists no tools", id="sends-what-fills-the-memory"),
        pytest.param(
            "wordless", "it did not answer within 2 seconds; it wrote: starting up", id="never-answers"
        ),
    ],
)
def test_what_is_wrong_with_a_server_is_said(mode: str, message: str) -> None:
    seconds = 2 if mode == "wordless" else 60
    with pytest.raises(SourceError) as caught:
        read_mcp_server(f"{STDIO} {mode}", timeout_seconds=seconds)
    assert message in str(caught.value)
    assert f"rough.py {mode}'" in str(caught.value)


@pytest.mark.parametrize("mode", ["flood", "chatter"])
def test_what_is_sent_without_end_ends_the_connection(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setattr(mcp_limits, "MAX_UNASKED_BYTES", 2**20)
    with pytest.raises(SourceError, match="it sends more than 1 MB without being asked"):
        read_mcp_server(f"{STDIO} {mode}", timeout_seconds=60)


def test_what_each_request_is_answered_with_is_counted_for_itself() -> None:
    faults: list[ServerFaultError] = []
    received = Received(faults.append)
    half = MAX_UNASKED_BYTES // 2
    for _ in range(4):
        received.asked()
        assert received.is_in_bounds(half)
        assert received.is_in_bounds(half)
    assert not received.is_in_bounds(1)
    assert [str(fault) for fault in faults] == ["it sends more than 256 MB without being asked"]


def test_garbage_between_messages_is_passed_over() -> None:
    assert len(read_mcp_server(f"{STDIO} garbage").tools) == 1


def test_garbage_instead_of_messages_is_shown() -> None:
    with pytest.raises(SourceError, match="it wrote: Usage: serve PORT"):
        read_mcp_server(f"mcp+stdio:{sys.executable} -c \"print('Usage: serve PORT')\"")


def test_a_list_that_changes_while_it_is_read_is_read_again() -> None:
    assert [tool.name for tool in read_mcp_server(f"{STDIO} changing").tools] == ["close_gate"]


def test_more_bytes_than_any_list_has_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_servers, "_MAX_BYTES", 10)
    with pytest.raises(SourceError, match="more than 0 MB of tools"):
        read_mcp_server(f"{STDIO} loop")


def test_no_process_of_a_server_is_left(tmp_path: Path) -> None:
    (tool,) = read_mcp_server(f"{STDIO} orphan").tools
    child = int(tool.name.removeprefix("child_"))
    eventually(lambda: has_ended(child))


def has_ended(process: int) -> bool:
    try:
        # A killed child of a dead parent waits for init to collect it.
        return Path(f"/proc/{process}/stat").read_text().split()[2] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


async def test_a_list_is_asked_for_again_when_it_is_no_longer_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_servers, "_SHORTEST_POLL", 0.01)
    seen: list[Catalog] = []
    enough = asyncio.Event()

    async def note(catalog: Catalog) -> None:
        seen.append(catalog)
        if len(seen) == 3:
            enough.set()

    watching = asyncio.create_task(watch_mcp_server(f"{STDIO} short-lived", note, poll_seconds=600))
    await asyncio.wait_for(enough.wait(), PATIENCE_SECONDS)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    assert seen[0].tools[0].extras["cacheScope"] == "private"


async def test_a_call_gives_what_the_server_answers_as_it_came() -> None:
    async with connect(f"{STDIO} good") as client:
        calls = [client.call_tool("open_gate", {"number": n}) for n in range(20)]
        answers = await asyncio.gather(*calls)
    for n, answer in enumerate(answers):
        assert answer["structuredContent"] == {"name": "open_gate", "arguments": {"number": n}}
        assert answer["content"][0]["type"] == "surprise"
        assert answer["isError"] is True


async def test_an_error_of_the_protocol_is_told_apart() -> None:
    async with connect(f"{STDIO} refuse") as client:
        with pytest.raises(ServerAnswerError, match="-32001"):
            await client.list_page()
        # The connection lives on.
        assert (await client.call_tool("open_gate", {}))["isError"] is True


async def test_an_error_of_the_caller_passes_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        async with connect(f"{STDIO} good"):
            raise ZeroDivisionError


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(SourceError, match="there is no program 'no-such-program-anywhere'"):
        read_mcp_server("mcp+stdio:no-such-program-anywhere")


def test_the_servers_of_a_file_are_read_side_by_side_and_a_dead_one_costs_itself(tmp_path: Path) -> None:
    def server(mode: str, **more: object) -> dict[str, object]:
        return {"command": sys.executable, "args": [str(SERVER), mode], **more}

    servers = {
        "north-gate": server("needs-token", env={"GATE_TOKEN": "tk-12345678"}),
        "dead": server("die"),
        "gone": {"command": "no-such-program-anywhere"},
        "unset": server("good", env={"A": "${GATE_UNSET_VARIABLE}"}),
        "silent": server("wordless", timeout=3),
        "south-gate": server("good"),
    }
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": servers}))
    catalogs = {catalog.source: catalog for catalog in read_sources([path])}
    assert list(catalogs) == list(servers)
    assert {name for name, catalog in catalogs.items() if catalog.tools} == {"north-gate", "south-gate"}
    assert "exit code 9" in catalogs["dead"].failure
    assert "there is no program" in catalogs["gone"].failure
    assert "GATE_UNSET_VARIABLE is not set" in catalogs["unset"].failure
    assert "did not answer within 3 seconds" in catalogs["silent"].failure
    assert catalogs["north-gate"].location == f"{path}#north-gate"
    assert "tk-12345678" not in str(catalogs)


def test_servers_of_a_named_file_are_named_after_it(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    entry = {"command": sys.executable, "args": [str(SERVER), "good"]}
    path.write_text(json.dumps({"mcpServers": {"a": entry, "b c": entry}}))
    assert [catalog.source for catalog in read_sources([f"depot={path}"])] == ["depot-a", "depot-b-c"]
    assert read_source(f"yard={path}#a").source == "yard"
    with pytest.raises(SourceError, match="names 2 MCP servers, which are a source each: a, b c"):
        read_source(path)


async def test_a_server_that_leaves_while_it_is_watched_is_noticed_at_once() -> None:
    async def note(catalog: Catalog) -> None:
        assert len(catalog.tools) == 1

    with pytest.raises(SourceError, match="closed the connection; it ended with exit code 4"):
        await asyncio.wait_for(watch_mcp_server(f"{STDIO} leave", note, poll_seconds=600), PATIENCE_SECONDS)


def test_many_threads_read_servers_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        catalogs = list(pool.map(read_mcp_server, [f"{STDIO} good"] * 16))
    assert all(catalog == catalogs[0] for catalog in catalogs)


def test_a_key_of_a_file_is_hidden_however_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORTH_VALUE", "open sesame")
    path = tmp_path / "mcp.json"
    entry = {
        "command": sys.executable,
        "args": [str(SERVER), "refuse"],
        "env": {"GATE_TOKEN": "${NORTH_VALUE}"},
    }
    path.write_text(json.dumps({"mcpServers": {"gate": entry}}))
    with pytest.raises(SourceError, match=r"your key \*\*\* is not valid"):
        read_source(f"{path}#gate")
