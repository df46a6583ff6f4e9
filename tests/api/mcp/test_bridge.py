"""``toolshed mcp --url``: a host that starts a program, before a service that runs."""

import asyncio
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mcp import MCPError, StdioServerParameters
from mcp_types import ElicitResult

from tests.api.mcp.serving import ERAS, host, talking, text
from tests.api.serving import served
from tests.command_line import run
from tests.waiting import PATIENCE_SECONDS, eventually_beside
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder

eras = pytest.mark.parametrize("era", ERAS)
KEY = "key-of-the-service-0123456789"


@dataclass
class Service:
    url: str
    journal: Path
    key_file: Path


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("bridged")
    (folder / "key").write_text(f"{KEY}\n")
    with Toolshed(folder / "shed", encoder=HashingEncoder()) as shed:
        shed.add_tools(talking(folder / "journal"), source_name="talking")
        with served(Settings(kb=str(folder / "shed"), api_keys=[KEY]), shed) as client:
            yield Service(str(client.base_url), folder / "journal", folder / "key")


def bridge(url: str, *options: str) -> StdioServerParameters:
    names = ("PATH", "PYTHONPATH", "HOME")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    command = ["-m", "toolshed", "mcp", "--url", url, *options]
    return StdioServerParameters(command=sys.executable, args=command, env=environment)


@eras
async def test_questions_progress_and_cancellation_pass_through(service: Service, era: str) -> None:
    asked: list[str] = []
    told: list[float] = []
    begun = asyncio.Event()

    async def elicit(_: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"sure": True})

    async def note(progress: float, *_: Any) -> None:
        told.append(progress)

    async def note_begun(*_: Any) -> None:
        begun.set()

    server = bridge(service.url, "--api-key-file", str(service.key_file))
    async with host(server, era, elicitation_callback=elicit) as client:
        listed = [tool.name for tool in (await client.list_tools()).tools]
        assert "search_tools" in listed
        deleting = {"tool": "talking:delete_account", "arguments": {"name": "Ben"}}
        answer = await client.call_tool("call_tool_write", deleting)
        assert text(answer).startswith("accept True Ben")
        assert asked == ["talking:delete_account: Really delete Ben?"]
        counting = {"tool": "talking:count_files", "arguments": {"n": 20}}
        answer = await client.call_tool("call_tool_read", counting, progress_callback=note)
        assert text(answer) == "20 files"
        assert told == list(range(1, 21))
        service.journal.write_text("")
        waiting = {"tool": "talking:wait_long"}
        calling = asyncio.ensure_future(
            client.call_tool("call_tool_read", waiting, progress_callback=note_begun)
        )
        await asyncio.wait_for(begun.wait(), PATIENCE_SECONDS)
        calling.cancel()
        await asyncio.wait({calling}, timeout=PATIENCE_SECONDS)
        await eventually_beside(lambda: "cancelled" in service.journal.read_text())


async def test_a_service_that_is_not_there_or_refuses_is_told_to_the_host(service: Service) -> None:
    for url, says in ((service.url, "API key|credentials|key"), ("http://127.0.0.1:9", "cannot be reached")):
        with pytest.RaisesGroup(
            pytest.RaisesExc(MCPError, match=says), flatten_subgroups=True, allow_unwrapped=True
        ):
            async with host(bridge(url), "legacy"):
                pass


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(("--url", "nonsense"), "write https://HOST", id="address"),
        pytest.param(("--url", "http://x", "--pin", "a:b"), "leave out --pin", id="pin"),
        pytest.param(("--url", "http://x", "--api-key-file", "none"), "cannot be read", id="no file"),
        pytest.param(("--url", "http://x", "--api-key-file", "two"), "holds no key", id="no key"),
    ],
)
def test_what_is_misused_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two").write_text("two words")
    refused = run("mcp", *options)
    assert refused.exit_code == 2
    assert says in refused.stderr
