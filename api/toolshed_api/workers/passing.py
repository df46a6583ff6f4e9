"""Requests that the process that searches does not answer, passed on to the one that does, byte for byte."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, suppress

import httpcore
from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from toolshed_api.guard import request_id_of
from toolshed_api.problems import MalformedRequestError, OverloadedError, problem_response
from toolshed_api.workers.crew import Crew

_SEARCHES = frozenset({"/v1/tools/search", "/v1/tools/search/batch"})
# Alive is who answers: a supervisor must not end those that search while the one that writes starts again.
_HEALTH = "/healthz"
_CONNECT_SECONDS = 5.0
# Less than the process that writes lets a connection wait.
_IDLE_SECONDS = 5.0
# Of one connection only, or added by the server of each process.
_NOT_PASSED = frozenset(
    {
        b"keep-alive",
        b"proxy-connection",
        b"upgrade",
        b"te",
        b"connection",
        b"expect",
        b"x-forwarded-for",
        b"x-forwarded-proto",
    }
)
_NOT_ANSWERED = frozenset({b"keep-alive", b"transfer-encoding", b"date", b"server"})

_Headers = list[tuple[bytes, bytes]]


class PassingOn:
    """ASGI app: searches are answered here, all else by the process that writes.

    Args:
        app: Answers searches.
        crew: The processes of the service.

    Attributes:
        state: Of the app; the server reads its settings.
    """

    def __init__(self, app: FastAPI, crew: Crew) -> None:
        self._app, self.state = app, app.state
        self._pool = httpcore.AsyncConnectionPool(
            uds=str(crew.address), max_connections=None, keepalive_expiry=_IDLE_SECONDS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or _is_answered_here(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        passing = asyncio.create_task(self._passed(scope, _Body(receive), send))
        try:
            await passing
        except ClientDisconnect:
            return

    async def _passed(self, scope: Scope, body: "_Body", send: Send) -> None:
        answering = asyncio.create_task(self._answered(scope, body, send))
        gone = asyncio.create_task(body.wait_until_gone())
        try:
            await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
        finally:
            for task in (answering, gone):
                task.cancel()
            await asyncio.gather(answering, gone, return_exceptions=True)

    async def _answered(self, scope: Scope, body: "_Body", send: Send) -> None:
        has_started = False
        try:
            async with aclosing(await self._pool.handle_async_request(_request(scope, body))) as answer:
                has_started = True
                headers = [one for one in answer.headers if one[0].lower() not in _NOT_ANSWERED]
                await send({"type": "http.response.start", "status": answer.status, "headers": headers})
                async for part in answer.aiter_stream():
                    await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except httpcore.LocalProtocolError as error:
            await _refuse(
                scope, body, send, MalformedRequestError(f"the request cannot be passed on: {error}")
            )
        except (httpcore.ConnectError, httpcore.ConnectTimeout):
            busy = OverloadedError(
                "the process that answers this is being started again; try again in a moment"
            )
            await _refuse(scope, body, send, busy)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            if has_started:
                # Half an answer is cut off, as it was there.
                raise ClientDisconnect from error
            ended = OverloadedError(
                "the process that was to answer this ended meanwhile, and what was asked for may have been "
                "done; look before you send it again, or send an Idempotency-Key with it"
            )
            await _refuse(scope, body, send, ended)


def _is_answered_here(method: str, path: str) -> bool:
    return path in _SEARCHES if method == "POST" else method in ("GET", "HEAD") and path == _HEALTH


async def _refuse(
    scope: Scope, body: "_Body", send: Send, error: MalformedRequestError | OverloadedError
) -> None:
    request = Request(scope)
    request.state.request_id = request_id_of(request)
    response = problem_response(request, error)
    response.headers["connection"] = "close"
    await response(scope, body.receive, send)


def _request(scope: Scope, body: "_Body") -> httpcore.Request:
    query = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    headers = [*_passed_headers(scope["headers"]), (b"x-forwarded-proto", scope["scheme"].encode())]
    return httpcore.Request(
        scope["method"].encode(),
        httpcore.URL(scheme=b"http", host=b"toolshed", port=None, target=target),
        headers=headers,
        content=body.parts(),
        extensions={"timeout": {"connect": _CONNECT_SECONDS}},
    )


def _passed_headers(given: Iterable[tuple[bytes, bytes]]) -> _Headers:
    headers = [(name, value) for name, value in given if name not in _NOT_PASSED]
    if not any(name == b"host" for name, _ in headers):
        headers.append((b"host", b""))
    return headers


class _Body:
    """What a client sends, and when it goes."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self._was_read = asyncio.Event()

    async def parts(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        has_more = True
        while has_more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            yield message.get("body", b"")
            has_more = message.get("more_body", False)
        self._was_read.set()

    async def wait_until_gone(self) -> None:
        """Wait until the client is gone, once its body was read."""
        await self._was_read.wait()
        with suppress(ClientDisconnect):
            while (await self.receive())["type"] != "http.disconnect":
                pass
