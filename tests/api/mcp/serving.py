"""Our MCP server as hosts meet it: over HTTP and stdio, in both eras of the protocol."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult, TextContent

from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).parents[3]
TALKING = ROOT / "tests" / "servers" / "talking.py"
OLDER = ROOT / "tests" / "servers" / "older.py"
ERAS = {"auto": "2026-07-28", "legacy": "2025-11-25"}


def talking(journal: Path) -> str:
    """The location of a server whose tools talk back."""
    return f"mcp+stdio:{sys.executable} {TALKING} {journal}"


@asynccontextmanager
async def host(server: str | StdioServerParameters, era: str, **options: Any) -> AsyncIterator[Client]:
    """A host that has connected, with the official SDK."""
    async with Client(server, mode=era, **options) as client:  # type: ignore[arg-type]  # one of ERAS
        assert client.protocol_version == ERAS[era]
        yield client


@asynccontextmanager
async def told_of_changes(server: str, era: str) -> AsyncIterator[tuple[Client, asyncio.Event]]:
    """A host that listens; the event is set whenever it is told that the list of tools has changed."""
    told = asyncio.Event()

    async def note(message: Any) -> None:
        if "ToolListChanged" in type(getattr(message, "root", message)).__name__:
            told.set()

    async def follow(events: Any) -> None:
        async for _ in events:
            told.set()

    async with host(server, era, message_handler=note) as client, AsyncExitStack() as stack:
        if era == "auto":
            events = await stack.enter_async_context(client.listen(tools_list_changed=True))
            stack.callback(asyncio.ensure_future(follow(events)).cancel)
        yield client, told


async def list_that_names(word: str, client: Client, told: asyncio.Event) -> None:
    """Read the list whenever there is said to be another, until it names a word."""
    listed = ""
    while word not in listed:
        await asyncio.wait_for(told.wait(), PATIENCE_SECONDS)
        told.clear()
        listed = (await client.list_tools()).model_dump_json()


def stdio(folder: Path, *options: str) -> StdioServerParameters:
    """How a host starts ``toolshed mcp``."""
    names = ("PATH", "PYTHONPATH", "HOME", "OMP_NUM_THREADS")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "toolshed", "mcp", "--kb", str(folder), "--pipeline", "instant", *options],
        env=environment,
    )


def text(result: CallToolResult) -> str:
    """The text of an answer."""
    block = result.content[0]
    assert isinstance(block, TextContent)
    return block.text
