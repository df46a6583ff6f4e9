"""Connections to MCP servers are never shared between the credentials of two callers."""

import json
import sys
import threading
import uuid
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.qdrant_stub import loopback_server
from toolshed.catalog.definitions import Catalog
from toolshed.catalog.reach import Reach
from toolshed.safety.sealing import new_key
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder
from toolshed.types import ToolDefinition
from toolshed_api.caller_credentials import CredentialSlot
from toolshed_api.caller_shed import CallerShed
from toolshed_api.callers import Caller

N_CALLERS = 32


class Server(BaseHTTPRequestHandler):
    """An MCP server that knows its sessions, and says of a call whose token it came with."""

    tokens_by_session: defaultdict[str, set[str]]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(405)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_DELETE(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        session = self.headers.get("mcp-session-id") or uuid.uuid4().hex
        token = self.headers.get("authorization", "none")
        self.tokens_by_session[session].add(token)
        method = message.get("method")
        result: dict[str, Any] | None = None
        if method == "initialize":
            info = {"name": "crm", "version": "1"}
            result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
        elif method == "tools/list":
            result = {"tools": [{"name": "me", "inputSchema": {"type": "object"}}]}
        elif method == "tools/call":
            result = {"content": [{"type": "text", "text": f"caller {token.rpartition('-')[2]}"}]}
        unknown = {"error": {"code": -32601, "message": "no such method"}}
        reply = unknown if result is None else {"result": result}
        body = json.dumps({"jsonrpc": "2.0", "id": message.get("id"), **reply}).encode()
        self.send_response(200 if "id" in message else 202)
        self.send_header("mcp-session-id", session)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body) if "id" in message else 0))
        self.end_headers()
        if "id" in message:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        """Keep the tests' output quiet."""


def test_thirty_two_callers_at_once_have_connections_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All of them connect at once; the system would refuse those that do not find room to wait.
    monkeypatch.setattr(ThreadingHTTPServer, "request_queue_size", 256)
    tokens: defaultdict[str, set[str]] = defaultdict(set)
    wrong: list[object] = []
    barrier = threading.Barrier(N_CALLERS)
    with loopback_server(type("One", (Server,), {"tokens_by_session": tokens})) as url:
        options: Any = {"secrets_key": new_key(), "reach": Reach.of_service([url])}
        with Toolshed(tmp_path / "shed", encoder=HashingEncoder(), **options) as shed:
            tool = ToolDefinition("me", "Tells who calls.", source="crm", binding={"kind": "mcp"})
            shed.add_catalogs([Catalog("crm", (tool,), location=f"mcp+{url}/mcp")])

            def use(n: int) -> None:
                mine = CallerShed(shed, Caller(f"user-{n}"))
                slot = CredentialSlot(level="user", source="crm", scheme="")
                mine.put_credential(slot, f"token-of-caller-{n}")
                barrier.wait(60)
                try:
                    said = [mine.call("crm:me").text for _ in range(3)]
                    wrong.extend(one for one in said if one != f"caller {n}")
                except Exception as error:
                    wrong.append(error)

            interval = sys.getswitchinterval()
            sys.setswitchinterval(1e-6)
            try:
                threads = [threading.Thread(target=use, args=(n,)) for n in range(N_CALLERS)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(120)
            finally:
                sys.setswitchinterval(interval)
    assert not wrong
    assert {len(of_session) for of_session in tokens.values()} == {1}
    assert len({token for of_session in tokens.values() for token in of_session}) == N_CALLERS
