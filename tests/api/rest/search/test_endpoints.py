"""The endpoints that search tools."""

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


def test_a_follow_up_is_searched_with_what_was_said_before(client: httpx.Client) -> None:
    asked = {"query": "and for Berlin?", "k": 1, "history": ["weather forecast in Lisbon"]}
    body = client.post("/v1/tools/search", json=asked).json()
    assert [tool["tool_id"] for tool in body["tools"]] == ["weather:get_forecast"]
    wrong = client.post("/v1/tools/search", json={**asked, "history": [1]})
    assert problem(wrong) == (422, "invalid_request")


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
        pytest.param({"query": "x", "topk": 3}, "invalid_request", id="unknown-field"),
        pytest.param({"query": ["x"]}, "invalid_request", id="query-is-a-list"),
        pytest.param({"query": "x", "min_confidence": 2}, "invalid_request", id="floor-above-1"),
    ],
)
def test_requests_that_make_no_sense_get_problem_details(
    client: httpx.Client, body: dict[str, object], code: str
) -> None:
    assert problem(client.post("/v1/tools/search", json=body)) == (422, code)


def test_a_source_that_is_not_there_is_not_found(client: httpx.Client) -> None:
    answer = client.post("/v1/tools/search", json={"query": "x", "sources": ["nowhere"]})
    assert problem(answer) == (404, "unknown_source")


def test_a_body_that_is_no_json_gets_problem_details(client: httpx.Client) -> None:
    response = client.post("/v1/tools/search", content=b"{half", headers={"content-type": "application/json"})
    assert problem(response) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("openai", lambda one: one["function"]["name"]),
        ("openai_responses", lambda one: one["name"]),
        ("anthropic", lambda one: one["name"]),
        ("gemini", lambda one: one["name"]),
        ("bedrock", lambda one: one["toolSpec"]["name"]),
        ("mcp", lambda one: one["name"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_answer_holds_definitions_as_a_provider_takes_them(
    client: httpx.Client, wanted: str, name
) -> None:  # type: ignore[no-untyped-def]  # a shape for each
    body = {"query": "weather forecast in Lisbon", "k": 1, "format": wanted}
    answer = client.post("/v1/tools/search", json=body).json()
    assert [name(one) for one in answer["definitions"]] == [one["exported_name"] for one in answer["tools"]]
    assert len(answer["definitions"]) == 1


def test_definitions_and_explanations_are_given_where_they_are_asked_for(client: httpx.Client) -> None:
    plain = client.post("/v1/tools/search", json={"query": "weather", "k": 1}).json()
    assert (plain["definitions"], plain["explanation"], plain["tools"][0]["definition"]) == ([], "", None)
    asked = {"query": "weather", "k": 1, "explain": True, "include_definitions": True}
    told = client.post("/v1/tools/search", json=asked).json()
    assert "sub-query" in told["explanation"]
    assert told["tools"][0]["definition"] == client.get("/v1/tools/weather:get_forecast").json()


def test_several_searches_are_answered_in_their_order(client: httpx.Client) -> None:
    searches = [{"query": "send an email", "k": 1}, {"query": "weather forecast", "k": 1, "format": "mcp"}]
    results = client.post("/v1/tools/search/batch", json={"searches": searches}).json()["results"]
    assert [one["tools"][0]["tool_id"] for one in results] == ["mail:send_email", "weather:get_forecast"]
    assert [len(one["definitions"]) for one in results] == [0, 1]


@pytest.mark.parametrize(
    "searches",
    [[], [{"query": "x"}] * 33, [{"query": "x"}, {"query": ""}], [{"query": "x", "k": 101}]],
    ids=["none", "too-many", "a-bad-one", "too-much"],
)
def test_batches_that_make_no_sense_are_refused(client: httpx.Client, searches: list[object]) -> None:
    assert problem(client.post("/v1/tools/search/batch", json={"searches": searches}))[0] == 422
