"""A token endpoint on loopback, as issuers have it (RFC 6749, RFC 8693)."""

import base64
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.qdrant_stub import loopback_server

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@dataclass
class Issuer:
    """What it saw, and how it behaves.

    Attributes:
        url: The endpoint.
        forms: Each form that was sent, with what the client showed.
        lifetime: Seconds that a token is good for.
        refresh_tokens: Those that are good; each is good for one use.
        answer: What it says instead, as status and body.
    """

    url: str = ""
    forms: list[dict[str, str]] = field(default_factory=list)
    lifetime: object = 3_600
    refresh_tokens: set[str] = field(default_factory=set)
    answer: tuple[int, bytes] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, form: dict[str, str]) -> tuple[int, bytes]:
        with self.lock:
            self.forms.append(form)
            if self.answer is not None:
                return self.answer
            given: dict[str, object] = {"token_type": "Bearer", "expires_in": self.lifetime}
            n = len(self.forms)
            if form["grant_type"] == EXCHANGE:
                return _json(200, {**given, "access_token": f"access-for-{form['subject_token']}"})
            if form["grant_type"] == "refresh_token":
                if form["refresh_token"] not in self.refresh_tokens:
                    said = {"error": "invalid_grant", "error_description": form["refresh_token"]}
                    return _json(400, said)
                self.refresh_tokens = {f"refresh-{n}"}
                given["refresh_token"] = f"refresh-{n}"
            return _json(200, {**given, "access_token": f"access-{n}"})


def _json(status: int, said: object) -> tuple[int, bytes]:
    return status, json.dumps(said).encode()


class _Handler(BaseHTTPRequestHandler):
    issuer: Issuer

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["content-length"])).decode()
        form = dict(urllib.parse.parse_qsl(text))
        if shown := self.headers.get("authorization"):
            form["shown"] = base64.b64decode(shown.removeprefix("Basic ")).decode()
        status, body = self.issuer.answered(form)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        """Keep the tests' output quiet."""


@contextmanager
def token_issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    with loopback_server(type("One", (_Handler,), {"issuer": issuer})) as url:
        issuer.url = f"{url}/token"
        yield issuer
