"""Documents behind URLs, fetched so that no answer leads anywhere but where the user or the public may go.

The host that the user wrote may be private, where he may reach it (:class:`Reach`). Any other, reached by a
redirect, must be public.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from toolshed.catalog.addresses import (
    Address,
    PinnedTransport,
    is_at_origin,
    is_public,
    may_be_at_private,
    refused,
)
from toolshed.catalog.locations import location_of
from toolshed.catalog.reach import LOCAL, Reach
from toolshed.errors import ForbiddenSourceError, SourceError
from toolshed.waiting import wait_for

MAX_BYTES = 256 * 2**20
_READ_SECONDS = 30.0
# Enough for 256 MB at 17 Mbit/s, and an end for servers that send a byte a second.
_TOTAL_SECONDS = 120.0
_MAX_REDIRECTS = 5
# JSON and YAML shrink to a tenth, repetitive ones to a fortieth; zip bombs to a thousandth.
_MOST_EXPANSION, _FREE_BYTES = 100, 2**20


def download(url: str, *, timeout_seconds: float = _TOTAL_SECONDS, reach: Reach = LOCAL) -> bytes:
    """Fetch a document.

    Args:
        url: ``http://...`` or ``https://...``.
        timeout_seconds: Longest wait for all of it, redirects included.
        reach: What whoever named it may reach.

    Raises:
        ForbiddenSourceError: If it is at an address that he may not reach, or redirects to one that is not
            public; nothing was sent there.
        SourceError: If it cannot be fetched, is a web page or too large, does not end in time, or redirects
            from https to http or to another protocol.
    """
    return wait_for(_download(url, timeout_seconds, reach))


def post_form(
    url: str, form: Mapping[str, str], *, headers: Mapping[str, str], timeout_seconds: float, reach: Reach
) -> tuple[int, bytes]:
    """Send a form; redirects are not followed.

    Args:
        url: ``http://...`` or ``https://...``.
        form: Its fields.
        headers: Of the request.
        timeout_seconds: Longest wait for all of it.
        reach: What whoever named the URL may reach.

    Returns:
        The status, and the first megabyte of the answer.

    Raises:
        ForbiddenSourceError: If it is at an address that he may not reach; nothing was sent there.
        SourceError: If it does not answer in time.
    """
    return wait_for(_post_form(url, form, headers, timeout_seconds, reach))


async def _download(url: str, timeout_seconds: float, reach: Reach) -> bytes:
    async with _guarded(url, timeout_seconds, reach) as client:
        request = client.build_request("GET", url, headers={"accept-encoding": "gzip"})
        return await _follow(client, request, location_of(url))


async def _post_form(
    url: str, form: Mapping[str, str], headers: Mapping[str, str], timeout_seconds: float, reach: Reach
) -> tuple[int, bytes]:
    async with _guarded(url, timeout_seconds, reach) as client:
        sent = {**headers, "accept": "application/json", "accept-encoding": "identity"}
        async with client.stream("POST", url, data=dict(form), headers=sent) as response:
            content = bytearray()
            async for part in decoded(response):
                content += part
                if len(content) > _FREE_BYTES:
                    raise SourceError(f"{location_of(url)!r} sends more than a megabyte")
            return response.status_code, bytes(content)


@asynccontextmanager
async def _guarded(url: str, timeout_seconds: float, reach: Reach) -> AsyncIterator[httpx.AsyncClient]:
    """A client that goes where a URL leads whoever named it, within a time."""
    shown = location_of(url)
    try:
        guard = _Guard(httpx.URL(url), reach)
        async with (
            asyncio.timeout(timeout_seconds),
            httpx.AsyncClient(transport=guard, timeout=_READ_SECONDS) as client,
        ):
            yield client
    except TimeoutError as error:
        raise SourceError(f"{shown!r} did not arrive within {timeout_seconds:g} seconds") from error
    except httpx.InvalidURL as error:
        raise SourceError(f"{shown[:200]!r} is not a URL: {error}") from error
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
    async for part in decoded(response):
        content += part
        if len(content) > MAX_BYTES:
            raise SourceError(f"{shown!r} sends more than {MAX_BYTES // 2**20} MB")
    return bytes(content)


async def decoded(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body in bounded pieces; httpx would expand a received piece whole, through many codings.

    Raises:
        httpx.DecodingError: If it is in another coding than gzip, is none, or expands like a bomb.
    """
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding == "identity":
        async for part in response.aiter_raw():
            yield part
        return
    if coding not in ("gzip", "x-gzip"):
        raise httpx.DecodingError(f"it answers in the coding {coding[:80]!r}; gzip was asked for")
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    n_received = n_bytes = 0
    try:
        async for part in response.aiter_raw():
            n_received += len(part)
            while part:
                inflated = inflate.decompress(part, _FREE_BYTES)
                n_bytes += len(inflated)
                if n_bytes > _FREE_BYTES + _MOST_EXPANSION * n_received:
                    raise httpx.DecodingError("it sends a body that expands more than a hundredfold")
                yield inflated
                part = inflate.unconsumed_tail
    except zlib.error as error:
        raise httpx.DecodingError(f"it sends a body that is no gzip: {error}") from error
    if not inflate.eof:
        raise httpx.DecodingError("it sends a gzip body that ends too early")


class _Guard(PinnedTransport):
    """Lets requests for one document go where the user or the public may go."""

    def __init__(self, named: httpx.URL, reach: Reach = LOCAL) -> None:
        super().__init__()
        self._named, self._reach = named, reach
        self._has_been_secure = named.scheme == "https"

    def check_url(self, url: httpx.URL) -> None:
        """Refuse other protocols, and going back to one without TLS."""
        if url.scheme not in ("http", "https") or not url.host:
            raise SourceError(
                f"{self._named.host!r} redirects to {str(url)[:200]!r}, which is no web address"
            )
        if self._has_been_secure and url.scheme == "http":
            raise SourceError(f"{self._named.host!r} redirects from https to http; give the final URL")
        self._reach.check_url(url)
        self._has_been_secure |= url.scheme == "https"

    def may_connect(self, url: httpx.URL, address: Address) -> bool:
        """Whether an address is public, or that of the host which the user named."""
        return is_public(address) or (
            is_at_origin(url, self._named)
            and self._reach.may_be_private(url)
            and may_be_at_private(self._named.host, address)
        )

    def refusal(self, url: httpx.URL, address: Address) -> ForbiddenSourceError:
        """Say which address it is, and what to give if it is meant."""
        if is_at_origin(url, self._named):
            return refused(url, address, self._reach)
        return ForbiddenSourceError(
            f"{self._named.host!r} redirects to {str(url)[:200]!r}: {url.host!r} is the address "
            f"{str(address)!r}, which is not public; give that URL if you trust it"
        )
