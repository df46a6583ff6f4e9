"""``toolshed mcp`` as a host starts it."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.api.mcp.serving import ERAS, host, stdio, talking, text
from toolshed.shed.shed import Toolshed
from toolshed_api.audit.log import AuditLog
from toolshed_api.state import open_state


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stdio")
    with Toolshed(folder / "shed", pipeline="instant") as shed:
        shed.add_tools(talking(folder / "journal"))
    return folder / "shed"


async def test_a_search_id_outlives_the_process_and_the_era(folder: Path) -> None:
    search_id = ""
    for era in ERAS:
        async with host(stdio(folder, "--pin", "talking:send_email"), era) as client:
            if search_id:
                told = await client.call_tool("report_outcome", {"search_id": search_id, "passed": True})
                assert not told.is_error
            found = await client.call_tool("search_tools", {"query": "weather forecast for a city", "k": 1})
            search_id = found.structured_content["search_id"]
            (tool,) = found.structured_content["tools"]
            given = {"tool": tool["tool"], "arguments": {"city": "Lisbon"}}
            answer = await client.call_tool(tool["call_with"], given)
            assert answer.structured_content == {"city": "Lisbon", "degrees": 21}


async def test_a_pinned_tool_stands_in_the_list_and_runs(folder: Path) -> None:
    with Toolshed(folder, pipeline="instant") as shed:
        (tool_id,) = [name for name in shed.list_tools() if name.endswith(":send_email")]
        name = shed.get_tool(tool_id).exported_name
    async with host(stdio(folder, "--pin", tool_id), "auto") as client:
        (listed,) = [tool for tool in (await client.list_tools()).tools if tool.name == name]
        assert listed.input_schema["required"] == ["to"]
        assert listed.annotations is not None
        assert listed.annotations.read_only_hint is False
        assert text(await client.call_tool(name, {"to": "Ana"})) == "sent to Ana: "
        assert "required" in text(await client.call_tool(name, {}))


async def test_what_the_user_does_is_in_the_audit_log_beside_the_knowledge_base(folder: Path) -> None:
    open_state(str(folder / "state.db")).close()
    async with host(stdio(folder), "auto") as client:
        await client.call_tool("search_tools", {"query": "weather forecast for a city", "k": 1})
        await client.call_tool("call_tool_read", {"tool": "no:such"})
    with closing(open_state(str(folder / "state.db"))) as database, closing(AuditLog(database)) as log:
        events = log.page("default", limit=100)
    (searched,) = [event for event in events if event["action"] == "search"]
    assert searched["caller"].startswith("local")
    assert searched["digest"] is not None
    assert searched["text"] is None
    assert searched["request_id"].startswith("mcp-")
    assert ("tools.get", "unknown_tool") in {(event["action"], event["outcome"]) for event in events}


def test_without_a_knowledge_base_it_says_how_to_make_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "toolshed", "mcp", "--kb", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "toolshed index tools SOURCE" in done.stderr
    assert "Traceback" not in done.stderr
