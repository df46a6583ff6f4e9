"""Serving MCP over standard input and output: one host, one knowledge base."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence

from toolshed.errors import KnowledgeBaseError
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed_api.audit.local import local_caller, local_trail
from toolshed_api.audit.trail import AuditTrail
from toolshed_api.caller_shed import CallerShed
from toolshed_api.mcp.secret import signing_secret
from toolshed_api.mcp.server import Backing, Context, ToolshedServer

logger = logging.getLogger(__name__)


async def serve_stdio(shed: Toolshed, settings: Settings, pinned: Sequence[str] = ()) -> None:
    """Answer a host until it closes our input.

    Raises:
        StateError: If there is an audit log, and it cannot be opened.
    """
    with local_trail(settings) as trail_of:
        await _serve(shed, settings, pinned, trail_of)


async def _serve(
    shed: Toolshed, settings: Settings, pinned: Sequence[str], trail_of: Callable[[str], AuditTrail]
) -> None:
    from mcp.server.stdio import stdio_server

    # Hosts number their requests from the beginning each time.
    caller, session = local_caller(), secrets.token_hex(4)

    def shed_of(context: Context) -> CallerShed:
        return CallerShed(shed, caller, trail_of(f"mcp-{session}-{context.request_id}"))

    server = ToolshedServer(Backing(shed_of, signing_secret(settings), pinned, settings.allow_commands))
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
