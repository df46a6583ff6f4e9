from typing import Any

import httpx

from tests.api.serving import problem
from tests.waiting import eventually


def events(client: httpx.Client, **query: str | int) -> list[dict[str, Any]]:
    """Events that are there, or will be in a moment: nobody waits for what is written down of him."""
    return eventually(lambda: client.get("/v1/audit", params=query).json()["events"])


def test_a_search_is_found_by_its_request(client: httpx.Client) -> None:
    client.post("/v1/tools/search", json={"query": "email"}, headers={"x-request-id": "mine"})
    (event,) = events(client, action="search")
    assert (event["request_id"], event["caller"], event["outcome"]) == ("mine", "anybody", "ok")
    assert event["text"] is None
    assert len(event["digest"]) == 64


def test_pages_end(client: httpx.Client) -> None:
    for _ in range(3):
        client.get("/v1/tools")
    eventually(lambda: len(events(client, action="tools.list")) == 3)
    first = client.get("/v1/audit", params={"action": "tools.list", "limit": 2}).json()
    last = client.get(
        "/v1/audit", params={"action": "tools.list", "limit": 2, "before": first["next_before"]}
    ).json()
    assert (len(first["events"]), len(last["events"]), last["next_before"]) == (2, 1, None)


def test_bad_cursors_are_refused(client: httpx.Client) -> None:
    for query in ({"before": 0}, {"before": 2**63}, {"limit": 0}, {"limit": 10_000}, {"before": "x"}):
        assert problem(client.get("/v1/audit", params=query)) == (422, "invalid_request")


def test_what_is_never_found_is_told(client: httpx.Client) -> None:
    (first, *_) = client.post("/v1/tools/search", json={"query": "email", "k": 1}).json()["tools"]
    eventually(lambda: client.get("/v1/audit/use").json()["n_searches"])
    told = client.get("/v1/audit/use").json()
    assert [one["n_found"] for one in told["never_called"]] == [1]
    assert told["never_called"][0]["tool_id"] not in told["never_found"]
    assert first["name"] in told["never_called"][0]["tool_id"]
    assert told["n_never_found"] == len(client.get("/v1/tools").json()["tool_ids"]) - 1
