"""The endpoints of the gateway: chat completions, responses, messages, and which models there are."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from toolshed_api.audit.trail import AuditTrail
from toolshed_api.callers import Caller
from toolshed_api.dependencies import CurrentCaller, CurrentTrail, queued_shed
from toolshed_api.gateway.asked import read_request
from toolshed_api.gateway.description import described
from toolshed_api.gateway.errors import DialectName
from toolshed_api.gateway.exchange import Exchange, Gateway
from toolshed_api.gateway.headers import headers_of
from toolshed_api.gateway.streaming import Streamed, begin_stream
from toolshed_api.scopes import needs

router = APIRouter(prefix="/v1", tags=["gateway"], dependencies=[needs("chat")])


async def _gateway(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


CurrentGateway = Annotated[Gateway, Depends(_gateway)]


@dataclass(frozen=True, slots=True)
class _Asking:
    """A request to the gateway, and who makes it; a thread finds out the rest."""

    request: Request
    caller: Caller
    trail: AuditTrail
    gateway: Gateway


# A coroutine, as the rest of what an endpoint here depends on: none of it waits for a thread.
async def _asking(
    request: Request, caller: CurrentCaller, trail: CurrentTrail, gateway: CurrentGateway
) -> _Asking:
    return _Asking(request, caller, trail, gateway)


CurrentAsking = Annotated[_Asking, Depends(_asking)]


@router.post("/chat/completions", **described("chat"))
async def complete_chat(asking: CurrentAsking) -> Response:
    """Answer a conversation as OpenAI's chat completions do."""
    return await _answer("chat", asking)


@router.post("/responses", **described("responses"))
async def respond(asking: CurrentAsking) -> Response:
    """Answer a conversation as OpenAI's responses do."""
    return await _answer("responses", asking)


@router.post("/messages", **described("messages"))
async def create_message(asking: CurrentAsking) -> Response:
    """Answer a conversation as Anthropic's messages do."""
    return await _answer("messages", asking)


@router.get("/models")
def list_models(gateway: CurrentGateway) -> dict[str, Any]:
    """The models and groups that may be asked for."""
    # Any: JSON as OpenAI lists models.
    names: Sequence[str] = gateway.configuration.names()
    listed = [{"id": name, "object": "model", "created": 0, "owned_by": "toolshed"} for name in names]
    return {"object": "list", "data": listed}


async def _answer(name: DialectName, asking: _Asking) -> Response:
    request, gateway = asking.request, asking.gateway
    content = await request.body()
    request_id = str(request.state.request_id)

    def prepared() -> Exchange:
        asked = read_request(name, content, request.headers, request_id)
        exchange = Exchange(gateway, queued_shed(request, asking.caller, asking.trail), asked)
        exchange.prepare()
        return exchange

    exchange = await _kept(asyncio.ensure_future(gateway.in_thread(prepared)))
    exchange.keep()
    if exchange.asked.is_stream:
        streamed = begin_stream(exchange)
        try:
            await asyncio.shield(streamed.begun)
        except asyncio.CancelledError:
            streamed.leave()
            raise
        return _StreamResponse(streamed, headers_of(exchange, is_whole=False))
    reply = await exchange.reply()
    # Escaped: what a model said may hold half of a surrogate pair.
    told = json.dumps(reply, separators=(",", ":"))
    return Response(told, headers=headers_of(exchange, is_whole=True), media_type="application/json")


async def _kept(preparing: "asyncio.Future[Exchange]") -> Exchange:
    """Wait for a request to be prepared; what it has reserved is given back if nobody waits any more."""
    try:
        return await asyncio.shield(preparing)
    except asyncio.CancelledError:
        preparing.add_done_callback(_give_back)
        raise


def _give_back(prepared: "asyncio.Future[Exchange]") -> None:
    if prepared.cancelled() or prepared.exception() is not None:
        return
    attempts = prepared.result().attempts

    def release() -> None:
        with attempts.told():
            attempts.release()

    # Not in the gateway's own threads, which take no work once it closes.
    prepared.get_loop().run_in_executor(None, release)


class _StreamResponse(StreamingResponse):
    """A stream that tells its source when nobody listens any more."""

    def __init__(self, streamed: Streamed, headers: dict[str, str]) -> None:
        given = {**headers, "cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(streamed.parts(), headers=given, media_type="text/event-stream")
        self._streamed = streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streamed.leave()
