"""The endpoints of tools: search, list, show."""

import httpx
import pytest

from tests.api.serving import problem


def test_search_finds_tools(client: httpx.Client) -> None:
    response = client.post("/v1/tools/search", json={"query": "weather forecast in Lisbon", "k": 1})
    assert response.status_code == 200
    body = response.json()
    assert [tool["tool_id"] for tool in body["tools"]] == ["weather:get_forecast"]
    assert body["status"] == "ok"
    assert body["timings_ms"]["total"] > 0


def test_nothing_that_fits_is_an_empty_list(client: httpx.Client) -> None:
    body = client.post("/v1/tools/search", json={"query": "x", "min_confidence": 1}).json()
    assert (body["tools"], body["status"]) == ([], "no_match")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({}, "invalid_request", id="no-query"),
        pytest.param({"query": ""}, "invalid_query", id="empty-query"),
        pytest.param({"query": "x" * 1_000_000}, "invalid_query", id="1-MB-query"),
        pytest.param({"query": "x", "k": 0}, "invalid_request", id="k-0"),
        pytest.param({"query": "x", "k": 999}, "invalid_query", id="k-beyond-the-limit"),
        pytest.param({"query": "x", "sources": ["nowhere"]}, "invalid_query", id="unknown-source"),
        pytest.param({"query": "x", "topk": 3}, "invalid_request", id="unknown-field"),
        pytest.param({"query": ["x"]}, "invalid_request", id="query-is-a-list"),
        pytest.param({"query": "x", "min_confidence": 2}, "invalid_request", id="floor-above-1"),
    ],
)
def test_requests_that_make_no_sense_get_problem_details(
    client: httpx.Client, body: dict[str, object], code: str
) -> None:
    assert problem(client.post("/v1/tools/search", json=body)) == (422, code)


def test_a_body_that_is_no_json_gets_problem_details(client: httpx.Client) -> None:
    response = client.post("/v1/tools/search", content=b"{half", headers={"content-type": "application/json"})
    assert problem(response) == (422, "invalid_request")


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
