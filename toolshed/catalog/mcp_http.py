"""HTTP clients for MCP servers: bounded, kept at the origin that the user wrote, and through the proxy.

The first version of the SDK speaks through httpx, the second through httpx2; both have the same names.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from types import ModuleType
from typing import Any

import httpx

from toolshed.catalog.addresses import (
    Address,
    address_that_follows,
    addresses_at,
    certificates,
    is_at_origin,
    proxy_for,
)
from toolshed.catalog.mcp_configs import ServerConfig
from toolshed.catalog.mcp_limits import MessageSize, Received, ServerFaultError
from toolshed.errors import SourceError

# As the SDK has them: servers hold streams of announcements open.
_SECONDS, _STREAM_SECONDS = 30.0, 300.0
_MARK, _SESSION = "accept-encoding", "mcp-session-id"


def bounded_client(
    http: ModuleType,
    config: ServerConfig,
    received: Received,
    *,
    auth: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """A client of httpx or httpx2 for one server.

    It follows redirects within the origin, as ``/mcp`` to ``/mcp/``; the first version of the SDK would
    follow them anywhere, with headers and messages. What the server names besides, such as where to get a
    token, must be public, or as private as the server is.
    """
    # Any: httpx2 is not installed with the first version of the SDK.
    return http.AsyncClient(
        transport=_transport(http, received, config),
        # What is sent plainly can be counted as it is.
        headers={**config.headers, **(headers or {}), _MARK: "identity"},
        auth=auth,
        timeout=http.Timeout(_SECONDS, read=_STREAM_SECONDS),
        follow_redirects=True,
    )


def _is_for_a_token(request: Any) -> bool:
    """Whether a request is one that the SDK makes to get a token, or a redirect of such a one.

    It builds those itself, without the headers of the client, which any message carries wherever it is led.
    """
    return _MARK not in request.headers


async def _addresses(request: Any, config: ServerConfig, proxy: str | None) -> list[Address]:
    """Where a request may be sent, checked; empty where the proxy resolves its name."""
    url, named = httpx.URL(str(request.url)), httpx.URL(config.url)
    if is_at_origin(url, named):
        addresses = await addresses_at(url, config.reach)
    elif not _is_for_a_token(request):
        raise ServerFaultError(f"it redirects to {str(url)[:200]!r}; give that URL if you trust it")
    else:
        address = await address_that_follows(url, named, config.reach)
        addresses = [] if address is None else [address]
    return [] if proxy is not None else addresses


def _at(http: ModuleType, request: Any, address: Address) -> Any:
    """A request to the address that was checked, whatever its name resolves to by now."""
    return http.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={
            **request.extensions,
            "sni_hostname": httpx.URL(str(request.url)).raw_host.decode("ascii"),
        },
    )


def _counted_stream(http: ModuleType, received: Received) -> Any:
    """The class of streams that end where a message is too large."""

    class Counted(http.AsyncByteStream):  # type: ignore[misc, name-defined]  # one of two modules
        def __init__(self, stream: Any, *, is_event_stream: bool) -> None:
            self._stream, self._is_event_stream = stream, is_event_stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = MessageSize(received)
            async for chunk in self._stream:
                if not size.add(chunk):
                    return
                yield chunk
                # Each event is a message of its own.
                if self._is_event_stream and (b"\n\n" in chunk or b"\r\n\r\n" in chunk):
                    size.begin()

        async def aclose(self) -> None:
            await self._stream.aclose()

    return Counted


def _transport(http: ModuleType, received: Received, config: ServerConfig) -> Any:
    """Sends requests directly or through the proxy of the environment, and counts what comes back."""

    counted = _counted_stream(http, received)

    class Transport(http.AsyncBaseTransport):  # type: ignore[misc, name-defined]  # one of two modules
        def __init__(self) -> None:
            self._open: dict[str | None, Any] = {}

        async def handle_async_request(self, request: Any) -> Any:
            if request.method == "POST":
                received.asked()
            response = await self._sent(request)
            # Servers without a stream of announcements refuse it, and are none the worse.
            if request.method == "POST" or response.status_code in (401, 403):
                received.refused_with = response.status_code if response.status_code >= 400 else None
            received.is_session_forgotten |= response.status_code == 404 and _SESSION in request.headers
            coding = response.headers.get("content-encoding", "identity").strip().lower()
            if coding != "identity":
                await response.aclose()
                received.fail(
                    ServerFaultError(f"it answers in the coding {coding[:40]!r}, which was not asked for")
                )
                raise http.DecodingError("unasked content coding", request=request)
            is_event_stream = "text/event-stream" in response.headers.get("content-type", "")
            response.stream = counted(response.stream, is_event_stream=is_event_stream)
            return response

        async def _sent(self, request: Any) -> Any:
            proxy = proxy_for(httpx.URL(str(request.url)))
            if proxy not in self._open:
                self._open[proxy] = http.AsyncHTTPTransport(proxy=proxy, verify=certificates())
            try:
                addresses = await _addresses(request, config, proxy)
            except httpx.ConnectError as error:
                raise http.ConnectError(str(error), request=request) from None
            except SourceError as error:
                received.fail(ServerFaultError(str(error)))
                raise http.ConnectError("refused", request=request) from None
            for address in addresses[:-1]:
                with contextlib.suppress(http.ConnectError, http.ConnectTimeout):
                    return await self._open[proxy].handle_async_request(_at(http, request, address))
            last = _at(http, request, addresses[-1]) if addresses else request
            return await self._open[proxy].handle_async_request(last)

        async def aclose(self) -> None:
            await asyncio.gather(*(transport.aclose() for transport in self._open.values()))

    return Transport()
