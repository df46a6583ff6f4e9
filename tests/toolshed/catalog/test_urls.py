import asyncio
import gzip
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest

from tests.conftest import Pages
from tests.qdrant_stub import loopback_server
from toolshed.catalog import urls
from toolshed.catalog.sources import read_source
from toolshed.catalog.urls import download
from toolshed.errors import SourceError

Serve = Callable[[Pages], AbstractContextManager[str]]
SECRET: Pages = {"/latest": (200, "application/json", b'[{"name": "s", "description": "AKIA-secret"}]')}
METADATA = "169.254.169.254"


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its signature
            """Keep the tests' output quiet."""

    with loopback_server(Handler) as url:
        yield url


def begin(handler: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def name_hosts(monkeypatch: pytest.MonkeyPatch, **addresses: str) -> list[str]:
    """Make names resolve to addresses; gives the names that were looked up."""
    look_up, asked = socket.getaddrinfo, []

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in addresses:
            asked.append(name)
        return look_up(addresses.get(name, name), *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("localhost", id="a-name"),
        pytest.param("127.0.0.1", id="the-same-host-at-another-port"),
        pytest.param("127.0.0.2", id="loopback"),
        pytest.param("2130706433", id="decimal"),
        pytest.param("0x7f000001", id="hexadecimal"),
        pytest.param("017700000001", id="octal"),
        pytest.param("127.1", id="short"),
        pytest.param("0.0.0.0", id="unspecified"),  # where to connect to
        pytest.param("[::1]", id="ipv6"),
        pytest.param("[::ffff:127.0.0.1]", id="ipv4-in-ipv6"),
        pytest.param("[64:ff9b::7f00:1]", id="ipv4-behind-nat64"),
        pytest.param("[2002:7f00:1::]", id="ipv4-behind-6to4"),
        pytest.param(METADATA, id="metadata"),
        pytest.param("[fd00:ec2::254]", id="metadata-ipv6"),
        pytest.param("100.100.100.200", id="metadata-in-shared-space"),
        pytest.param("168.63.129.16", id="metadata-at-a-public-address"),
        pytest.param("10.0.0.1", id="private"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("internal.example", id="a-name-of-a-private-address"),
    ],
)
def test_a_redirect_to_another_private_host_is_refused_and_nothing_is_indexed(
    serve_pages: Serve, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    name_hosts(monkeypatch, **{"internal.example": "127.0.0.1"})
    with serve_pages(SECRET) as secret:
        location = f"http://{host}:{secret.rpartition(':')[2]}/latest"
        refused = pytest.raises(SourceError, match=r"redirects to .* is not public.*; give that URL")
        with serve_pages({"/tools.json": (302, location, b"")}) as url, refused:
            read_source(f"{url}/tools.json")


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://example.com/tools.json", "data:,[]"])
def test_a_redirect_to_another_protocol_is_refused(serve_pages: Serve, location: str) -> None:
    with serve_pages({"/x": (302, location, b"")}) as url, pytest.raises(SourceError, match=r"127\.0\.0\.1"):
        download(f"{url}/x")


async def test_a_redirect_from_https_to_http_is_refused() -> None:
    guard = urls._Guard(httpx.URL("https://example.com/tools.json"))
    with pytest.raises(SourceError, match="from https to http"):
        await guard.handle_async_request(httpx.Request("GET", "http://example.com/tools.json"))


def test_a_named_host_may_have_a_private_address_and_is_looked_up_once(
    serve_pages: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = name_hosts(monkeypatch, **{"tools.intranet": "127.0.0.1"})
    with serve_pages(SECRET) as url:
        assert download(url.replace("127.0.0.1", "tools.intranet") + "/latest")
    assert asked == ["tools.intranet"]


def test_a_named_host_that_resolves_to_metadata_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    name_hosts(monkeypatch, **{"tools.example": METADATA})
    with pytest.raises(SourceError, match=f"'tools.example' is the address '{METADATA}'"):
        download("http://tools.example/tools.json")


def test_the_next_address_is_tried_where_one_refuses(
    serve_pages: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_pages(SECRET) as url:
        port = int(url.rpartition(":")[2])
        both = [(2, 1, 6, "", ("127.0.0.3", port)), (2, 1, 6, "", ("127.0.0.1", port))]
        look_up = socket.getaddrinfo
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *a, **o: both if host == "two.test" else look_up(host, *a, **o),
        )
        assert download(f"http://two.test:{port}/latest")


def test_credentials_stay_at_the_origin_they_were_given_for(
    monkeypatch: pytest.MonkeyPatch, serve_pages: Serve
) -> None:
    seen: dict[str, str | None] = {}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen[handler.path] = handler.headers.get("authorization")
        location = {"/first": "/second", "/second": f"{elsewhere}/third"}.get(handler.path)
        begin(handler, 302 if location else 200, location=location or "", content_length="0")

    monkeypatch.setattr(urls, "is_public", lambda address: True)
    with serving(answer) as elsewhere, serving(answer) as url:
        download(url.replace("//", "//ana:secret@") + "/first")
    assert seen == {"/first": "Basic YW5hOnNlY3JldA==", "/second": "Basic YW5hOnNlY3JldA==", "/third": None}


def test_credentials_are_not_repeated_in_an_error() -> None:
    with pytest.raises(SourceError) as failed:
        download("http://ana:secret@127.0.0.1:9/tools.json")
    assert "secret" not in str(failed.value)


@pytest.mark.parametrize("what", ["headers", "body", "redirects"])
def test_a_server_that_drips_is_given_up(what: str) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        line = b"HTTP/1.1 200 OK\r\n" if what == "headers" else b"HTTP/1.1 302 Found\r\nlocation: /x\r\n"
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" if what == "body" else line)
        try:
            while True:
                handler.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            """The client has gone, as it should."""

    with serving(drip) as url, pytest.raises(SourceError, match=r"did not arrive within 0\.5 seconds"):
        download(f"{url}/x", timeout_seconds=0.5)


def test_the_body_of_a_redirect_is_not_read() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/end":
            begin(handler, 200)
            handler.wfile.write(b"[]")
            return
        begin(handler, 302, location="/end")
        try:
            for _ in range(1_000):
                handler.wfile.write(bytes(2**20))
        except OSError:
            """The client has gone, as it should."""

    with serving(answer) as url:
        assert download(f"{url}/x", timeout_seconds=60) == b"[]"


@pytest.mark.parametrize(
    ("coding", "content", "message"),
    [
        pytest.param("gzip", gzip.compress(bytes(60 * 2**20)), "more than a hundredfold", id="bomb"),
        pytest.param("gzip, gzip", gzip.compress(gzip.compress(b"[]")), "in the coding", id="twice"),
        pytest.param("br", b"x", "in the coding 'br'", id="brotli"),
        pytest.param("gzip", gzip.compress(bytes(9_000))[:-9], "ends too early", id="half"),
        pytest.param("gzip", b"plain text", "is no gzip", id="plain"),
    ],
)
def test_a_body_that_is_coded_otherwise_than_asked_is_refused(
    coding: str, content: bytes, message: str
) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        begin(handler, 200, content_encoding=coding, content_length=str(len(content)))
        handler.wfile.write(content)

    with serving(answer) as url, pytest.raises(SourceError, match=message):
        download(f"{url}/x")


def test_a_gzip_body_is_read() -> None:
    text = b'[{"name": "a", "description": "' + b"Find the weather. " * 300_000 + b'"}]'

    def answer(handler: BaseHTTPRequestHandler) -> None:
        # Stored, for a text so repetitive would be taken for a bomb.
        content = gzip.compress(text, compresslevel=0)
        begin(handler, 200, content_encoding="gzip", content_length=str(len(content)))
        handler.wfile.write(content)

    with serving(answer) as url:
        assert download(f"{url}/x") == text


def test_more_than_is_allowed_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urls, "MAX_BYTES", 2**20)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        begin(handler, 200)
        try:
            while True:
                handler.wfile.write(bytes(2**16))
        except OSError:
            """The client has gone, as it should."""

    with serving(answer) as url, pytest.raises(SourceError, match="sends more than 1 MB"):
        download(f"{url}/x")


def test_a_proxy_of_the_environment_is_used_for_what_may_be_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        is_first = handler.path.endswith("/first")
        begin(handler, 302 if is_first else 200, location=f"http://{METADATA}/latest", content_length="0")

    with serving(answer) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.delenv("no_proxy", raising=False)
        download("http://catalogs.invalid/tools.json")
        with pytest.raises(SourceError, match="is not public"):
            download("http://catalogs.invalid/first")
    assert asked == ["http://catalogs.invalid/tools.json", "http://catalogs.invalid/first"]


async def test_a_url_is_read_inside_a_running_loop(serve_pages: Serve) -> None:
    with serve_pages(SECRET) as url:
        assert await asyncio.to_thread(download, f"{url}/latest") == download(f"{url}/latest")
