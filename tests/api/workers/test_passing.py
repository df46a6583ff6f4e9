"""What a process that searches passes on, and says where nobody answers."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from toolshed_api.workers.crew import Crew
from toolshed_api.workers.passing import PassingOn

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs Unix sockets")
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.fixture
def crew() -> Iterator[Crew]:
    # Addresses of sockets have to be short.
    with tempfile.TemporaryDirectory() as folder:
        yield Crew(Path(folder), "search-0", 1)


async def exchanged(crew: Crew, answer: bytes | None) -> tuple[httpx.Response, bytes]:
    """What a client gets, and what the process that writes got, which gives an answer or dies."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer or b"")
        writer.close()

    server = await asyncio.start_unix_server(serve, crew.address) if answer is not None else None
    transport = httpx.ASGITransport(PassingOn(FastAPI(), crew))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        spoofed = {"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https", "x-request-id": "mine"}
        response = await client.post("/v1/tools/a:b/call", headers=spoofed)
    if server is not None:
        server.close()
    return response, b"".join(got)


def test_nobody_can_say_that_he_came_from_elsewhere(crew: Crew) -> None:
    response, got = asyncio.run(exchanged(crew, ANSWER))
    assert response.text == "ok"
    assert b"192.0.2.7" not in got
    assert got.count(b"x-forwarded-proto: http\r\n") == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(None, "is being started again; try again", id="not-there"),
        pytest.param(b"", "may have been done; look before you send it again", id="gone-before-it-answered"),
    ],
)
def test_who_asks_is_told_whether_it_may_have_been_done(crew: Crew, answer: bytes | None, said: str) -> None:
    response, _ = asyncio.run(exchanged(crew, answer))
    assert response.status_code == 503
    assert said in response.json()["detail"]
    assert response.json()["request_id"] == response.headers["x-request-id"] == "mine"
