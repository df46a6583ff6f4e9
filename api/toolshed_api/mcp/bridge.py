"""Standard input and output, for hosts that start a program, before a running service that speaks over HTTP.

Messages pass as they are, in both directions and in either protocol: what a tool asks, progress and
cancellation among them. The SDK's transports do the rest; only the headers of HTTP are added here.
"""

import logging
from collections.abc import Mapping
from typing import Any

import anyio
import httpx2
from mcp.client.streamable_http import streamable_http_client
from mcp.server.stdio import stdio_server
from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    MCP_PROTOCOL_VERSION_HEADER,
    NAME_BEARING_METHODS,
    encode_header_value,
)
from mcp.shared.message import ClientMessageMetadata, SessionMessage
from mcp_types import (
    INTERNAL_ERROR,
    PARSE_ERROR,
    PROTOCOL_VERSION_META_KEY,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)

from toolshed_api.mcp.addresses import endpoint
from toolshed_api.streams import STREAM_SECONDS

logger = logging.getLogger(__name__)
_CONNECT_SECONDS = 30.0
# An answer with pictures; the service bounds what it sends.
_MAX_EVENT_BYTES = 16 * 2**20
_MAX_DETAIL = 2_000


async def serve_bridge(url: str, api_key: str | None) -> None:
    """Hand messages on until the host closes our input.

    Args:
        url: Address of the service, with or without the path of its MCP endpoint.
        api_key: Its key, where it wants one.

    Raises:
        ConfigurationError: If the address is none.
    """
    headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
    timeout = httpx2.Timeout(_CONNECT_SECONDS, read=STREAM_SECONDS)
    address = endpoint(url)
    async with (
        httpx2.AsyncClient(headers=headers, timeout=timeout, transport=_Answering()) as http,
        stdio_server() as (from_host, to_host),
        streamable_http_client(address, http_client=http, max_sse_event_size=_MAX_EVENT_BYTES) as service,
        anyio.create_task_group() as tasks,
    ):
        from_service, to_service = service
        stamps = _Stamps()

        async def back() -> None:
            async for message in from_service:
                if isinstance(message, SessionMessage):
                    stamps.note(message.message)
                    await to_host.send(message)

        tasks.start_soon(back)
        async for message in from_host:
            if isinstance(message, SessionMessage):
                await to_service.send(stamps.stamped(message.message))
            else:
                await to_host.send(_failed(PARSE_ERROR, f"this is no message of the protocol: {message}"))
        tasks.cancel_scope.cancel()


class _Stamps:
    """The headers that HTTP wants of each message: its protocol, and of the newer one also what is called."""

    def __init__(self) -> None:
        self._version = ""
        self._greeting: object = None

    def stamped(self, message: JSONRPCMessage) -> SessionMessage:
        """A message with its headers."""
        if isinstance(message, JSONRPCRequest) and message.method == "initialize":
            self._greeting, self._version = message.id, ""
        headers = self._headers(message)
        return SessionMessage(message, ClientMessageMetadata(headers=headers) if headers else None)

    def note(self, message: JSONRPCMessage) -> None:
        """Learn from the answer to the handshake of the older protocol which version is spoken."""
        if isinstance(message, JSONRPCResponse) and message.id == self._greeting:
            self._version = str(message.result.get("protocolVersion", ""))

    def _headers(self, message: JSONRPCMessage) -> dict[str, str]:
        # Any: the parameters of any method.
        params: Mapping[str, Any] = getattr(message, "params", None) or {}
        version = (params.get("_meta") or {}).get(PROTOCOL_VERSION_META_KEY)
        if not isinstance(version, str) or not isinstance(message, JSONRPCRequest | JSONRPCNotification):
            return {MCP_PROTOCOL_VERSION_HEADER: self._version} if self._version else {}
        headers = {MCP_PROTOCOL_VERSION_HEADER: version, MCP_METHOD_HEADER: message.method}
        name = params.get(NAME_BEARING_METHODS.get(message.method, ""))
        return headers | ({MCP_NAME_HEADER: encode_header_value(name)} if isinstance(name, str) else {})


class _Answering(httpx2.AsyncHTTPTransport):
    """Gives an error of the protocol where the service is not there, or refuses: hosts show that."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """See the base class."""
        try:
            response = await super().handle_async_request(request)
        except httpx2.TransportError as error:
            return _told(502, f"the service at {request.url} cannot be reached ({error}); start it, or wait")
        if response.status_code == 404 and "mcp-session-id" in request.headers:
            await response.aclose()
            return _told(404, "the service was started anew and knows this session no more; connect again")
        if response.headers.get("content-type", "").startswith("application/problem+json"):
            await response.aread()
            await response.aclose()
            return _told(response.status_code, str(response.json().get("detail", ""))[:_MAX_DETAIL])
        return response


def _told(status: int, message: str) -> httpx2.Response:
    logger.warning("%s", message)
    return httpx2.Response(status, json=_failed(INTERNAL_ERROR, message).message.model_dump(mode="json"))


def _failed(code: int, message: str) -> SessionMessage:
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=code, message=message)))
