"""Our MCP server as hosts meet it: over HTTP and stdio, in both eras of the protocol."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult, TextContent

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
