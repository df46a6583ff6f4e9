"""An MCP server over HTTP that wants a token, and what gives them, in one; made for one test at a time."""

import base64
import hashlib
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOOL = {"name": "open_gate", "description": "Open a gate.", "inputSchema": {"type": "object"}}
CLIENT_ID, CLIENT_SECRET = "yard", "s3cret-of-the-yard"


@dataclass
class Guarded:
    """What a server saw, and how it behaves.

    Attributes:
        url: Of the MCP server.
        asked: Method and path of each request.
        tokens: Those that are good.
        headers: Of the last request for the MCP server.
        body: What it answers tools/list with instead of a list.
        seen_at_authorize: The query of the sign-in.
    """

    url: str = ""
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    wants_token: bool = True
    body: bytes | None = None
    seen_at_authorize: dict[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return self.url.removesuffix("/mcp")


class _Handler(BaseHTTPRequestHandler):
    state: Guarded

    def do_GET(self) -> None:
        self.state.asked.append(f"GET {self.path.partition('?')[0]}")
        path, _, query = self.path.partition("?")
        base = self.state.base
        if path.startswith("/.well-known/oauth-protected-resource"):
            self._json({"resource": self.state.url, "authorization_servers": [base]})
        elif path.startswith("/.well-known/oauth-authorization-server"):
            self._json(
                {
                    "issuer": base,
                    "authorization_endpoint": f"{base}/authorize",
                    "token_endpoint": f"{base}/token",
                    "registration_endpoint": f"{base}/register",
                    "response_types_supported": ["code"],
                    "code_challenge_methods_supported": ["S256"],
                }
            )
        elif path == "/authorize":
            said = dict(urllib.parse.parse_qsl(query))
            self.state.seen_at_authorize = said
            self.send_response(302)
            answer = urllib.parse.urlencode({"code": "c0de", "state": said["state"]})
            self.send_header("location", f"{said['redirect_uri']}?{answer}")
            self.send_header("content-length", "0")
            self.end_headers()
        else:
            self._json({}, 405)

    def do_DELETE(self) -> None:
        self._json({}, 405)

    def do_POST(self) -> None:
        self.state.asked.append(f"POST {self.path}")
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/register":
            self._json({**json.loads(body), "client_id": "registered"}, 201)
        elif self.path == "/token":
            self._token(dict(urllib.parse.parse_qsl(body.decode())))
        else:
            self._message(json.loads(body))

    def _token(self, said: dict[str, str]) -> None:
        if said["grant_type"] == "authorization_code":
            digest = hashlib.sha256(said["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            is_good = challenge == self.state.seen_at_authorize["code_challenge"] and said["code"] == "c0de"
        elif said["grant_type"] == "refresh_token":
            is_good = said["refresh_token"].startswith("refresh-")
        else:
            expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
            is_good = self.headers.get("authorization") == f"Basic {expected}"
        if not is_good:
            self._json({"error": "invalid_client"}, 401)
            return
        number = len(self.state.tokens)
        self.state.tokens.append(f"access-{number}-abcdefgh")
        answer = {"access_token": self.state.tokens[-1], "token_type": "Bearer", "expires_in": 3600}
        self._json({**answer, "refresh_token": f"refresh-{number}-abcdefgh"})

    def _message(self, message: dict[str, Any]) -> None:
        self.state.headers = {name.lower(): value for name, value in self.headers.items()}
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        if self.state.wants_token and token not in self.state.tokens:
            metadata = f"{self.state.base}/.well-known/oauth-protected-resource"
            self.send_response(401)
            self.send_header("www-authenticate", f'Bearer resource_metadata="{metadata}"')
            self.send_header("content-length", "0")
            self.end_headers()
            return
        if "id" not in message:
            self._json({}, 202)
            return
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
        if message["method"] == "initialize":
            info = {"name": "guarded", "version": "1"}
            result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
            self._json({**reply, "result": result})
        elif message["method"] == "tools/list" and self.state.body is not None:
            self._raw(self.state.body, 200)
        elif message["method"] == "tools/list":
            self._json({**reply, "result": {"tools": [TOOL]}})
        else:
            self._json({**reply, "error": {"code": -32601, "message": "no such method"}})

    def _json(self, value: Any, status: int = 200) -> None:
        self._raw(json.dumps(value).encode(), status)

    def _raw(self, body: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            # The client had enough.
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        """Keep the tests' output quiet."""


@contextmanager
def guarded_server(**given: Any) -> Iterator[Guarded]:
    state = Guarded(**given)
    handler = type("Handler", (_Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/mcp"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
