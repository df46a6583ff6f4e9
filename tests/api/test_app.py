"""The app as a whole: requests side by side, ids of requests, its description."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.api.serving import TOOLS, HeldEncoder, served
from tests.conftest import OpenShed
from tests.qdrant_stub import qdrant_stub
from tests.waiting import PATIENCE_SECONDS, eventually
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder


def test_request_ids_are_echoed_or_given(client: httpx.Client) -> None:
    assert client.get("/healthz", headers={"x-request-id": "abc"}).headers["x-request-id"] == "abc"
    given = client.get("/healthz", headers={"x-request-id": "x" * 500}).headers["x-request-id"]
    assert len(given) == 32


def test_one_slow_request_does_not_hold_up_the_others(open_shed: OpenShed) -> None:
    encoder = HeldEncoder()
    shed = open_shed(encoder=encoder)
    shed.add_tools(*TOOLS)
    with served(Settings(), shed) as client, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.post, "/v1/tools/search", json={"query": "slow"})
        assert encoder.holds.wait(PATIENCE_SECONDS)
        for _ in range(5):
            assert client.post("/v1/tools/search", json={"query": "weather"}).status_code == 200
            assert client.get("/healthz").status_code == 200
        assert not slow.done()
        encoder.may_go_on.set()
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
        asked = {"query": "weather forecast"}
        found = eventually(lambda: client.post("/v1/tools/search", json=asked).json()["tools"])
        assert found[0]["tool_id"] == "weather:get_forecast"
