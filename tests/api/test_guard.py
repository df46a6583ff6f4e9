"""The guard: in which order requests are looked at, and how long they may take."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from unittest.mock import AsyncMock

import httpx
import pytest
from starlette.requests import Request

from tests.api.serving import TOOLS, HeldEncoder, connected, problem, raw_problem, served
from tests.conftest import OpenShed
from tests.waiting import PATIENCE_SECONDS
from toolshed.errors import StateError
from toolshed.settings import Settings
from toolshed_api import guard
from toolshed_api.callers import Caller, MissingScopeError
from toolshed_api.guard import Guard

KEYS = Settings(api_keys=["one"])  # type: ignore[list-item]  # pydantic makes them secrets
HEAD = b"POST /v1/tools/search HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def encoder() -> HeldEncoder:
    return HeldEncoder()


@pytest.fixture
def slow_client(open_shed: OpenShed, encoder: HeldEncoder) -> Iterator[httpx.Client]:
    shed = open_shed(encoder=encoder)
    shed.add_tools(*TOOLS)
    with served(Settings(), shed) as client:
        yield client


@pytest.mark.parametrize(
    "length",
    [
        b"Content-Length: 9000000",
        b"Transfer-Encoding: chunked",
        b"Content-Length: 9\r\nExpect: 100-continue",
    ],
)
def test_no_byte_of_a_body_is_wanted_from_who_shows_no_key(open_shed: OpenShed, length: bytes) -> None:
    with served(KEYS, open_shed()) as client, connected(client) as connection:
        connection.sendall(HEAD + length + b"\r\n\r\n")
        assert raw_problem(connection) == (401, "unauthorized")


def test_who_is_still_sending_reads_why_it_is_refused(open_shed: OpenShed) -> None:
    with served(KEYS, open_shed()) as client:
        for _ in range(5):
            assert problem(client.post("/v1/tools/search", content=b"x" * 900_000)) == (401, "unauthorized")


def test_a_late_answer_is_told_so_and_the_next_is_in_time(
    slow_client: httpx.Client, encoder: HeldEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hurry:
        hurry.setattr(guard, "ANSWER_SECONDS", 0.3)
        late = slow_client.post("/v1/tools/search", json={"query": "slow"})
    assert problem(late) == (503, "overloaded")
    encoder.may_go_on.set()
    assert slow_client.post("/v1/tools/search", json={"query": "weather"}).status_code == 200


def test_a_busy_service_says_so_and_is_alive(
    slow_client: httpx.Client, encoder: HeldEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MAX_RUNNING", 1)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slow_client.post, "/v1/tools/search", json={"query": "slow"})
        assert encoder.holds.wait(PATIENCE_SECONDS)
        busy = slow_client.get("/v1/tools")
        assert problem(busy) == (503, "overloaded")
        assert busy.headers["retry-after"] == "1"
        assert slow_client.get("/healthz").status_code == 200
        encoder.may_go_on.set()
        assert running.result().status_code == 200
    assert slow_client.get("/v1/tools").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/v1/tools", "/v1/tools/mail:send_email", "/docs"])
def test_head_is_get_without_its_content(client: httpx.Client, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length"):
        assert head.headers[name] == got.headers[name]


def test_other_methods_are_told_which_are_allowed(client: httpx.Client) -> None:
    for method, path, allowed in [
        ("DELETE", "/v1/tools", "GET"),
        ("TRACE", "/healthz", "GET"),
        ("OPTIONS", "/v1/documents", "GET"),
        ("PUT", "/v1/passages/search", "POST"),
    ]:
        response = client.request(method, path)
        assert problem(response) == (405, "method_not_allowed")
        assert allowed in response.headers["allow"]


def test_a_trailing_slash_is_another_path(client: httpx.Client) -> None:
    assert problem(client.get("/v1/costs/report/")) == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["/v1/tools/%ED%A0%80", "/v1/tools/%00", "/v1/tools/%ff%fe", "/v1/tools/" + "x" * 9_000]
)
def test_ids_that_are_no_text_are_not_found_in_few_words(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    assert problem(response) == (404, "unknown_tool")
    assert len(response.content) < 2_000


def test_large_conversations_are_counted_until_they_are_answered(
    slow_client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MAX_LARGE", 0)
    large = slow_client.post("/v1/chat/completions", content=b" " * 2**21)
    assert problem_code(large) == (503, "overloaded")
    small = slow_client.post("/v1/chat/completions", content=b" " * 1_000)
    assert small.status_code != 503


def test_who_may_hold_no_conversation_is_told_so_before_it_is_read() -> None:
    caller = Caller("ana", scopes=frozenset({"search"}))
    with pytest.raises(MissingScopeError):
        asyncio.run(_let_in(caller))


def test_strangers_are_not_told_what_the_database_says(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(StateError) as told:
        asyncio.run(_let_in(StateError("the state host=db.internal user=ts refused")))
    assert "db.internal" not in str(told.value)
    assert "db.internal" in caplog.text


async def _let_in(said: Caller | StateError) -> None:
    authority, rates = AsyncMock(is_open=False), AsyncMock()
    authority.admitted.side_effect = [said]
    app = SimpleNamespace(state=SimpleNamespace(authority=authority, rates=rates))
    scope = {"type": "http", "method": "POST", "path": "/v1/messages", "headers": [(b"host", b"localhost")]}
    request = Request({**scope, "app": app})
    request.state.request_id = "1"
    await Guard(AsyncMock(), Settings())._let_in(request)


def problem_code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"].get("code", "")
