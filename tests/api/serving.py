"""The service over a real HTTP server on loopback."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import uvicorn

from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed.testing import make_tool
from toolshed_api.app import create_app
from toolshed_api.server import SERVER_OPTIONS

TOOLS = [
    make_tool("send_email", "Send an email to a person.", source="mail"),
    make_tool("get_forecast", "Weather forecast for a city.", source="weather"),
    make_tool("a/b c", "An odd name.", source="odd"),
]


@contextlib.contextmanager
def served(settings: Settings, shed: Toolshed) -> Iterator[httpx.Client]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        app = create_app(settings, shed=shed)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", **SERVER_OPTIONS))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the service failed to start"
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as client:
            yield client
        server.should_exit = True
        thread.join()


def problem(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["request_id"] == response.headers["x-request-id"]
    return response.status_code, body["code"]
