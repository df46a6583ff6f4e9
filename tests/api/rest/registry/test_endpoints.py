from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from tests.api.serving import problem, served
from tests.conftest import OpenShed
from toolshed.catalog.definitions import Catalog
from toolshed.settings import Settings
from toolshed.testing import make_tool
from toolshed.types import ToolDefinition
from toolshed_api.caller_shed import CallerShed
from toolshed_api.callers import Caller
from toolshed_api.rest.registry.servers import registered_servers
from toolshed_api.rest.sources.schemas import SourceBody

SECRET = "sk-very-secret-0123456789"


def _tool(source: str, location: str, **said: str) -> ToolDefinition:
    tool = make_tool("do_it", "Does it.", source=source)
    return replace(tool, binding={"kind": "mcp"}, location=location, **said)  # type: ignore[arg-type]  # texts


@pytest.fixture
def client(open_shed: OpenShed, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setenv("HIDDEN_KEY", SECRET)
    shed = open_shed()
    tools = [
        _tool(
            "alpha", "mcp+https://alpha.example/mcp", service="Alpha", service_description="First\nof all."
        ),
        _tool("beta", "mcp+stdio:npx -y @acme/beta-server@1.2.3 --token ${HIDDEN_KEY}"),
        _tool("delta", "mcp+https://delta.example/mcp?key=${HIDDEN_KEY}"),
        _tool("eta", "mcp+stdio:/home/ana/bin/eta --folder /home/ana"),
        make_tool("plain", "No server.", source="zeta"),
    ]
    shed.add_catalogs([Catalog(tool.source, (tool,), location=tool.location or "file") for tool in tools])
    with served(Settings(), shed) as opened:
        yield opened


def _names(client: httpx.Client, **query: str) -> list[str]:
    answer = client.get("/v0.1/servers", params=query)
    assert answer.status_code == 200
    return [entry["server"]["name"] for entry in answer.json()["servers"]]


def test_servers_are_listed_by_name_with_how_they_are_reached(client: httpx.Client) -> None:
    answer = client.get("/v0.1/servers").json()
    by_name = {entry["server"]["name"]: entry for entry in answer["servers"]}
    assert list(by_name) == ["toolshed/alpha", "toolshed/beta", "toolshed/delta", "toolshed/eta"]
    alpha = by_name["toolshed/alpha"]["server"]
    assert (alpha["title"], alpha["description"]) == ("Alpha", "First of all.")
    assert alpha["remotes"] == [{"type": "streamable-http", "url": "https://alpha.example/mcp"}]
    assert by_name["toolshed/beta"]["server"]["packages"] == [
        {"registryType": "npm", "identifier": "@acme/beta-server@1.2.3", "transport": {"type": "stdio"}}
    ]
    said = by_name["toolshed/alpha"]["_meta"]["io.modelcontextprotocol.registry/official"]
    assert said["status"] == "active"
    assert said["isLatest"] is True


def test_no_credential_path_or_command_is_told(client: httpx.Client) -> None:
    text = client.get("/v0.1/servers").text
    for secret in (SECRET, "HIDDEN_KEY", "/home/ana", "token"):
        assert secret not in text


def test_pages_hold_every_server_once(client: httpx.Client) -> None:
    names: list[str] = []
    cursor = ""
    for _ in range(9):
        page = client.get("/v0.1/servers", params={"limit": 1, "cursor": cursor}).json()
        names += [entry["server"]["name"] for entry in page["servers"]]
        cursor = page["metadata"].get("nextCursor", "")
        if not cursor:
            break
    assert names == _names(client)


def test_searches_versions_and_times_narrow_the_list(client: httpx.Client) -> None:
    assert _names(client, search="ALPH") == ["toolshed/alpha"]
    assert _names(client, version="latest") == _names(client)
    assert _names(client, version="9.9.9") == []
    assert _names(client, updated_since="2001-01-01T00:00:00Z") == _names(client)
    assert _names(client, updated_since="2999-01-01T00:00:00") == []


def test_one_server_is_read_by_its_name(client: httpx.Client) -> None:
    one = client.get("/v0.1/servers/toolshed/alpha/versions/latest").json()
    version = one["server"]["version"]
    for name in ("toolshed/alpha", "toolshed%2Falpha"):
        assert client.get(f"/v0.1/servers/{name}/versions/{version}").json() == one
    assert problem(client.get("/v0.1/servers/toolshed/none/versions/latest")) == (404, "unknown_source")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "updated_since=yesterday", "updated_since=-21329"]
)
def test_nonsense_is_refused(client: httpx.Client, query: str) -> None:
    assert problem(client.get(f"/v0.1/servers?{query}")) == (422, "invalid_request")


KEY = "8f14e45fceea167a5a36dedd4bea2543"


def test_addresses_that_hold_a_key_are_for_who_indexes(open_shed: OpenShed) -> None:
    shed = open_shed()
    for source in ("b c", "b-c", "a"):
        tool = _tool(source, f"mcp+https://one.example/s/{KEY}/mcp")
        shed.add_catalogs([Catalog(source, (tool,), location=tool.location)])
    reader, indexer = (
        CallerShed(shed, Caller("ana", scopes=frozenset(scopes)))
        for scopes in ({"search"}, {"search", "index"})
    )
    assert not any(one.url for one in registered_servers(reader))
    servers = registered_servers(indexer)
    assert all(KEY in one.url for one in servers)
    names = [one.name for one in servers]
    assert names == sorted(set(names))
    assert len(names) == 3
    (source, *_) = reader.sources()
    assert SourceBody.of(source, is_trusted=False).locations == ["https://one.example"]
    assert SourceBody.of(source, is_trusted=True).locations == [f"mcp+https://one.example/s/{KEY}/mcp"]
