"""What stands before the endpoints: who is let in, how much they may send, how long they may take."""

import asyncio
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fastapi import Request, Response
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from toolshed.errors import StateError, ToolshedError
from toolshed.settings import Settings
from toolshed_api.access import check_origin, is_open_path
from toolshed_api.auth.authority import Authority
from toolshed_api.bodies import (
    BODY_SECONDS,
    UPLOAD_SECONDS,
    body_parts,
    is_upload,
    most_bytes,
    read_body,
)
from toolshed_api.problems import OverloadedError, problem_response
from toolshed_api.streams import CONVERSATIONS, MAX_STREAMS, STREAM_SECONDS, is_streamed

logger = logging.getLogger(__name__)

# Searches take milliseconds; proxies give up after a minute.
ANSWER_SECONDS = 30.0
# Many times the forty threads that answer, so that a burst waits rather than fails.
MAX_RUNNING = 256
# Uploads, and conversations, beyond the ordinary that are held at once: what they may take of the memory.
MAX_LARGE = 8
ORDINARY_CONVERSATION = 2**20
# Who is refused while still sending would miss the answer if the connection were cut at once.
LINGER_SECONDS = 1.0


class Guard:
    """ASGI middleware that checks the headers, then reads the body, and only then asks the app.

    Nothing is kept of what the uninvited send. A request whose answer is late is told so and left to end by
    itself, since threads cannot be stopped; until then it counts as running, so that a service that is
    stuck says so at once.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings
        self._n_large = {"uploads": 0, "conversations": 0}
        self._running: set[asyncio.Future[None]] = set()
        self._streams: set[asyncio.Future[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        request.state.request_id = request_id_of(request)
        try:
            await self._let_in(request)
            with self._room_for(request):
                body = await self._body(request, receive)
                await self._answer(request, _Exchange(request.state.request_id, body, receive, send))
        except ToolshedError as error:
            await self._refuse(problem_response(request, error), receive, send)
        except ClientDisconnect:
            logger.debug("request %s was not sent to its end", request.state.request_id)

    async def _body(self, request: Request, receive: Receive) -> bytes:
        method, path = request.method, request.scope["path"]
        return await read_body(
            request.headers,
            receive,
            most=most_bytes(self._settings, method, path),
            seconds=UPLOAD_SECONDS if is_upload(method, path) else BODY_SECONDS,
        )

    @contextmanager
    def _room_for(self, request: Request) -> Iterator[None]:
        """Hold a place for a body that is, or may become, larger than the ordinary."""
        declared, path = request.headers.get("content-length", ""), request.scope["path"]
        kind = "uploads" if is_upload(request.method, path) else "conversations"
        ordinary = most_bytes(self._settings) if kind == "uploads" else ORDINARY_CONVERSATION
        is_small = declared.isdigit() and len(declared) <= 12 and int(declared) <= ordinary
        is_large = not is_small and (kind == "uploads" or path in CONVERSATIONS)
        if is_large and self._n_large[kind] >= MAX_LARGE:
            raise OverloadedError(f"the service is busy with other large {kind}; try again in a moment")
        self._n_large[kind] += is_large
        try:
            yield
        finally:
            self._n_large[kind] -= is_large

    async def _let_in(self, request: Request) -> None:
        """Look at the headers, and note who asks."""
        authority: Authority = request.app.state.authority
        check_origin(request.headers, self._settings, is_open=authority.is_open)
        if is_open_path(request.scope["path"]):
            return
        try:
            caller = request.state.caller = await authority.admitted(request.headers)
            await request.app.state.rates.check(caller)
        except StateError as error:
            # What a database says of itself is nothing for strangers.
            logger.error("request %s could not be looked at: %s", request.state.request_id, error)
            raise StateError("the state does not answer; the log has the reason") from None
        if request.method == "POST" and request.scope["path"] in CONVERSATIONS:
            # Conversations are long: of who may hold none, nothing is read.
            caller.require("chat")

    async def _answer(self, request: Request, exchange: "_Exchange") -> None:
        # Alive is who answers; a supervisor must not end a process for being busy.
        path = request.scope["path"]
        running_like_it, most = (
            (self._streams, MAX_STREAMS) if is_streamed(path) else (self._running, MAX_RUNNING)
        )
        if len(running_like_it) >= most and path != "/healthz":
            busy = OverloadedError("the service is busy with other requests; try again in a moment")
            await problem_response(request, busy)(request.scope, exchange.receive, exchange.send)
            return
        # HEAD is answered as GET; the server leaves the content out.
        method = "GET" if request.method == "HEAD" else request.method
        running = asyncio.ensure_future(
            self._app({**request.scope, "method": method}, exchange.receive, exchange.send)
        )
        running_like_it.add(running)
        running.add_done_callback(running_like_it.discard)
        seconds = STREAM_SECONDS if is_streamed(path) else ANSWER_SECONDS
        try:
            await asyncio.wait({running}, timeout=seconds)
        except asyncio.CancelledError:
            running.cancel()
            raise
        if running.done():
            running.result()
        else:
            running.add_done_callback(_report_late)
            late = OverloadedError(f"the answer took longer than {seconds:g} seconds; ask for less")
            await exchange.end(problem_response(request, late), request.scope)

    async def _refuse(self, response: Response, receive: Receive, send: Send) -> None:
        """Answer, and throw away what the client still sends, for a while and no more than an upload.

        The system cuts a connection that is closed with something unread, and the answer is lost with it.
        """
        response.headers["connection"] = "close"
        await send(
            {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
        )
        await send({"type": "http.response.body", "body": response.body, "more_body": True})
        with suppress(TimeoutError, ToolshedError, ClientDisconnect):
            async with asyncio.timeout(LINGER_SECONDS):
                async for _ in body_parts(receive, most=self._settings.max_upload_bytes):
                    pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class _Exchange:
    """A body that was read, and an answer that may come too late.

    Attributes:
        receive: Gives the body, then what comes after it.
        send: Sends the answer, unless another has been given.
    """

    def __init__(self, request_id: str, body: bytes, receive: Receive, send: Send) -> None:
        self._request_id, self._receive, self._send = request_id, receive, send
        self._body: bytes | None = body
        self._has_started = self._has_ended = False

    async def receive(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if self._has_ended:
            return
        if message["type"] == "http.response.start":
            self._has_started = True
            MutableHeaders(scope=message).setdefault("x-request-id", self._request_id)
        await self._send(message)

    async def end(self, response: Response, scope: Scope) -> None:
        """Answer in the app's stead; what it sends from now on is dropped, and half an answer is cut off."""
        self._has_ended = True
        if not self._has_started:
            await response(scope, self._receive, self._send)


def _report_late(task: asyncio.Future[None]) -> None:
    error = None if task.cancelled() else task.exception()
    logger.warning("a request that was answered as late has ended", exc_info=error)


def request_id_of(request: Request) -> str:
    """The caller's id, or one of ours, for logs and problem details."""
    given = request.headers.get("x-request-id", "")
    return given if given.isascii() and 0 < len(given) <= 128 else uuid.uuid4().hex
