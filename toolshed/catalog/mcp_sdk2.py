"""Sessions with MCP servers through the second major version of the official SDK, in both eras."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from pydantic import ValidationError

from toolshed.catalog.mcp_clients import (
    Asker,
    Link,
    ServerIdentity,
    identity,
    is_announcement,
    link_client,
    progress_callback,
)
from toolshed.catalog.mcp_limits import MAX_MESSAGE_BYTES, ServerFaultError
from toolshed.catalog.mcp_stdio import Wire, program_streams
from toolshed.dialogues import Dialogue
from toolshed.types import JsonObject

# Where the answer to what this task sends is put, as it came.
_answer: ContextVar[dict[str, Any] | None] = ContextVar("answer", default=None)
_MAX_RELISTED_PAGES = 100
# Less than a transport waits before it tells of the end of a server.
_AFTERWARDS_SECONDS = 0.1
# A server that does not acknowledge that somebody listens is polled.
_ACKNOWLEDGEMENT_SECONDS = 5.0


class _Tap:
    """The streams of a transport, which also put each answer aside before the SDK checks it.

    The SDK refuses a list whole when one of its tools is bad. It sends a request within the task that waits
    for the answer, so that a context variable tells whose answer it is.
    """

    def __init__(self, opened: Any) -> None:
        # Any: a context manager of the SDK's streams.
        self._opened = opened
        self._waiting: dict[Any, dict[str, Any]] = {}

    async def __aenter__(self) -> tuple["_TappedReader", "_TappedWriter"]:
        read, write = await self._opened.__aenter__()
        return _TappedReader(read, self._waiting), _TappedWriter(write, self._waiting)

    async def __aexit__(self, *error: Any) -> bool | None:
        is_handled: bool | None = await self._opened.__aexit__(*error)
        return is_handled


class _TappedWriter:
    def __init__(self, inner: Any, waiting: dict[Any, dict[str, Any]]) -> None:
        self._inner, self._waiting = inner, waiting

    async def send(self, item: Any, /) -> None:
        box = _answer.get()
        sent = item.message
        if box is not None and getattr(sent, "method", None) == box["method"] and hasattr(sent, "id"):
            self._waiting[sent.id] = box
            box["forget"] = lambda: self._waiting.pop(sent.id, None)
        await self._inner.send(item)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> "_TappedWriter":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()


class _TappedReader:
    def __init__(self, inner: Any, waiting: dict[Any, dict[str, Any]]) -> None:
        self._inner, self._waiting = inner, waiting

    @property
    def last_context(self) -> Any:
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> Any:
        item = await self._inner.receive()
        received = getattr(item, "message", None)
        box = self._waiting.pop(getattr(received, "id", None), None)
        result = getattr(received, "result", None)
        if box is not None and isinstance(result, dict):
            # Its own copy of the first level: the SDK corrects times there.
            box["result"] = dict(result)
            box["arrived"].set()
        return item

    async def aclose(self) -> None:
        await self._inner.aclose()

    def __aiter__(self) -> "_TappedReader":
        return self

    async def __anext__(self) -> Any:
        import anyio

        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> "_TappedReader":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()


class _Session:
    def __init__(self, client: Any) -> None:
        self._client = client
        server = client.server_info
        self.identity: ServerIdentity = identity(
            getattr(server, "name", ""), getattr(server, "title", ""), client.instructions
        )

    async def list_tools(self, cursor: str | None) -> JsonObject:
        asking = self._client.list_tools(cursor=cursor, cache_mode="bypass")
        return await _as_it_came("tools/list", asking)

    async def call_tool(
        self, name: str, arguments: JsonObject, meta: JsonObject | None, dialogue: Dialogue | None
    ) -> JsonObject:
        from mcp import MCPError
        from mcp_types import HEADER_MISMATCH

        try:
            return await self._call(name, arguments, meta, dialogue)
        except MCPError as error:
            if error.code != HEADER_MISMATCH:
                raise
        # The server wants arguments as headers too, which the SDK learns from the list of tools.
        cursor: str | None = None
        for _ in range(_MAX_RELISTED_PAGES):
            cursor = (await self.list_tools(cursor)).get("nextCursor")
            if not cursor:
                break
        return await self._call(name, arguments, meta, dialogue)

    async def _call(
        self, name: str, arguments: JsonObject, meta: JsonObject | None, dialogue: Dialogue | None
    ) -> JsonObject:
        given: Any = dict(meta) if meta else None
        said = dialogue or Dialogue()
        answers: Any = said.answers
        calling = self._client.session.call_tool(
            name,
            dict(arguments),
            meta=given,
            progress_callback=progress_callback(said),
            input_responses=answers,
            request_state=said.state,
            allow_input_required=True,
            allow_claimed=True,
        )
        return await _as_it_came("tools/call", calling)


async def _as_it_came(method: str, asking: Any) -> JsonObject:
    """The answer to a request, whether or not the SDK thinks well of it."""
    box: dict[str, Any] = {"method": method, "arrived": asyncio.Event()}
    token = _answer.set(box)
    # Tasks of their own, which copy the context that tells whose answer it is.
    asked, arrived = asyncio.ensure_future(asking), asyncio.ensure_future(box["arrived"].wait())
    try:
        await asyncio.wait((asked, arrived), return_when=asyncio.FIRST_COMPLETED)
        # After the answer the SDK asks for its schema, and the server may be gone by then.
        await asyncio.wait((asked,), timeout=_AFTERWARDS_SECONDS)
        if "result" not in box:
            # RuntimeError: an answer that does not keep to the output schema.
            with contextlib.suppress(ValidationError, RuntimeError, ValueError):
                await asked
    finally:
        _answer.reset(token)
        box.get("forget", lambda: None)()
        for task in (asked, arrived):
            task.cancel()
        await asyncio.gather(asked, arrived, return_exceptions=True)
    result = box.get("result")
    if not isinstance(result, dict):
        raise ServerFaultError(f"it answers {method} with no object")
    return result


@asynccontextmanager
async def open_session(
    link: Link, changed: asyncio.Event | None, asker: Asker | None
) -> AsyncIterator[_Session]:
    """Connect, in whichever era of the protocol the server is.

    Args:
        link: The server, its limits, and how its failures are told.
        changed: Set at every announcement that its list of tools changed.
        asker: Answers what the server asks its user.
    """
    from mcp import Client
    from mcp_types import ElicitResult

    async def elicit(_: Any, params: Any) -> ElicitResult:
        asked = params.model_dump(mode="json", by_alias=True, exclude_none=True)
        assert asker is not None
        return ElicitResult.model_validate(
            await asker.answer({"method": "elicitation/create", "params": asked})
        )

    async def note(message: Any) -> None:
        if changed and is_announcement(message):
            changed.set()

    # Any: it takes one kind of error more than is ever given.
    asks: Any = None if asker is None else elicit
    async with AsyncExitStack() as stack:
        transport: Any = _Tap(await _transport(link, stack))
        client = await stack.enter_async_context(
            Client(
                transport,
                message_handler=note,
                cache=None,
                elicitation_callback=asks,
            )
        )
        if changed is not None:
            await stack.enter_async_context(_listening(client, changed))
        yield _Session(client)


async def _transport(link: Link, stack: AsyncExitStack) -> Any:
    config = link.config
    if config.transport == "stdio":
        return program_streams(config, _wire(), link.received, link.noise)
    import httpx2

    if config.transport == "sse":
        from mcp.client.sse import sse_client

        # Any: it takes fewer arguments than the SDK's own, and all that are given.
        factory: Any = partial(_client_for_events, link)
        return sse_client(config.url, httpx_client_factory=factory)
    from mcp.client.streamable_http import streamable_http_client

    client = await stack.enter_async_context(link_client(httpx2, link))
    return streamable_http_client(config.url, http_client=client, max_sse_event_size=MAX_MESSAGE_BYTES)


def _client_for_events(link: Link, **_: Any) -> Any:
    import httpx2

    return link_client(httpx2, link)


def _wire() -> Wire:
    from mcp.shared.message import SessionMessage
    from mcp_types import jsonrpc_message_adapter

    def decode(line: bytes) -> Any:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))

    def encode(sent: Any) -> bytes:
        text: str = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
        return f"{text}\n".encode()

    return Wire(decode, encode)


@asynccontextmanager
async def _listening(client: Any, changed: asyncio.Event) -> AsyncIterator[None]:
    """Set ``changed`` at every announcement, where server and protocol (2026-07-28) have streams of them.

    Older protocols send notifications unasked; servers without either are polled.
    """
    from mcp import MCPError
    from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost

    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(_ACKNOWLEDGEMENT_SECONDS):
                events = await stack.enter_async_context(client.listen(tools_list_changed=True))
        except (ListenNotSupportedError, MCPError, SubscriptionLost, TimeoutError):
            yield
            return

        async def forward() -> None:
            with contextlib.suppress(SubscriptionLost):
                async for _ in events:
                    changed.set()
            # The stream is gone: asking again shows whether the server is.
            changed.set()

        task = asyncio.create_task(forward())
        try:
            yield
        finally:
            task.cancel()
