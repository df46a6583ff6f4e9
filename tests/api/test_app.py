"""The service over a real HTTP server on loopback."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import httpx
import pytest
import uvicorn

from tests.conftest import OpenShed
from tests.qdrant_stub import qdrant_stub
from toolshed.documents import LegalDocument
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder, make_tool
from toolshed_api.app import create_app

TOOLS = [
    make_tool("send_email", "Send an email to a person.", source="mail"),
    make_tool("get_forecast", "Weather forecast for a city.", source="weather"),
    make_tool("a/b c", "An odd name.", source="odd"),
]
Serve = Callable[..., AbstractContextManager[httpx.Client]]


@contextlib.contextmanager
def served(settings: Settings, shed: Toolshed) -> Iterator[httpx.Client]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(settings, shed=shed), log_level="error"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as client:
            yield client
        server.should_exit = True
        thread.join()


@pytest.fixture
def client(shed: Toolshed) -> Iterator[httpx.Client]:
    shed.add_tools(*TOOLS)
    with served(Settings(), shed) as opened:
        yield opened


def problem(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["request_id"] == response.headers["x-request-id"]
    return response.status_code, body["code"]


def test_search_finds_tools(client: httpx.Client) -> None:
    response = client.post("/v1/tools/search", json={"query": "weather forecast in Lisbon", "k": 1})
    assert response.status_code == 200
    body = response.json()
    assert [tool["tool_id"] for tool in body["tools"]] == ["weather:get_forecast"]
    assert body["status"] == "ok"
    assert body["timings_ms"]["total"] > 0


def test_nothing_that_fits_is_an_empty_list(client: httpx.Client) -> None:
    body = client.post("/v1/tools/search", json={"query": "x", "sources": ["nowhere"]}).json()
    assert (body["tools"], body["status"]) == ([], "no_match")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({}, "invalid_request", id="no-query"),
        pytest.param({"query": ""}, "invalid_query", id="empty-query"),
        pytest.param({"query": "x" * 1_000_000}, "invalid_query", id="1-MB-query"),
        pytest.param({"query": "x", "k": 0}, "invalid_request", id="k-0"),
        pytest.param({"query": "x", "k": 10_000}, "invalid_query", id="k-beyond-the-limit"),
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


def test_health(client: httpx.Client, shed: Toolshed) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "n_tools": 3}
    shed.close()
    assert client.get("/healthz").status_code == 200
    assert problem(client.get("/readyz")) == (503, "knowledge_base")


def test_request_ids_are_echoed_or_given(client: httpx.Client) -> None:
    assert client.get("/healthz", headers={"x-request-id": "abc"}).headers["x-request-id"] == "abc"
    given = client.get("/healthz", headers={"x-request-id": "x" * 500}).headers["x-request-id"]
    assert len(given) == 32


def test_keys_are_required_where_they_are_set(open_shed: OpenShed) -> None:
    settings = Settings(api_keys=["one", "two"])  # type: ignore[list-item]  # pydantic makes them secrets
    with served(settings, open_shed()) as client:
        assert problem(client.get("/v1/tools")) == (401, "unauthorized")
        assert client.get("/v1/tools", headers={"authorization": "Bearer wrong"}).status_code == 401
        assert client.get("/v1/tools", headers={"authorization": "Bearer two"}).status_code == 200
        assert client.get("/v1/tools", headers={"x-api-key": "one"}).status_code == 200
        assert client.get("/healthz").status_code == 200


class SlowEncoder(HashingEncoder):
    """Takes a second for texts that say so, as a loaded machine would."""

    def encode(self, texts: list[str]) -> object:  # type: ignore[override]  # told less of it
        if any("slow" in text for text in texts):
            time.sleep(1)
        return super().encode(texts)


def test_one_slow_request_does_not_hold_up_the_others(open_shed: OpenShed) -> None:
    shed = open_shed(encoder=SlowEncoder())
    shed.add_tools(*TOOLS)
    with served(Settings(), shed) as client, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.post, "/v1/tools/search", json={"query": "slow"})
        time.sleep(0.2)
        for _ in range(5):
            assert client.post("/v1/tools/search", json={"query": "weather"}).status_code == 200
            assert client.get("/healthz").status_code == 200
        assert not slow.done()
        assert slow.result().status_code == 200


def test_many_clients_get_their_own_answers(client: httpx.Client) -> None:
    expected = {"weather forecast": "weather:get_forecast", "send an email": "mail:send_email"}

    def ask(query: str) -> str:
        response = client.post("/v1/tools/search", json={"query": query, "k": 1})
        return str(response.json()["tools"][0]["tool_id"])

    queries = list(expected) * 40
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, queries)) == [expected[query] for query in queries]


def test_a_shared_server_is_followed_while_serving() -> None:
    with (
        qdrant_stub() as url,
        Toolshed(url, encoder=HashingEncoder()) as reader,
        Toolshed(url, encoder=HashingEncoder()) as writer,
        served(Settings(refresh_seconds=0.05), reader) as client,
    ):
        writer.add_tools(*TOOLS)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            body = client.post("/v1/tools/search", json={"query": "weather forecast"}).json()
            if body["tools"]:
                break
            time.sleep(0.05)
        assert body["tools"][0]["tool_id"] == "weather:get_forecast"


@pytest.mark.parametrize(
    ("path", "method", "expected"),
    [
        ("/v1/tools/search", "post", {"401", "422", "502", "503"}),
        ("/v1/passages/search", "post", {"401", "422", "502", "503"}),
        ("/v1/tools/{tool_id}", "get", {"401", "404", "422", "503"}),
        ("/readyz", "get", {"503"}),
    ],
)
def test_the_openapi_description_names_the_problems(path: str, method: str, expected: set[str]) -> None:
    responses = create_app(Settings()).openapi()["paths"][path][method]["responses"]
    assert responses.keys() - {"200"} == expected
    for status in expected:
        schema = responses[status]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Problem"}


def test_passages_are_found_cited_and_filtered(client: httpx.Client, shed: Toolshed) -> None:
    shed.add_documents(
        LegalDocument("lease.txt", "4.2 Late Fees. A tenant who pays late owes five percent.", "Lease"),
        LegalDocument("code.txt", "§ 9-401. Records. A landlord shall keep records.", "Code"),
    )
    answer = client.post("/v1/passages/search", json={"query": "What does a late tenant owe?", "k": 1})
    (passage,) = answer.json()["passages"]
    assert passage["citation"] == "Lease, 4.2 Late Fees"
    assert passage["quotes"][0]["quote"] == "A tenant who pays late owes five percent."
    filtered = client.post(
        "/v1/passages/search", json={"query": "late", "filters": {"section": ["9-401"]}, "n_quotes": 0}
    )
    assert [(p["document"], p["quotes"]) for p in filtered.json()["passages"]] == [("code.txt", [])]
    page = client.get("/v1/documents", params={"limit": 1}).json()
    assert page == {"document_ids": ["code.txt"], "total": 2, "next_after": "code.txt"}
    both = client.post(
        "/v1/tools/search", json={"query": "A landlord shall keep records", "include_passages": True}
    )
    assert [found["document"] for found in both.json()["passages"]] == ["code.txt"]


@pytest.mark.parametrize(
    "body",
    [
        {"query": ""},
        {"query": "x", "filters": {"author": "y"}},
        {"query": "x", "filters": {"page": "two"}},
        {"query": "x", "k": 60, "per_document": 2},
        {"query": "x", "neighbours": 11},
        {"query": "x", "colour": "red"},
    ],
    ids=str,
)
def test_requests_for_passages_that_make_no_sense_are_refused(
    client: httpx.Client, body: dict[str, object]
) -> None:
    assert problem(client.post("/v1/passages/search", json=body))[0] == 422


def test_without_documents_there_are_no_passages(client: httpx.Client) -> None:
    assert client.post("/v1/passages/search", json={"query": "late"}).json()["passages"] == []
    assert client.get("/v1/documents").json() == {"document_ids": [], "total": 0, "next_after": None}
