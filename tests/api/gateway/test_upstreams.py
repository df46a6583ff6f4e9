"""Asking upstreams: what a reply leaves behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from toolshed_api.gateway import upstreams as upstreams_module
from toolshed_api.gateway.configuration import LimitSettings, Route, UpstreamSettings
from toolshed_api.gateway.upstreams import Upstreams


@asynccontextmanager
async def _provider(connections: list[int]) -> AsyncIterator[str]:
    """Streams a chat completion whose end follows its last event; counts connections."""

    answering: list[asyncio.Task[None] | None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        answering.append(asyncio.current_task())
        while await reader.readline():
            length = 0
            while line := (await reader.readline()).strip():
                name, _, value = line.decode().partition(":")
                length = int(value) if name.lower() == "content-length" else length
            await reader.readexactly(length)
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            )
            writer.write(b"e\r\ndata: [DONE]\n\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        await asyncio.gather(*(one for one in answering if one is not None))


async def test_a_connection_is_used_again_after_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstreams_module, "_FINISH_SECONDS", 60)
    connections: list[int] = []
    async with _provider(connections) as url:
        route = Route(UpstreamSettings(base_url=url, dialects=["chat"], models=["m"]), "m")
        upstreams = Upstreams(LimitSettings())
        for _ in range(3):
            async with upstreams.stream(route, "chat", {}, None) as events:
                async for event in events:
                    assert event.data == "[DONE]"
                    break
                await events.finish()
        await upstreams.close()
    assert len(connections) == 1
