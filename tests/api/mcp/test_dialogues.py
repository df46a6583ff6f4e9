"""What tools ask and tell while they are called, through us, in every mix of protocols and transports."""

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types import CallToolResult, ElicitResult, InputRequiredResult

from tests.api.mcp.serving import (
    ERAS,
    OLDER,
    host,
    list_that_names,
    stdio,
    talking,
    text,
    told_of_changes,
)
from tests.api.serving import served
from tests.waiting import PATIENCE_SECONDS, eventually_beside
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder, make_tool

eras = pytest.mark.parametrize("era", ERAS)
transports = pytest.mark.parametrize("transport", ["http", "stdio"])
# One of each protocol.
TOOLS = {"2026": "talking", "2025": "older"}


class Served:
    """A knowledge base with the same server twice, in each of the protocols, served in both ways."""

    def __init__(self, folder: Path, older: str) -> None:
        self.folder, self.journal = folder, folder / "journal"
        with Toolshed(folder / "shed", pipeline="instant") as shed:
            shed.add_tools(talking(self.journal), source_name="talking")
            shed.add_tools(older, source_name="older")
        # A folder belongs to one process.
        shutil.copytree(folder / "shed", folder / "for-stdio")
        self.url = ""

    @contextlib.contextmanager
    def over_http(self) -> Iterator["Served"]:
        settings = Settings(kb=str(self.folder / "shed"), pipeline="instant")
        with (
            Toolshed(settings.kb, pipeline="instant") as shed,
            served(settings, shed) as client,
        ):
            self.url = str(client.base_url).rstrip("/") + "/mcp"
            yield self

    @asynccontextmanager
    async def connected(self, transport: str, era: str, **options: Any) -> AsyncIterator[Client]:
        if transport == "stdio":
            async with host(stdio(self.folder / "for-stdio"), era, **options) as client:
                yield client
        else:
            async with host(self.url, era, **options) as client:
                yield client


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("dialogues")
    with Served(folder, f"mcp+stdio:{sys.executable} {OLDER}").over_http() as service:
        yield service


@transports
@eras
async def test_what_a_tool_asks_reaches_the_user_and_the_answer_the_tool(
    service: Served, transport: str, era: str
) -> None:
    asked: list[str] = []

    async def elicit(context: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"sure": True})

    async with service.connected(transport, era, elicitation_callback=elicit) as client:
        for tool_era, source in TOOLS.items():
            tool = f"{source}:delete_account"
            given = {"tool": tool, "arguments": {"name": "Ben"}}
            answer = await client.call_tool("call_tool_write", given)
            assert text(answer).startswith("accept True Ben")
            # The question says which tool asks: the host shows it as one of ours.
            assert asked == [f"{tool}: Really delete Ben?"]
            asked.clear()
            if tool_era == "2026":
                assert text(answer).endswith("(deleting Ben)")


@eras
@pytest.mark.parametrize("tool_era", TOOLS)
async def test_a_host_that_cannot_ask_is_told_so(service: Served, era: str, tool_era: str) -> None:
    async with service.connected("http", era) as client:
        given = {"tool": f"{TOOLS[tool_era]}:delete_account", "arguments": {"name": "Ben"}}
        answer = await client.call_tool("call_tool_write", given)
        assert answer.is_error
        if tool_era == "2025":
            assert text(answer) == "the client cannot ask its user"


@pytest.mark.parametrize("tool_era", TOOLS)
async def test_the_state_is_good_for_the_same_call_only(service: Served, tool_era: str) -> None:
    async def elicit(context: Any, params: Any) -> ElicitResult:
        raise AssertionError("asked by hand here")

    async with service.connected("http", "auto", elicitation_callback=elicit) as client:

        async def call(name: str, **more: Any) -> Any:
            arguments = {"tool": f"{TOOLS[tool_era]}:delete_account", "arguments": {"name": name}}
            return await client.session.call_tool(
                "call_tool_write", arguments, allow_input_required=True, **more
            )

        asked = await call("Ben")
        assert isinstance(asked, InputRequiredResult)
        assert asked.input_requests is not None
        answers = {key: ElicitResult(action="accept", content={"sure": True}) for key in asked.input_requests}
        given: dict[str, Any] = {"input_responses": answers, "request_state": asked.request_state}
        for state in ("nonsense", (asked.request_state or "")[:-2] + "AA"):
            with pytest.raises(MCPError, match="Invalid or expired requestState"):
                await call("Ben", **(given | {"request_state": state}))
        with pytest.raises(MCPError, match="Invalid or expired requestState"):
            await call("Ana", **given)
        done = await call("Ben", **given)
        assert isinstance(done, CallToolResult)
        assert text(done).startswith("accept True Ben")


@transports
@eras
async def test_progress_is_handed_on_in_order(service: Served, transport: str, era: str) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with service.connected(transport, era) as client:
        for source in TOOLS.values():
            given = {"tool": f"{source}:count_files", "arguments": {"n": 20}}
            answer = await client.call_tool("call_tool_read", given, progress_callback=note)
            assert text(answer) == "20 files"
            assert told == [(i, 20, f"file {i}") for i in range(1, 21)]
            told.clear()


@transports
@eras
async def test_a_call_that_is_cancelled_is_cancelled_at_the_tool(
    service: Served, transport: str, era: str
) -> None:
    service.journal.write_text("")
    begun = asyncio.Event()

    async def note(*_: Any) -> None:
        begun.set()

    async with service.connected(transport, era) as client:
        calling = asyncio.ensure_future(
            client.call_tool("call_tool_read", {"tool": "talking:wait_long"}, progress_callback=note)
        )
        await asyncio.wait_for(begun.wait(), PATIENCE_SECONDS)
        calling.cancel()
        await asyncio.wait({calling}, timeout=PATIENCE_SECONDS)
        await eventually_beside(lambda: "cancelled" in service.journal.read_text())
        assert (await client.call_tool("search_tools", {"query": "weather"})).is_error is False


@eras
async def test_who_listens_is_told_when_the_tools_change(tmp_path: Path, era: str) -> None:
    with Toolshed(tmp_path / "shed", encoder=HashingEncoder()) as shed:
        shed.add_tools(make_tool("send_email", "Send an email.", source="mail"))
        with served(Settings(kb=str(tmp_path / "shed")), shed) as client:
            url = str(client.base_url).rstrip("/") + "/mcp"
            async with told_of_changes(url, era) as (connected, told):
                assert connected.server_capabilities.tools is not None
                assert connected.server_capabilities.tools.list_changed is True
                assert "billing" not in (await connected.list_tools()).model_dump_json()
                await asyncio.to_thread(
                    shed.add_tools, make_tool("pay_invoice", "Pay an invoice.", source="billing")
                )
                await list_that_names("billing", connected, told)
