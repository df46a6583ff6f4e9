"""The service over a real HTTP server on loopback."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Sequence

import httpx
import uvicorn
from starlette.types import ASGIApp

from tests.waiting import PATIENCE_SECONDS, eventually
from toolshed.catalog.addresses import certificates
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder, make_tool
from toolshed.vectors import Vectors
from toolshed_api.app import create_app
from toolshed_api.server import SERVER_OPTIONS

TOOLS = [
    make_tool("send_email", "Send an email to a person.", source="mail"),
    make_tool("get_forecast", "Weather forecast for a city.", source="weather"),
    make_tool("a/b c", "An odd name.", source="odd"),
]


@contextlib.contextmanager
def served(settings: Settings, shed: Toolshed) -> Iterator[httpx.Client]:
    with running(create_app(settings, shed=shed)) as client:
        yield client


class _Server(uvicorn.Server):
    """Sees at once that it shall end: uvicorn looks ten times a second, and tests start hundreds."""

    async def main_loop(self) -> None:
        await self.on_tick(0)
        while not self.should_exit:
            await asyncio.sleep(0.01)


@contextlib.contextmanager
def running(app: ASGIApp) -> Iterator[httpx.Client]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = _Server(uvicorn.Config(app, log_level="error", **SERVER_OPTIONS))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        eventually(lambda: server.started or not thread.is_alive())
        assert server.started, "the service failed to start"
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, verify=certificates()) as client:
            yield client
        server.should_exit = True
        thread.join()


def problem(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["request_id"] == response.headers["x-request-id"]
    return response.status_code, body["code"]


def connected(client: httpx.Client) -> socket.socket:
    """A socket of its own to the service of a client, to say there what no HTTP client would."""
    url = client.base_url
    return socket.create_connection((url.host, url.port), timeout=PATIENCE_SECONDS)


def raw_problem(connection: socket.socket) -> tuple[int, str]:
    """The problem that is told before the service hangs up."""
    answer = b""
    while part := connection.recv(65536):
        answer += part
    head, _, content = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    body = json.loads(content)
    assert head.split()[1] == str(body["status"]).encode()
    assert f"x-request-id: {body['request_id']}".encode() in head.lower()
    return body["status"], body["code"]


class HeldEncoder(HashingEncoder):
    """Keeps texts that say ``slow`` until it is let go on, as a loaded machine would."""

    def __init__(self) -> None:
        super().__init__()
        self.holds, self.may_go_on = threading.Event(), threading.Event()

    def encode(self, texts: Sequence[str]) -> Vectors:
        if any("slow" in text for text in texts):
            self.holds.set()
            assert self.may_go_on.wait(PATIENCE_SECONDS)
        return super().encode(texts)
