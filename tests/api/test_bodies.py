"""Bodies: what is no JSON, what is too much of it, and what errors say of it."""

import json
from dataclasses import replace

import httpx
import pytest

from tests.api.serving import connected, problem, raw_problem
from toolshed.catalog.definitions import Catalog
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool
from toolshed_api import guard
from toolshed_api.bodies import most_bytes


def send(client: httpx.Client, content: bytes | str, path: str = "/v1/tools/search") -> httpx.Response:
    return client.post(path, content=content, headers={"content-type": "application/json"})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (r'{"query": "\ud800 weather"}', "surrogate"),
        (r'{"query": "x", "task_id": "\udfff"}', "surrogate"),
        (r'{"query": "x", "sources": ["\ud800"]}', "surrogate"),
        (r'{"query": "x", "\ud800": 1}', "surrogate"),
        ('{"query": "x", "min_confidence": NaN}', "NaN"),
        ('{"query": "x", "abstain_below": -Infinity}', "-Infinity"),
        ('{"query": "x", "abstain_below": 1e999}', "1e999"),
        ('{"query": "x", "k": ' + "9" * 5000 + "}", "cannot be read"),
        (b'{"query": "\xff"}', "cannot be read"),
        ("[" * 500_000, "nests deeper"),
        ("[" * 40 + "]" * 40, "nests deeper"),
        ('{"query": "x", "sources": [' + "1," * 20_000 + "1]}", "10,000 values"),
        ("{" + ",".join(f'"f{n}":0' for n in range(90_000)) + "}", "10,000 values"),
        ("{half", ""),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_json_or_too_much_of_it_is_refused_with_the_reason(
    client: httpx.Client, content: bytes | str, reason: str
) -> None:
    for path in ("/v1/tools/search", "/v1/passages/search"):
        response = send(client, content, path)
        assert problem(response) == (422, "invalid_request")
        assert reason in response.json()["detail"]
        assert len(response.content) < 2_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"k": True},
        {"k": "5"},
        {"k": 5.5},
        {"min_confidence": "0.5"},
        {"include_passages": 1},
        {f"field{n}" * 1_000: n for n in range(100)},
        {"sources": [1] * 5_000},
    ],
    ids=lambda value: str(value)[:40],
)
def test_wrong_values_are_refused_in_few_words(client: httpx.Client, wrong: dict[str, object]) -> None:
    response = send(client, json.dumps({"query": "x", **wrong}))
    assert problem(response)[0] == 422
    assert len(response.content) < 2_000


@pytest.mark.parametrize(
    "sources", [["x" * 100_000], [f"source {n}" for n in range(5_000)]], ids=["long", "many"]
)
def test_sources_that_are_not_there_are_told_in_few_words(client: httpx.Client, sources: list[str]) -> None:
    response = send(client, json.dumps({"query": "x", "sources": sources}))
    assert problem(response) == (404, "unknown_source")
    assert len(response.content) < 2_000


@pytest.mark.parametrize("page", [2**63, -(2**70), "9" * 5_000])
def test_pages_that_no_store_can_keep_are_refused(client: httpx.Client, shed: Toolshed, page: object) -> None:
    response = send(client, json.dumps({"query": "x", "filters": {"page": page}}), "/v1/passages/search")
    assert problem(response) == (422, "invalid_query")
    assert len(response.content) < 2_000


def test_a_whole_number_may_be_written_with_a_fraction(client: httpx.Client) -> None:
    assert len(send(client, '{"query": "weather", "k": 1.0}').json()["tools"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PATCH", "/v1/tenants/default", {"is_suspended": 0}, "is_suspended"),
        ("POST", "/v1/tenants", {"name": "acme", "is_restricted": "yes"}, "is_restricted"),
        (
            "POST",
            "/v1/keys",
            {"name": "a", "scopes": ["search"], "lifetime_seconds": "60"},
            "lifetime_seconds",
        ),
        ("POST", "/v1/keys/none/rotate", {"overlap_seconds": "60"}, "overlap_seconds"),
    ],
)
def test_administrators_too_are_taken_to_the_letter(
    client: httpx.Client, method: str, path: str, body: dict[str, object], field: str
) -> None:
    answer = client.request(method, path, json=body)
    assert problem(answer) == (422, "invalid_request")
    assert field in answer.json()["detail"]


def test_what_is_stored_is_answered_as_json(client: httpx.Client, shed: Toolshed) -> None:
    odd = {"type": "object", "properties": {"x": {"type": "number", "default": float("nan")}}}
    tool = make_tool("odd_one", "Compute an odd number.", source="older")
    # Such a tool is refused when it is read; older knowledge bases hold some.
    shed.add_catalogs([Catalog("older", (replace(tool, parameters=odd),))])
    for response in (client.get("/v1/tools/older:odd_one"), send(client, '{"query": "odd number"}')):
        assert response.status_code == 200
        assert "NaN" not in response.text


LARGE = most_bytes(Settings()) + 1


def test_a_body_that_says_it_is_too_large_is_refused_unread(client: httpx.Client) -> None:
    with connected(client) as connection:
        connection.sendall(
            b"POST /v1/tools/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n"
        )
        assert raw_problem(connection) == (413, "too_large")


def test_who_sends_a_body_that_is_refused_to_its_end_gets_the_answer(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "LINGER_SECONDS", 60.0)
    n_bytes = Settings().max_upload_bytes - 2**10
    head = f"POST /v1/tools/search HTTP/1.1\r\nhost: {client.base_url.netloc.decode()}\r\n"
    with connected(client) as connection:
        connection.sendall(f"{head}content-length: {n_bytes}\r\n\r\n".encode() + b"x" * n_bytes)
        assert raw_problem(connection) == (413, "too_large")


def test_a_body_that_does_not_say_it_is_too_large_is_cut_off(client: httpx.Client) -> None:
    response = client.post("/v1/tools/search", content=(b"x" * 10_000 for _ in range(LARGE // 10_000 + 1)))
    assert problem(response) == (413, "too_large")
    assert client.get("/healthz").status_code == 200


def test_the_largest_body_is_read(client: httpx.Client) -> None:
    content = b'{"query": "weather"}'.ljust(LARGE - 1)
    assert send(client, content).status_code == 200
    assert problem(send(client, content + b" ")) == (413, "too_large")


def test_longer_queries_are_taken_where_the_operator_allows_them() -> None:
    assert most_bytes(Settings(max_query_characters=10**6)) > 12 * 10**6


def test_half_a_body_is_not_waited_for(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.3)
    with connected(client) as connection:
        connection.sendall(
            b"POST /v1/tools/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
        )
        assert raw_problem(connection) == (408, "slow_request")
