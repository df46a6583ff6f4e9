"""Clients that do not do their part: each over a socket of its own."""

import contextlib
import logging
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from logging.handlers import QueueHandler

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.api.serving import TOOLS, HeldEncoder, connected, problem, raw_problem, running, served
from tests.conftest import OpenShed
from tests.waiting import PATIENCE_SECONDS
from toolshed.settings import Settings
from toolshed_api import server
from toolshed_api.observability.metrics import REGISTRY


def test_headers_that_trickle_are_not_waited_for(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CLIENT_SECONDS", 0.5)
    deadline = time.monotonic() + PATIENCE_SECONDS
    with connected(client) as connection, ThreadPoolExecutor(1) as pool:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        told = pool.submit(raw_problem, connection)
        with contextlib.suppress(OSError):
            while not told.done() and time.monotonic() < deadline:
                connection.sendall(b"a")
                time.sleep(0.05)
        assert told.result() == (408, "slow_request")


def test_who_says_nothing_is_hung_up_on(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLIENT_SECONDS", 0.3)
    with connected(client) as connection, contextlib.suppress(ConnectionResetError):
        assert connection.recv(1) == b""


def test_an_answer_that_is_not_taken_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is larger than what the system's buffers take, and nobody reads it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(b"x" * 50_000_000)(scope, receive, send)

    hung_up, lose = threading.Event(), server.DeadlineProtocol.connection_lost

    def lost(protocol: server.DeadlineProtocol, error: Exception | None) -> None:
        lose(protocol, error)
        hung_up.set()

    monkeypatch.setattr(server.DeadlineProtocol, "connection_lost", lost)
    monkeypatch.setattr(server, "CLIENT_SECONDS", 0.5)
    with running(app) as client, connected(client) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert hung_up.wait(PATIENCE_SECONDS)
        n_bytes = 0
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(2**20):
                n_bytes += len(part)
        assert n_bytes < 50_000_000


def test_when_all_places_are_taken_who_waits_longest_gives_up_its_own(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 20)
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connected(client)) for _ in range(60)]
        for connection in slow:
            with contextlib.suppress(OSError):
                connection.sendall(
                    b"POST /v1/tools/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
                )
        for _ in range(10):
            assert httpx.get(client.base_url.join("/v1/tools")).status_code == 200
        with contextlib.suppress(ConnectionResetError):
            assert slow[0].recv(1) == b""


@pytest.mark.parametrize("most", [5, 0], ids=["bounded", "behind-a-proxy"])
def test_slow_clients_of_one_address_give_up_their_places(
    open_shed: OpenShed, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(server, "_HONEST_SECONDS", 0.0)
    settings = Settings(connections_of_address=most)
    with served(settings, open_shed()) as client, contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connected(client)) for _ in range(10)]
        # It is answered when the service knows of those that came before.
        assert client.get("/healthz").status_code == 200
        slow[0].settimeout(60 if most else 0.1)
        with contextlib.suppress(ConnectionResetError):
            if most:
                assert slow[0].recv(1) == b""
            else:
                with pytest.raises(TimeoutError):
                    slow[0].recv(1)


def test_an_address_keeps_the_places_that_it_may_have(
    open_shed: OpenShed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_HONEST_SECONDS", 0.0)
    settings = Settings(connections_of_address=5)
    with served(settings, open_shed()) as client, contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connected(client)) for _ in range(10)]
        assert client.get("/healthz").status_code == 200
        # Two of five are left for the client, which may have come before them, too.
        for connection in slow[-3:]:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.1 200"


def test_an_address_has_a_share_of_the_places_unless_more_is_said(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_HONEST_SECONDS", 0.0)
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 20)
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connected(client)) for _ in range(10)]
        slow[0].settimeout(60)
        with contextlib.suppress(ConnectionResetError):
            assert slow[0].recv(1) == b""


