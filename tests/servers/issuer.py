"""An issuer of tokens on loopback: its discovery document, its keys, and the tokens that it signs."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

AUDIENCE = "https://toolshed.example.com"


@dataclass
class Issuer:
    """What an issuer says, and how it behaves.

    Attributes:
        url: Its name, ``iss``.
        keys: Those that it publishes.
        asked: The paths that it was asked for.
        says: What it says by path instead of what is right: a status and content.
        delay_seconds: How long it takes.
    """

    url: str = ""
    keys: list[Key] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    says: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    delay_seconds: float = 0.0

    def token(self, key: Key | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token for our service; a claim that is None is left out."""
        now = int(time.time())
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "ana", "iat": now, "exp": now + 600}
        said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        by = key or self.keys[0]
        algorithm = {"RSA": "RS256", "EC": "ES256", "oct": "HS256"}[by.key_type]
        made = {"alg": algorithm, "kid": by.kid, **(header or {})}
        algorithms = ["RS256", "PS256", "RS512", "ES256", "HS256", "none"]
        return jwt.encode({k: v for k, v in made.items() if v is not None}, said, by, algorithms=algorithms)


def rsa_key(name: str, bits: int = 2048) -> RSAKey:
    return RSAKey.generate_key(bits, {"kid": name, "use": "sig"})


def ec_key(name: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": name, "use": "sig"})


class _Handler(BaseHTTPRequestHandler):
    issuer: Issuer

    def do_GET(self) -> None:
        issuer = self.issuer
        issuer.asked.append(self.path)
        time.sleep(issuer.delay_seconds)
        status, content = issuer.says.get(self.path) or self._right()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("location", content.decode())
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        try:
            self.wfile.write(content)
        except OSError:
            # The client had enough.
            self.close_connection = True

    def _right(self) -> tuple[int, bytes]:
        if self.path == "/.well-known/openid-configuration":
            said: Any = {"issuer": self.issuer.url, "jwks_uri": f"{self.issuer.url}/keys"}
        elif self.path == "/keys":
            said = KeySet(self.issuer.keys).as_dict(private=False)
        else:
            return 404, b""
        return 200, json.dumps(said).encode()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
        """Keep the tests' output quiet."""


@contextmanager
def issuing(*keys: Key) -> Iterator[Issuer]:
    """An issuer with these keys, or one of its own."""
    issuer = Issuer(keys=list(keys) or [ec_key("first")])
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"issuer": issuer}))
    server.daemon_threads = True
    issuer.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
