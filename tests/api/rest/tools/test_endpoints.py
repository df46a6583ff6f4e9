"""The endpoints of tools: add, change, list, show, remove."""

import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.api.serving import problem, served
from tests.conftest import OpenShed
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed

FORECAST = {"name": "get_tides", "description": "Tide tables of a harbour.", "parameters": {}}


def test_tools_are_listed_page_by_page(client: httpx.Client) -> None:
    first = client.get("/v1/tools", params={"limit": 2}).json()
    assert first == {
        "tool_ids": ["mail:send_email", "odd:a/b c"],
        "total": 3,
        "next_after": "odd:a/b c",
    }
    second = client.get("/v1/tools", params={"limit": 2, "after": first["next_after"]}).json()
    assert (second["tool_ids"], second["next_after"]) == (["weather:get_forecast"], None)


@pytest.mark.parametrize("tool_id", ["mail:send_email", "odd:a/b c"])
def test_a_tool_is_shown_by_its_id(client: httpx.Client, tool_id: str) -> None:
    body = client.get(f"/v1/tools/{tool_id}").json()
    assert body["tool_id"] == tool_id
    assert len(body["content_hash"]) == 64


def test_what_is_not_there_is_not_found(client: httpx.Client) -> None:
    assert problem(client.get("/v1/tools/mail:gone")) == (404, "unknown_tool")
    assert problem(client.get("/v1/nothing")) == (404, "not_found")
    assert problem(client.delete("/v1/tools")) == (405, "method_not_allowed")


def test_a_tool_that_is_put_is_found_at_once_and_one_that_is_deleted_is_gone(client: httpx.Client) -> None:
    put = client.put("/v1/tools/sea:get_tides", json=FORECAST)
    assert (put.status_code, put.json()["added"]) == (200, ["sea:get_tides"])
    query = {"query": "tide tables of a harbour", "k": 1}
    assert client.post("/v1/tools/search", json=query).json()["tools"][0]["tool_id"] == "sea:get_tides"
    again = client.put("/v1/tools/sea:get_tides", json=FORECAST).json()
    assert (again["unchanged"], again["n_embedded"]) == (1, 0)
    changed = client.put("/v1/tools/sea:get_tides", json={**FORECAST, "description": "Whale sightings."})
    assert changed.json()["changed"] == ["sea:get_tides"]
    assert client.get("/v1/tools/sea:get_tides").json()["description"] == "Whale sightings."
    assert client.delete("/v1/tools/sea:get_tides").json() == {"removed": ["sea:get_tides"]}
    assert problem(client.delete("/v1/tools/sea:get_tides")) == (404, "unknown_tool")
    assert problem(client.get("/v1/tools/sea:get_tides")) == (404, "unknown_tool")


def test_many_tools_are_added_at_once_and_bad_ones_are_named(client: httpx.Client) -> None:
    tools = [{"name": f"tool_{n}", "description": f"Does thing {n}."} for n in range(20)]
    body = client.post(
        "/v1/tools", json={"tools": [*tools, {"description": "no name"}], "source": "many"}
    ).json()
    assert len(body["added"]) == 20
    assert len(body["invalid"]) == 1
    strict = client.post("/v1/tools", json={"tools": [{"description": "no name"}], "strict": True})
    assert problem(strict) == (422, "invalid_tool")
    too_many = client.post("/v1/tools", json={"tools": [{"name": "a"}] * 257})
    assert problem(too_many) == (422, "invalid_request")


def test_a_source_of_one_origin_is_not_overwritten_from_another(client: httpx.Client) -> None:
    def add(origin: str, **more: object) -> httpx.Response:
        return client.post("/v1/tools", json={"tools": [FORECAST], "source": "sea", "origin": origin, **more})

    assert add("/home/ana/tools.json").status_code == 200
    assert problem(add("/home/ben/tools.json")) == (409, "source_conflict")
    assert add("/home/ben/tools.json", replace=True).status_code == 200


def test_larger_bodies_are_taken_of_tools_than_of_searches(client: httpx.Client) -> None:
    long = {**FORECAST, "description": "word " * 39_000}
    assert client.put("/v1/tools/sea:get_tides", json=long).status_code == 200
    many = [{"name": f"tool_{n}", "description": "word " * 9_000} for n in range(64)]
    assert client.post("/v1/tools", json={"tools": many}).status_code == 200
    assert problem(client.post("/v1/tools/search", json={"query": "x", "tools": many})) == (413, "too_large")


def test_no_upload_is_beyond_the_limit(open_shed: OpenShed) -> None:
    with served(Settings(max_upload_bytes=2**16, max_query_characters=1), open_shed()) as client:
        long = client.post("/v1/tools", content=b" " * (2**20 + 1))
        assert problem(long) == (413, "too_large")


def test_of_many_writes_at_once_none_is_lost(client: httpx.Client, shed: Toolshed) -> None:
    def put(n: int) -> int:
        body = {"name": f"tool_{n}", "description": f"Does thing {n}."}
        return client.put(f"/v1/tools/many:tool_{n}", json=body).status_code

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(16) as pool:
            assert set(pool.map(put, range(64))) == {200}
    finally:
        sys.setswitchinterval(before)
    assert len([one for one in shed.list_tools() if one.startswith("many:")]) == 64


def test_ids_with_line_breaks_are_looked_at_and_refused(client: httpx.Client) -> None:
    answer = client.put("/v1/tools/mail:a%0Ab", json={"name": "a"})
    assert problem(answer) == (422, "invalid_tool")