def test_when_all_are_being_answered_a_newcomer_is_told_to_come_back(
    open_shed: OpenShed, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = HeldEncoder()
    shed = open_shed(encoder=encoder)
    shed.add_tools(*TOOLS)
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 1)
    with served(Settings(), shed) as client, ThreadPoolExecutor(1) as pool:
        running = pool.submit(client.post, "/v1/tools/search", json={"query": "slow"})
        assert encoder.holds.wait(PATIENCE_SECONDS)
        with connected(client) as connection:
            assert raw_problem(connection) == (503, "overloaded")
        encoder.may_go_on.set()
        assert running.result().status_code == 200


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(b"hello\r\n\r\n", (400, "malformed_request"), id="no-http"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nX: \x00\r\n\r\n", (400, "malformed_request"), id="nul"),
        pytest.param(b"GET /" + b"a" * 2**16, (431, "headers_too_large"), id="endless-path"),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_921, (431, "headers_too_large"), id="many-headers"
        ),
    ],
)
def test_what_is_no_request_is_a_problem_too(
    client: httpx.Client, sent: bytes, expected: tuple[int, str]
) -> None:
    with connected(client) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(sent)
        assert raw_problem(connection) == expected
    assert client.get("/healthz").status_code == 200


def test_trailers_have_an_end(client: httpx.Client) -> None:
    head = b"POST /v1/tools/search HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connected(client) as connection:
        connection.sendall(head + b"1\r\n{\r\n0\r\nX: ")
        with pytest.raises(OSError, match=r"reset|[Pp]ipe"):
            connection.sendall(b"a" * 65_536_000)


def test_a_trailer_is_no_key(open_shed: OpenShed) -> None:
    settings = Settings(api_keys=["one"])  # type: ignore[list-item]  # pydantic makes them secrets
    body = b'{"query": "x"}'
    chunk = b"%x\r\n%b\r\n0\r\nX-API-Key: one\r\n\r\n" % (len(body), body)
    with served(settings, open_shed()) as client, connected(client) as connection:
        connection.sendall(
            b"POST /v1/tools/search HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk
        )
        assert raw_problem(connection) == (401, "unauthorized")


def test_requests_on_one_connection_are_answered_in_turn(client: httpx.Client) -> None:
    with connected(client) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
        answers = b""
        while answers.count(b"HTTP/1.1 200 OK") < 200:
            part = connection.recv(65_536)
            assert part, "the service hung up"
            answers += part
    assert problem(client.get("/v1/nothing")) == (404, "not_found")


TOO_LARGE = b"Host: localhost\r\nContent-Length: 1000000000\r\n\r\n"


def test_a_body_that_is_never_taken_is_refused_while_it_is_sent(client: httpx.Client) -> None:
    with connected(client) as connection:
        connection.sendall(b"POST /v1/tools/search HTTP/1.1\r\n" + TOO_LARGE + b"x" * 200_000)
        connection.sendall(b"x" * 200_000)
        assert raw_problem(connection) == (413, "too_large")


def test_who_goes_on_sending_what_is_never_taken_is_cut_off(client: httpx.Client) -> None:
    with connected(client) as connection:
        connection.sendall(b"PUT /v1/documents/a.txt HTTP/1.1\r\n" + TOO_LARGE)
        with pytest.raises(OSError, match=r"reset|[Pp]ipe"):
            connection.sendall(b"x" * 65_536_000)
    assert client.get("/healthz").status_code == 200


def test_what_is_refused_unread_is_counted_and_logged(client: httpx.Client) -> None:
    logger, lines = logging.getLogger("uvicorn.access"), queue.SimpleQueue[logging.LogRecord]()
    handler, labels = QueueHandler(lines), {"method": "other", "route": "other", "status": "413"}
    before = REGISTRY.get_sample_value("toolshed_http_requests_total", labels) or 0
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel("INFO")
    try:
        with connected(client) as connection:
            connection.sendall(b"PUT /v1/tools/a:b?c=%0A HTTP/1.1\r\n" + TOO_LARGE)
            assert raw_problem(connection) == (413, "too_large")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert REGISTRY.get_sample_value("toolshed_http_requests_total", labels) == before + 1
    assert lines.get_nowait().getMessage().endswith('- "PUT /v1/tools/a:b?c=%0A HTTP/1.1" 413')


def test_conversations_are_refused_in_their_dialect(client: httpx.Client) -> None:
    with connected(client) as connection:
        connection.sendall(b"POST /v1/messages?beta=1 HTTP/1.1\r\n" + TOO_LARGE)
        answer = b""
        while b'"request_too_large"' not in answer and (part := connection.recv(65_536)):
            answer += part
    assert b" 413 " in answer
    assert b'"request_too_large"' in answer
