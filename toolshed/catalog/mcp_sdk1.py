"""Sessions with MCP servers through the first major version of the official SDK, from 1.20 on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from pydantic import RootModel

from toolshed.catalog.mcp_clients import (
    Asker,
    Link,
    ServerIdentity,
    identity,
    is_announcement,
    link_client,
    progress_callback,
)
from toolshed.catalog.mcp_stdio import Wire, program_streams
from toolshed.dialogues import Dialogue
from toolshed.types import JsonObject


class _AsItCame(RootModel[dict[str, Any]]):
    """An answer that the SDK does not check: one bad tool would cost its server."""


class _Session:
    def __init__(self, session: Any, identity: ServerIdentity) -> None:
        self._session, self.identity = session, identity

    async def list_tools(self, cursor: str | None) -> JsonObject:
        from mcp.types import ListToolsRequest, PaginatedRequestParams

        return await self._ask(
            ListToolsRequest(params=PaginatedRequestParams(cursor=cursor) if cursor else None)
        )

    async def call_tool(
        self, name: str, arguments: JsonObject, meta: JsonObject | None, dialogue: Dialogue | None
    ) -> JsonObject:
        from mcp.types import CallToolRequest, CallToolRequestParams

        # Any: the stubs are those of the second version.
        request: Any = CallToolRequestParams
        given = {"name": name, "arguments": dict(arguments), **({"_meta": dict(meta)} if meta else {})}
        return await self._ask(
            CallToolRequest(params=request(**given)), progress_callback=progress_callback(dialogue)
        )

    async def _ask(self, request: Any, **options: Any) -> JsonObject:
        from mcp import types

        # Any: see above.
        names: Any = types
        answer: _AsItCame = await self._session.send_request(
            names.ClientRequest(request), _AsItCame, **options
        )
        return answer.root


@asynccontextmanager
async def open_session(
    link: Link, changed: asyncio.Event | None, asker: Asker | None
) -> AsyncIterator[_Session]:
    """Connect and shake hands.

    Args:
        link: The server, its limits, and how its failures are told.
        changed: Set at every announcement that its list of tools changed.
        asker: Answers what the server asks its user.
    """
    from mcp import ClientSession, types

    async def elicit(_: Any, params: Any) -> Any:
        asked = params.model_dump(mode="json", by_alias=True, exclude_none=True)
        assert asker is not None
        # Any: the stubs are those of the second version.
        names: Any = types
        return names.ElicitResult.model_validate(
            await asker.answer({"method": "elicitation/create", "params": asked})
        )

    async def note(message: Any) -> None:
        if changed and is_announcement(message):
            changed.set()

    async with AsyncExitStack() as stack:
        streams = await _streams(link, stack)
        # Any: its arguments are others in the second version.
        new_session: Any = ClientSession
        session = await stack.enter_async_context(
            new_session(
                streams[0],
                streams[1],
                message_handler=note,
                elicitation_callback=None if asker is None else elicit,
            )
        )
        started = await session.initialize()
        server = started.serverInfo
        yield _Session(session, identity(server.name, getattr(server, "title", ""), started.instructions))


async def _streams(link: Link, stack: AsyncExitStack) -> Any:
    config = link.config
    if config.transport == "stdio":
        return await stack.enter_async_context(program_streams(config, _wire(), link.received, link.noise))
    if config.transport == "sse":
        from mcp.client.sse import sse_client

        # Any: its arguments are others in the second version.
        open_sse: Any = sse_client
        return await stack.enter_async_context(
            open_sse(config.url, httpx_client_factory=lambda **_: link_client(httpx, link))
        )
    from mcp.client import streamable_http

    names: Any = streamable_http
    if hasattr(names, "streamable_http_client"):
        client = await stack.enter_async_context(link_client(httpx, link))
        return await stack.enter_async_context(names.streamable_http_client(config.url, http_client=client))

    # Its name before 1.24; the headers are those of the protocol.
    def factory(headers: Any = None, **_: Any) -> Any:
        return link_client(httpx, link, headers=headers)

    return await stack.enter_async_context(
        names.streamablehttp_client(config.url, httpx_client_factory=factory)
    )


def _wire() -> Wire:
    from mcp import types
    from mcp.shared.message import SessionMessage

    message: Any = types.JSONRPCMessage

    def decode(line: bytes) -> Any:
        return SessionMessage(message.model_validate_json(line))

    def encode(sent: Any) -> bytes:
        text: str = sent.message.model_dump_json(by_alias=True, exclude_none=True)
        return f"{text}\n".encode()

    return Wire(decode, encode)
