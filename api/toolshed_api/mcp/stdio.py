"""Serving MCP over standard input and output: one host, one knowledge base."""

import asyncio
import logging
from collections.abc import Sequence

from toolshed.errors import KnowledgeBaseError
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed_api.caller_shed import CallerShed
from toolshed_api.callers import ANYBODY
from toolshed_api.mcp.secret import signing_secret
from toolshed_api.mcp.server import Backing, ToolshedServer

logger = logging.getLogger(__name__)


async def serve_stdio(shed: Toolshed, settings: Settings, pinned: Sequence[str] = ()) -> None:
    """Answer a host until it closes our input."""
    from mcp.server.stdio import stdio_server

    mine = CallerShed(shed, ANYBODY)
    server = ToolshedServer(
        Backing(lambda _: mine, signing_secret(settings), pinned, settings.allow_commands)
    )
    # The first search should not wait for the encoder, nor the handshake.
    warming = asyncio.create_task(asyncio.to_thread(shed.warm_up))
    watching = [
        asyncio.create_task(server.changes.watch(lambda: [shed])),
        asyncio.create_task(_refresh(shed, settings.refresh_seconds)),
    ]
    try:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(warming, *watching, return_exceptions=True)


async def _refresh(shed: Toolshed, seconds: float) -> None:
    """Follow what other processes write to a shared Qdrant server."""
    while shed.knowledge_base.is_shared:
        await asyncio.sleep(seconds)
        try:
            await asyncio.to_thread(shed.refresh)
        except KnowledgeBaseError as error:
            logger.warning("the tools could not be refreshed, the last ones are kept: %s", error)
