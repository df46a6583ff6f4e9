"""Addresses on the network: which are public, and requests sent to none but an address that was checked.

What is connected to is the address that was checked, whatever the name resolves to by then. Behind a proxy
of the environment it is the proxy that resolves names; what resolves here as well is checked here as well.
"""

import asyncio
import ipaddress
import socket
import ssl
import urllib.request
from abc import abstractmethod
from functools import cache

import httpx

from toolshed.catalog.reach import LOCAL, Reach, how_to_allow
from toolshed.errors import ForbiddenSourceError, SourceError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Addresses that hold one of IPv4 in their last bits (RFC 6052, RFC 8215).
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
# Azure and Oracle answer with secrets of the machine here, though the addresses look public.
_METADATA = {ipaddress.IPv4Address("168.63.129.16"), ipaddress.IPv4Address("192.0.0.192")}


class PinnedTransport(httpx.AsyncBaseTransport):
    """Sends each request to an address that was checked; made for one exchange and its redirects."""

    def __init__(self) -> None:
        self._direct = httpx.AsyncHTTPTransport(verify=certificates())
        self._open = [self._direct]

    @abstractmethod
    def check_url(self, url: httpx.URL) -> None:
        """Raise for a URL that nothing may be sent to, before its name is looked up."""

    @abstractmethod
    def may_connect(self, url: httpx.URL, address: Address) -> bool:
        """Whether an address may be connected to for a URL."""

    @abstractmethod
    def refusal(self, url: httpx.URL, address: Address) -> Exception:
        """The error for a URL none of whose addresses may be connected to; the first of them."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Check where a request goes, and send it there."""
        self.check_url(request.url)
        proxy = proxy_for(request.url)
        addresses = await self._checked_addresses(request.url, is_proxied=proxy is not None)
        if proxy is not None:
            self._open.append(httpx.AsyncHTTPTransport(proxy=proxy, verify=certificates()))
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

    async def _checked_addresses(self, url: httpx.URL, *, is_proxied: bool) -> list[Address]:
        addresses = await _resolve(url, is_required=not is_proxied)
        allowed = [address for address in addresses if self.may_connect(url, address)]
        if addresses and not allowed:
            raise self.refusal(url, addresses[0])
        return allowed


def may_be_at_private(host: str, address: Address) -> bool:
    """Whether a host that somebody trusts may have an address that is not public.

    Intranets have private names; nobody serves anything behind a name for a link-local address.
    """
    is_literal = _literal(host) is not None
    return is_literal or not (address.is_link_local or address.is_multicast or address in _METADATA)


def is_at_origin(url: httpx.URL, named: httpx.URL) -> bool:
    """Whether a URL is at the origin of the one that the user wrote, or at the same with TLS."""
    return url.host == named.host and (
        (url.scheme, url.port) == (named.scheme, named.port)
        or ((url.scheme, url.port, named.port) == ("https", None, None))
    )


async def addresses_at(url: httpx.URL, reach: Reach) -> list[Address]:
    """Where to find a server that somebody named; empty where its name is for a proxy to resolve.

    Raises:
        ForbiddenSourceError: If he may not reach any of its addresses.
        httpx.ConnectError: If it has none.
    """
    reach.check_url(url)
    found = await _resolve(url, is_required=proxy_for(url) is None)
    may_be_private = reach.may_be_private(url)
    allowed = [
        address
        for address in found
        if is_public(address) or (may_be_private and may_be_at_private(url.host, address))
    ]
    if found and not allowed:
        raise refused(url, found[0], reach)
    return allowed


def refused(url: httpx.URL, address: Address, reach: Reach) -> ForbiddenSourceError:
    """The error for a server that somebody named and may not reach."""
    at = f"{url.host!r} is the address {str(address)!r}, which is not public"
    if reach.may_be_private(url):
        return ForbiddenSourceError(f"{at} and serves no catalogs; give the address itself if it does")
    return ForbiddenSourceError(f"{at}; {how_to_allow(url)}")


async def address_that_follows(url: httpx.URL, named: httpx.URL, reach: Reach = LOCAL) -> Address | None:
    """Where to find what a server names besides itself, such as what gives tokens for it.

    That must be public, or no more private than the server. None where a name is for a proxy to resolve.
    What a service's caller named leads to what is public, and to what an administrator allowed.

    Raises:
        SourceError: If it is not, or is without TLS where the server has it.
    """
    reach.check_url(url)
    leads = f"{named.host!r} leads to {str(url.copy_with(query=None, userinfo=b''))[:200]!r}"
    if url.scheme not in ("http", "https") or (named.scheme == "https" and url.scheme != "https"):
        raise SourceError(f"{leads}, which is no https address")
    addresses = await _resolve(url, is_required=proxy_for(url) is None)
    if all(map(is_public, addresses)):
        return addresses[0] if addresses else None
    own = await _resolve(named, is_required=False)
    is_private = not all(map(is_public, own)) and all(may_be_at_private("", one) for one in addresses)
    is_private &= reach.may_be_private(url)
    if not is_private:
        raise ForbiddenSourceError(f"{leads}, whose address {str(addresses[0])!r} is not public")
    return addresses[0]


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether an address, or the IPv4 address inside it, is one of the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and any(address in network for network in _NAT64):
            inner = ipaddress.IPv4Address(address.packed[-4:])
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    is_special = address.is_multicast or address.is_reserved or address in _METADATA
    return address.is_global and not is_special


@cache
def certificates() -> ssl.SSLContext:
    """The authorities that are trusted."""
    # Reading the authorities takes 20 ms.
    return httpx.create_ssl_context()


async def _resolve(url: httpx.URL, *, is_required: bool) -> list[Address]:
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


def _pinned(request: httpx.Request, address: Address) -> httpx.Request:
    """A request to this address, with the host it names in its header and in TLS."""
    host = request.url.raw_host.decode("ascii")
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


def proxy_for(url: httpx.URL) -> str | None:
    """The proxy that the environment wants for a URL."""
    if urllib.request.proxy_bypass(url.host):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"
