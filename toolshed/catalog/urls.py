"""Documents behind URLs, fetched so that no answer leads anywhere but where the user or the public may go.

The host that the user wrote may be private. Any other, reached by a redirect, must be public, and what is
connected to is the address that was checked, whatever the name resolves to by then. Behind a proxy of the
environment it is the proxy that resolves names; what resolves here as well is checked here as well.
"""

import asyncio
import ipaddress
import socket
import urllib.request
import zlib
from collections.abc import AsyncIterator

import httpx

from toolshed.errors import SourceError
from toolshed.waiting import wait_for

MAX_BYTES = 256 * 2**20
_READ_SECONDS = 30.0
# Enough for 256 MB at 17 Mbit/s, and an end for servers that send a byte a second.
_TOTAL_SECONDS = 120.0
_MAX_REDIRECTS = 5
# JSON and YAML shrink to a tenth, repetitive ones to a fortieth; zip bombs to a thousandth.
_MOST_EXPANSION, _FREE_BYTES = 100, 2**20

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Azure and Oracle answer with secrets of the machine here, though the addresses look public.
_METADATA = {ipaddress.IPv4Address("168.63.129.16"), ipaddress.IPv4Address("192.0.0.192")}


def download(url: str, *, timeout_seconds: float = _TOTAL_SECONDS) -> bytes:
    """Fetch a document.

    Args:
        url: ``http://...`` or ``https://...``; its host may be private, since the user wrote it.
        timeout_seconds: Longest wait for all of it, redirects included.

    Raises:
        SourceError: If it cannot be fetched, is a web page or too large, does not end in time, or redirects
            to another host that is not public, from https to http or to another protocol.
    """
    return wait_for(_download(url, timeout_seconds))


async def _download(url: str, timeout_seconds: float) -> bytes:
    try:
        named = httpx.URL(url)
        shown = str(named.copy_with(userinfo=b""))
        guard = _Guard(named)
        async with (
            asyncio.timeout(timeout_seconds),
            httpx.AsyncClient(transport=guard, timeout=_READ_SECONDS) as client,
        ):
            request = client.build_request("GET", named, headers={"accept-encoding": "gzip"})
            return await _follow(client, request, shown)
    except TimeoutError as error:
        raise SourceError(f"{shown!r} did not arrive within {timeout_seconds:g} seconds") from error
    except httpx.InvalidURL as error:
        raise SourceError(f"{url[:200]!r} is not a URL: {error}") from error
    except httpx.HTTPError as error:
        raise SourceError(f"{shown!r} cannot be fetched: {str(error) or type(error).__name__}") from error


async def _follow(client: httpx.AsyncClient, request: httpx.Request, shown: str) -> bytes:
    """Follow redirects without reading what they say; httpx leaves credentials behind at a new origin."""
    following: httpx.Request | None = request
    for _ in range(_MAX_REDIRECTS + 1):
        assert following is not None
        response = await client.send(following, stream=True)
        try:
            following = response.next_request
            if following is None:
                return await _content(response, shown)
        finally:
            await response.aclose()
    raise SourceError(f"{shown!r} cannot be fetched: it redirects more than {_MAX_REDIRECTS} times")


async def _content(response: httpx.Response, shown: str) -> bytes:
    if not response.is_success:
        raise SourceError(f"{shown!r} answered with status {response.status_code}")
    if "html" in response.headers.get("content-type", ""):
        raise SourceError(f"{shown!r} answers a web page, not JSON or YAML; give the document's own URL")
    content = bytearray()
    async for part in _decoded(response, shown):
        content += part
        if len(content) > MAX_BYTES:
            raise SourceError(f"{shown!r} sends more than {MAX_BYTES // 2**20} MB")
    return bytes(content)


async def _decoded(response: httpx.Response, shown: str) -> AsyncIterator[bytes]:
    """The body in bounded pieces; httpx would expand a received piece whole, through many codings."""
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding == "identity":
        async for part in response.aiter_raw():
            yield part
        return
    if coding not in ("gzip", "x-gzip"):
        raise SourceError(f"{shown!r} answers in the coding {coding[:80]!r}; gzip was asked for")
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    n_received = n_bytes = 0
    try:
        async for part in response.aiter_raw():
            n_received += len(part)
            while part:
                inflated = inflate.decompress(part, _FREE_BYTES)
                n_bytes += len(inflated)
                if n_bytes > _FREE_BYTES + _MOST_EXPANSION * n_received:
                    raise SourceError(f"{shown!r} sends a body that expands more than a hundredfold")
                yield inflated
                part = inflate.unconsumed_tail
    except zlib.error as error:
        raise SourceError(f"{shown!r} sends a body that is no gzip: {error}") from error
    if not inflate.eof:
        raise SourceError(f"{shown!r} sends a gzip body that ends too early")


