"""Servers that send their answers as events (the transport of 2024, and still many's)."""

import json
import queue
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.qdrant_stub import loopback_server
from toolshed.catalog import mcp_limits
from toolshed.catalog.mcp_servers import read_mcp_server
from toolshed.errors import SourceError

TOOL = {"name": "open_gate", "inputSchema": {"type": "object"}}


class Events(BaseHTTPRequestHandler):
    """One client at a time: its stream of events, and where it posts its messages."""

    sent: "queue.Queue[Any]"
    padding = 0
    token = ""

    def do_GET(self) -> None:
        if self.headers.get("authorization", "") != self.token:
            self.send_response(401)
            self.send_header("content-length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"event: endpoint\ndata: /messages\n\n")
        while (message := self.sent.get(timeout=30)) is not None:
            self.wfile.write(b"event: message\ndata: " + json.dumps(message).encode() + b"\n\n")

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()
        if "id" not in message:
            return
        reply = {"jsonrpc": "2.0", "id": message["id"]}
        if message["method"] == "initialize":
            info = {"name": "events", "version": "1"}
            result = {"protocolVersion": "2024-11-05", "capabilities": {}, "serverInfo": info}
            self.sent.put({**reply, "result": result})
        elif message["method"] == "tools/list":
            tool = {**TOOL, "description": "x" * self.padding}
            self.sent.put({**reply, "result": {"tools": [tool]}})
        else:
            self.sent.put({**reply, "error": {"code": -32601, "message": "no such method"}})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        """Keep the tests' output quiet."""


def events(**given: Any) -> type[Events]:
    return type("Stream", (Events,), {"sent": queue.Queue(), **given})


def test_a_server_of_events_is_read_with_its_headers() -> None:
    handler = events(token="Bearer t0ken-12345")
    with loopback_server(handler) as url:
        headers = {"Authorization": "Bearer t0ken-12345"}
        catalog = read_mcp_server(f"mcp+sse:{url}/sse", headers=headers, timeout_seconds=20)
        handler.sent.put(None)
    assert [tool.name for tool in catalog.tools] == ["open_gate"]
    assert catalog.location == f"mcp+sse:{url}/sse"


def test_a_server_of_events_that_wants_credentials_is_told_with_how_to_give_them() -> None:
    with (
        loopback_server(events(token="Bearer t0ken-12345")) as url,
        pytest.raises(SourceError, match="status 401; it wants credentials"),
    ):
        read_mcp_server(f"mcp+sse:{url}/sse", timeout_seconds=20)


def test_an_event_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_limits, "MAX_MESSAGE_BYTES", 2**19)
    handler = events(padding=2**20)
    with loopback_server(handler) as url:
        with pytest.raises(SourceError, match="more than 0 MB"):
            read_mcp_server(f"mcp+sse:{url}/sse", timeout_seconds=20)
        handler.sent.put(None)
