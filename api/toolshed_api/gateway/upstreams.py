"""Asking upstreams: one client for all, with a deadline for each part of an answer."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx

from toolshed.catalog.addresses import certificates
from toolshed_api.gateway.configuration import LimitSettings, Route
from toolshed_api.gateway.errors import (
    DialectName,
    UpstreamError,
    UpstreamRefusalError,
    UpstreamTimeoutError,
    refusal,
)
from toolshed_api.gateway.sse import Event, InvalidStreamError, events

# Any: requests and replies are JSON of the dialects.
Json = dict[str, Any]
# A whole reply; pictures come in base64.
MAX_REPLY_BYTES = 64 * 2**20
_MAX_ERROR_BYTES = 2**16
_PATHS: dict[DialectName, str] = {
    "chat": "chat/completions",
    "responses": "responses",
    "messages": "messages",
}
# The end of a reply comes with its last event, or right behind it.
_FINISH_SECONDS = 0.5
_ANTHROPIC_VERSION = "2023-06-01"


class Upstreams:
    """Asks upstreams.

    Args:
        limits: How long they may take.
    """

    def __init__(self, limits: LimitSettings) -> None:
        self._limits = limits
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(limits.idle, connect=limits.connect, pool=limits.connect),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            follow_redirects=False,
            verify=certificates(),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def reply(self, route: Route, dialect: DialectName, body: Json, beta: str | None) -> Json:
        """A whole reply.

        Raises:
            UpstreamError: If none came; see the subclasses.
        """
        content = bytearray()
        async with self._opened(route, dialect, body, beta) as response:
            async for part in _bounded(response):
                content += part
        try:
            value = json.loads(bytes(content), parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise UpstreamError("the upstream's answer is no JSON; try again", text="") from error
        if not isinstance(value, dict):
            raise UpstreamError("the upstream's answer is no JSON object; try again", text="")
        return value

    @asynccontextmanager
    async def stream(
        self, route: Route, dialect: DialectName, body: Json, beta: str | None
    ) -> AsyncIterator["UpstreamEvents"]:
        """A reply as it is made, event by event.

        Raises:
            UpstreamError: If none came, or it broke off; see the subclasses.
        """
        async with self._opened(route, dialect, body, beta) as response:
            if "text/event-stream" not in response.headers.get("content-type", ""):
                raise UpstreamError("the upstream's answer is no stream of events; try again", text="")
            try:
                yield UpstreamEvents(_bounded(response))
            except InvalidStreamError as error:
                raise UpstreamError(f"the upstream's stream cannot be read: {error}", text="") from error

    @asynccontextmanager
    async def _opened(
        self, route: Route, dialect: DialectName, body: Json, beta: str | None
    ) -> AsyncIterator[httpx.Response]:
        content = json.dumps({**body, "model": route.model}, ensure_ascii=False, separators=(",", ":"))
        url = f"{str(route.upstream.base_url).rstrip('/')}/{_PATHS[dialect]}"
        try:
            async with (
                asyncio.timeout(self._limits.total),
                self._client.stream(
                    "POST", url, content=content.encode(), headers=_headers(route, dialect, beta)
                ) as response,
            ):
                if response.status_code != 200:
                    raise await _refusal(response)
                yield response
        except (TimeoutError, httpx.TimeoutException) as error:
            never = isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)
            raise UpstreamTimeoutError(
                "the upstream did not answer in time; try again, or ask for less", text=None if never else ""
            ) from error
        except httpx.HTTPError as error:
            never = isinstance(error, httpx.ConnectError)
            raise UpstreamError(
                "the connection to the upstream failed; try again in a moment", text=None if never else ""
            ) from error


class UpstreamEvents:
    """The events of a reply.

    Args:
        parts: The reply, in bytes.
    """

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts

    def __aiter__(self) -> AsyncIterator[Event]:
        return events(self._parts)

    async def finish(self) -> None:
        """Read what follows the last event, so that the connection can be used again.

        What is closed unread would cost the next request a connection of its own, with its handshakes.
        """
        with suppress(TimeoutError, UpstreamError, httpx.HTTPError):
            async with asyncio.timeout(_FINISH_SECONDS):
                async for _ in self._parts:
                    pass


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


async def _bounded(response: httpx.Response) -> AsyncIterator[bytes]:
    n_bytes = 0
    async for part in response.aiter_bytes():
        n_bytes += len(part)
        if n_bytes > MAX_REPLY_BYTES:
            raise UpstreamError(f"the upstream's answer is larger than {MAX_REPLY_BYTES:,} bytes", text="")
        yield part


def _headers(route: Route, dialect: DialectName, beta: str | None) -> dict[str, str]:
    given = {"content-type": "application/json", "accept-encoding": "identity"}
    if dialect == "messages":
        given["anthropic-version"] = _ANTHROPIC_VERSION
        if beta:
            given["anthropic-beta"] = beta
        return given | ({"x-api-key": key} if (key := route.key) else {})
    return given | ({"authorization": f"Bearer {key}"} if (key := route.key) else {})


async def _refusal(response: httpx.Response) -> UpstreamRefusalError:
    content = bytearray()
    async for part in response.aiter_bytes():
        content += part
        if len(content) > _MAX_ERROR_BYTES:
            break
    try:
        value = json.loads(bytes(content))
    except (ValueError, RecursionError):
        value = None
    told = value if isinstance(value, dict) else {"error": {"message": "it gives no reason"}}
    return refusal(response.status_code, told, response.headers.get("retry-after"))
