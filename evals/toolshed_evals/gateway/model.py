"""A model on loopback that streams chat completions at a set pace, each event stamped with its time."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from toolshed.errors import missing_extra

MODEL = "gpt-4o-mini"
PATH = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class Pace:
    """How a scripted model speaks.

    Attributes:
        n_events: Events with a word in each stream.
        event_seconds: Between two of them.
    """

    n_events: int = 32
    event_seconds: float = 0.02

    @property
    def seconds(self) -> float:
        """How long a stream takes at least."""
        return self.n_events * self.event_seconds


@asynccontextmanager
async def scripted_model(pace: Pace) -> AsyncIterator[str]:
    """Serves while this lasts; yields its base URL."""
    try:
        import uvicorn
    except ModuleNotFoundError as error:
        raise missing_extra("uvicorn", "api") from error

    # Any: what ASGI passes.
    async def app(_: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for event in _events(pace):
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    config = uvicorn.Config(app, port=0, log_level="error", lifespan="off", timeout_keep_alive=600)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        await serving


async def _events(pace: Pace) -> AsyncIterator[bytes]:
    for _ in range(pace.n_events):
        # The clock is the machine's: other processes read the same.
        yield _chunk({"content": f"{time.monotonic_ns()} "})
        await asyncio.sleep(pace.event_seconds)
    yield _chunk({}, finish="stop")
    usage = {"prompt_tokens": 900, "completion_tokens": pace.n_events, "total_tokens": 900 + pace.n_events}
    yield _event({"choices": [], "usage": usage})


def _chunk(delta: dict[str, Any], *, finish: str | None = None) -> bytes:
    return _event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def _event(said: dict[str, Any]) -> bytes:
    head = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": MODEL}
    return f"data: {json.dumps({**head, **said})}\n\n".encode()
