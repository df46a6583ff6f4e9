"""The server over HTTP, with the official SDK's client, in both eras."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from starlette.datastructures import Headers

from tests.api.mcp.serving import ERAS, host, talking, text
from tests.api.serving import running, served
from tests.conftest import OpenShed
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder, make_tool
from toolshed.visibility import Visibility
from toolshed_api.app import create_app
from toolshed_api.auth.authority import Authority
from toolshed_api.callers import Caller
from toolshed_api.mcp.server import OWN_TOOLS

eras = pytest.mark.parametrize("era", ERAS)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served")
    with Toolshed(folder / "shed", encoder=HashingEncoder()) as shed:
        shed.add_tools(talking(folder / "journal"))
        with served(Settings(kb=str(folder / "shed")), shed) as client:
            yield str(client.base_url).rstrip("/") + "/mcp"


def test_every_tool_has_a_title_and_hints() -> None:
    for tool in OWN_TOOLS:
        listed = tool.listed().model_dump(by_alias=True, exclude_none=True)
        assert listed["title"] == listed["annotations"]["title"]
        assert {"readOnlyHint", "destructiveHint", "openWorldHint"} <= listed["annotations"].keys()
        assert len(listed["description"]) > 20
        assert all(said.get("description") for said in listed["inputSchema"]["properties"].values())


@eras
async def test_a_host_finds_a_tool_and_calls_it(url: str, era: str) -> None:
    async with host(url, era) as client:
        assert client.instructions is not None
        assert "search_tools" in client.instructions
        listed = await client.list_tools()
        (search,) = [tool for tool in listed.tools if tool.name == "search_tools"]
        assert search.meta is not None
        assert search.meta["anthropic/alwaysLoad"] is True
        assert "talking" in (search.description or "")
        found = await client.call_tool("search_tools", {"query": "weather forecast for a city"})
        assert json.loads(text(found)) == found.structured_content
        best = found.structured_content["tools"][0]
        assert best["tool"].endswith(":get_weather")
        assert best["call_with"] == "call_tool_read"
        assert best["input_schema"]["required"] == ["city"]
        answer = await client.call_tool(
            best["call_with"], {"tool": best["tool"], "arguments": {"city": "Lisbon"}}
        )
        assert answer.structured_content == {"city": "Lisbon", "degrees": 21}
        assert answer.meta is not None
        assert answer.meta["toolshed/call"]["tool"] == best["tool"]
        told = await client.call_tool(
            "report_outcome", {"search_id": found.structured_content["search_id"], "passed": True}
        )
        assert told.structured_content["passed"] is True


@eras
async def test_the_list_comes_page_by_page(url: str, era: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with host(url, era) as client:
        whole = await client.list_tools()
    assert whole.next_cursor is None
    monkeypatch.setattr("toolshed_api.mcp.server.PAGE", 4)
    async with host(url, era) as client:
        pages = [await client.list_tools()]
        while (cursor := pages[-1].next_cursor) is not None:
            pages.append(await client.list_tools(cursor=cursor))
    names = [[tool.name for tool in page.tools] for page in pages]
    assert [len(page) for page in names] == [4, 4, len(whole.tools) - 8]
    assert [name for page in names for name in page] == [tool.name for tool in whole.tools]


@eras
async def test_a_follow_up_is_searched_with_what_was_said_before(url: str, era: str) -> None:
    async with host(url, era) as client:
        asked = {"query": "and for Porto?", "k": 1, "history": ["get the weather forecast of Lisbon"]}
        found = await client.call_tool("search_tools", asked)
        assert found.structured_content["tools"][0]["tool"].endswith(":get_weather")


@eras
async def test_each_need_is_told_with_its_tools_and_what_a_bound_left_out(url: str, era: str) -> None:
    async with host(url, era) as client:
        query = "get the weather forecast of Lisbon and send an email to Ana"
        found = await client.call_tool("search_tools", {"query": query, "max_tokens": 100, "k": 3})
        said = found.structured_content
        assert [need["need"] for need in said["needs"]] == [
            "get the weather forecast of Lisbon",
            "send an email to Ana",
        ]
        assert sum(said["left_out"].values()) >= 1
        names = {tool["tool"] for tool in said["tools"]}
        assert {name for need in said["needs"] for name in need["tools"]} == names


@eras
async def test_what_does_not_say_that_it_only_reads_is_called_by_write(url: str, era: str) -> None:
    async with host(url, era) as client:
        found = await client.call_tool("search_tools", {"query": "send an email", "k": 1})
        (tool,) = found.structured_content["tools"]
        assert tool["call_with"] == "call_tool_write"
        given = {"tool": tool["tool"], "arguments": {"to": "Ana"}}
        refused = await client.call_tool("call_tool_read", given)
        assert refused.is_error
        assert "call it with call_tool_write" in text(refused)
        assert text(await client.call_tool("call_tool_write", given)) == "sent to Ana: "


@eras
async def test_five_megabytes_are_cut_and_can_be_read_to_their_end(url: str, era: str) -> None:
    async with host(url, era) as client:
        found = await client.call_tool("search_tools", {"query": "read the archive", "k": 1})
        name = found.structured_content["tools"][0]["tool"]
        answer = await client.call_tool("call_tool_read", {"tool": name})
        assert len(text(answer)) < 21_000
        assert "read_result(handle=" in text(answer)
        assert answer.meta is not None
        said = answer.meta["toolshed/call"]
        assert said["n_characters"] == 5_000_000
        n_read, offset = 20_000, said["next_offset"]
        while offset is not None:
            given = {"handle": said["handle"], "offset": offset, "max_characters": 100_000}
            page = (await client.call_tool("read_result", given)).structured_content
            n_read += len(page["text"])
            offset = page["next_offset"]
        assert n_read == 5_000_000


@eras
async def test_a_large_structured_answer_is_read_by_its_handle(url: str, era: str) -> None:
    async with host(url, era) as client:
        found = await client.call_tool("search_tools", {"query": "list rows of the ledger table", "k": 1})
        name = found.structured_content["tools"][0]["tool"]
        answer = await client.call_tool("call_tool_read", {"tool": name})
        assert answer.structured_content is None
        assert text(answer).startswith('20000 rows\n{"rows":[{"row":0')
        assert "read_result(handle=" in text(answer)
        small = await client.call_tool("call_tool_read", {"tool": name, "arguments": {"n": 1}})
        assert small.structured_content == {"rows": [{"row": 0, "name": "row 0"}]}


@eras
async def test_a_picture_is_handed_on(url: str, era: str) -> None:
    async with host(url, era) as client:
        found = await client.call_tool("search_tools", {"query": "draw a map picture", "k": 1})
        answer = await client.call_tool(
            "call_tool_read", {"tool": found.structured_content["tools"][0]["tool"]}
        )
        assert [block.type for block in answer.content] == ["image"]


@eras
@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        pytest.param("search_tools", {}, "query: Field required", id="nothing"),
        pytest.param("search_tools", {"query": "x" * 20_001}, "at most 20000", id="huge"),
        pytest.param("search_tools", {"query": "   "}, "the query is empty", id="blank"),
        pytest.param("search_tools", {"query": "a", "k": 10**9}, "less than or equal to 20", id="k"),
        pytest.param("search_tools", {"query": "a", "surces": []}, "surces: Extra", id="misspelt"),
        pytest.param("search_tools", {"query": "a", "sources": ["?"]}, "no source '?'", id="source"),
        pytest.param("get_tool_schema", {"tool": "no:such"}, "there is no tool 'no:such'", id="tool"),
        pytest.param("call_tool_write", {"tool": "no:such"}, "there is no tool 'no:such'", id="call"),
        pytest.param("call_tool_write", {"tool": "a", "arguments": []}, "valid dictionary", id="list"),
        pytest.param("read_result", {"handle": "none"}, "there is no result 'none'", id="handle"),
        pytest.param("read_result", {"handle": "a", "offset": -1}, "greater than or equal", id="offset"),
        pytest.param("report_outcome", {"search_id": "s-x", "passed": True}, "no search 's-x'", id="search"),
        pytest.param("fetch", {"id": "passage:nowhere"}, "there is no result", id="fetch"),
    ],
)
async def test_bad_arguments_are_told_to_the_model(
    url: str, era: str, name: str, arguments: dict[str, Any], says: str
) -> None:
    async with host(url, era) as client:
        answer = await client.call_tool(name, arguments)
        assert answer.is_error
        assert says in text(answer)
        assert len(text(answer)) <= 2_000


@eras
async def test_a_tool_that_is_not_listed_is_an_error_of_the_protocol(url: str, era: str) -> None:
    async with host(url, era) as client:
        with pytest.raises(MCPError, match="no tool 'get_weather' in the list"):
            await client.call_tool("get_weather", {"city": "Lisbon"})
        with pytest.raises(MCPError, match="there is no page 'nonsense'"):
            await client.list_tools(cursor="nonsense")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","id":1,"method":7}',
        b"[" * 9999,
    ],
)
@pytest.mark.parametrize("protocol", ["2026-07-28", "2025-11-25", "1999-01-01", ""])
def test_malformed_messages_are_refused(url: str, body: bytes, protocol: str) -> None:
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    answer = httpx.post(url, content=body, headers={**headers, "mcp-protocol-version": protocol}, timeout=30)
    assert 400 <= answer.status_code < 500


def test_another_host_name_is_refused(url: str) -> None:
    for header in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
        answer = httpx.post(url, json={}, headers=header, timeout=30)
        assert answer.status_code == 403
        assert answer.json()["code"] == "forbidden_origin"


@pytest.fixture
def callers_url(open_shed: OpenShed, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    shed = open_shed()
    shed.add_tools(
        make_tool("send_email", "Send an email.", source="mail"),
        make_tool("get_forecast", "Weather forecast.", source="weather"),
    )
    ana = Caller("ana", visible=Visibility(frozenset({"mail"})))
    ben = replace(ana, name="ben", scopes=frozenset({"search"}))
    settings = Settings(
        kb=shed.knowledge_base.location, mcp_pinned=["mail:send_email", "weather:get_forecast"]
    )
    callers = {"ana": ana, "ben": ben}

    async def by_name(_: Authority, headers: Headers) -> Caller:
        return callers[headers["x-as"]]

    monkeypatch.setattr(Authority, "admitted", by_name)
    with running(create_app(settings, shed=shed)) as client:
        yield str(client.base_url).rstrip("/") + "/mcp"


@asynccontextmanager
async def as_caller(url: str, name: str, era: str) -> AsyncIterator[Client]:
    async with httpx2.AsyncClient(headers={"x-as": name}, timeout=30) as http:
        transport: Any = streamable_http_client(url, http_client=http)
        async with host(transport, era) as client:
            yield client


@eras
async def test_a_caller_learns_nothing_of_what_is_not_his(callers_url: str, era: str) -> None:
    async with as_caller(callers_url, "ana", era) as client:
        listed = await client.list_tools()
        if era == "auto":
            assert listed.cache_scope == "private"
        names = [tool.name for tool in listed.tools]
        assert "send_email" in names
        assert "get_forecast" not in names
        assert "weather" not in listed.model_dump_json()
        found = await client.call_tool("search_tools", {"query": "weather forecast and email"})
        assert "weather:" not in found.model_dump_json()
        assert "mail:send_email" in text(found)
        assert "left_out" not in found.structured_content
        refused = await client.call_tool("call_tool_write", {"tool": "weather:get_forecast"})
        assert text(refused).startswith("there is no tool 'weather:get_forecast'")


@eras
async def test_scopes_decide_what_is_listed_and_what_runs(callers_url: str, era: str) -> None:
    async with as_caller(callers_url, "ben", era) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert names == {"search_tools", "get_tool_schema", "search_passages", "search", "fetch"}
        refused = await client.call_tool("call_tool_write", {"tool": "mail:send_email"})
        assert "needs the scope 'call'" in text(refused)


async def test_a_search_id_is_good_for_its_caller_only_and_in_any_session(callers_url: str) -> None:
    async with as_caller(callers_url, "ben", "auto") as client:
        theirs = (await client.call_tool("search_tools", {"query": "email"})).structured_content["search_id"]
    async with as_caller(callers_url, "ana", "legacy") as client:
        mine = (await client.call_tool("search_tools", {"query": "email"})).structured_content["search_id"]
    async with as_caller(callers_url, "ana", "auto") as client:
        refused = await client.call_tool("report_outcome", {"search_id": theirs, "passed": True})
        assert "there is no search" in text(refused)
        assert not (await client.call_tool("report_outcome", {"search_id": mine, "passed": True})).is_error


async def test_a_session_of_the_older_protocol_is_nobody_elses(callers_url: str) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    headers = {"accept": "application/json, text/event-stream"}
    async with httpx.AsyncClient(timeout=30) as client:
        opened = await client.post(callers_url, json=hello, headers={**headers, "x-as": "ana"})
        session = {**headers, "mcp-session-id": opened.headers["mcp-session-id"]}
        listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
        other = await client.post(callers_url, json=listing, headers={**session, "x-as": "ben"})
        assert other.status_code == 404
        own = await client.post(callers_url, json=listing, headers={**session, "x-as": "ana"})
        assert own.status_code == 200


@eras
async def test_no_definition_and_no_instructions_are_endless(open_shed: OpenShed, era: str) -> None:
    shed = open_shed()
    properties = {f"field_{i}": {"type": "string", "description": "What it is. " * 20} for i in range(2_000)}
    skill = replace(
        make_tool("fold_paper", "How to fold paper.", source="crafts"),
        binding={"kind": "skill"},
        extras={"instructions": "Fold it. " * 50_000},
    )
    shed.add_tools(make_tool("huge", "A huge tool.", source="big", properties=properties), skill)
    with served(Settings(), shed) as client:
        async with host(str(client.base_url).rstrip("/") + "/mcp", era) as connected:
            for name in ("big:huge", "crafts:fold_paper"):
                said = await connected.call_tool("get_tool_schema", {"tool": name})
                assert said.structured_content["is_shortened"] is True
                assert 1_000 < len(text(said)) < 70_000
            found = await connected.call_tool("search_tools", {"query": "fold paper"})
            assert "get_tool_schema has them" in text(found)
            assert len(text(found)) < 40_000