class _Guard(httpx.AsyncBaseTransport):
    """Sends each request to an address that was checked; made for one document and its redirects."""

    def __init__(self, named: httpx.URL) -> None:
        self._named = named
        self._has_been_secure = named.scheme == "https"
        self._direct = httpx.AsyncHTTPTransport()
        self._open = [self._direct]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Check where a request goes, and send it there."""
        self._check_scheme(request.url)
        proxy = _proxy_for(request.url)
        addresses = await self._checked_addresses(request.url, is_proxied=proxy is not None)
        if proxy is not None:
            self._open.append(httpx.AsyncHTTPTransport(proxy=proxy))
            return await self._open[-1].handle_async_request(request)
        failed: httpx.TransportError | None = None
        for address in addresses:
            try:
                return await self._direct.handle_async_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = error
        assert failed is not None
        raise failed

    async def aclose(self) -> None:
        """Close what was opened."""
        for transport in self._open:
            await transport.aclose()

    def _check_scheme(self, url: httpx.URL) -> None:
        if url.scheme not in ("http", "https") or not url.host:
            raise SourceError(
                f"{self._named.host!r} redirects to {str(url)[:200]!r}, which is no web address"
            )
        if self._has_been_secure and url.scheme == "http":
            raise SourceError(f"{self._named.host!r} redirects from https to http; give the final URL")
        self._has_been_secure |= url.scheme == "https"

    async def _checked_addresses(self, url: httpx.URL, *, is_proxied: bool) -> list[_Address]:
        addresses = await _resolve(url, is_required=not is_proxied)
        allowed = [address for address in addresses if self._may_connect(url, address)]
        if addresses and not allowed:
            raise SourceError(self._refusal(url, addresses[0]))
        return allowed

    def _may_connect(self, url: httpx.URL, address: _Address) -> bool:
        if _is_public(address):
            return True
        if not is_at_origin(url, self._named):
            return False
        # Intranets have private names; nobody has a catalog behind a name for a link-local address.
        is_literal = _literal(self._named.host) is not None
        return is_literal or not (address.is_link_local or address.is_multicast or address in _METADATA)

    def _refusal(self, url: httpx.URL, address: _Address) -> str:
        at = f"{url.host!r} is the address {str(address)!r}, which is not public"
        if is_at_origin(url, self._named):
            return f"{at} and serves no catalogs; give the address itself if it does"
        return f"{self._named.host!r} redirects to {str(url)[:200]!r}: {at}; give that URL if you trust it"


def is_at_origin(url: httpx.URL, named: httpx.URL) -> bool:
    """Whether a URL is at the origin of the one that the user wrote, or at the same with TLS."""
    return url.host == named.host and (
        (url.scheme, url.port) == (named.scheme, named.port)
        or ((url.scheme, url.port, named.port) == ("https", None, None))
    )


async def _resolve(url: httpx.URL, *, is_required: bool) -> list[_Address]:
    # getaddrinfo also reads the forms 2130706433, 0x7f.1 and 127.1 of an address.
    port = url.port or (443 if url.scheme == "https" else 80)
    host = url.raw_host.decode("ascii")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        if is_required:
            raise httpx.ConnectError(f"{host[:200]!r} has no address: {error}") from error
        return []
    return [ipaddress.ip_address(str(where[4][0])) for where in found]


def _literal(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_public(address: _Address) -> bool:
    """Whether an address, or the IPv4 address inside it, is one of the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(address.packed[-4:])
        if inner is not None:
            return _is_public(inner)
        if address.is_site_local:
            return False
    is_special = address.is_multicast or address.is_reserved or address in _METADATA
    return address.is_global and not is_special


def _pinned(request: httpx.Request, address: _Address) -> httpx.Request:
    """A request to this address, with the host it names in its header and in TLS."""
    host = request.url.raw_host.decode("ascii")
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


def _proxy_for(url: httpx.URL) -> str | None:
    """The proxy that the environment wants for a URL."""
    if urllib.request.proxy_bypass(url.host):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"
