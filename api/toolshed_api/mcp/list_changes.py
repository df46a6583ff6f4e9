"""Telling clients that the list of tools has changed: who listens, and sessions of the older protocol."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ToolsListChanged
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from toolshed.shed.shed import Toolshed

logger = logging.getLogger(__name__)

# Looking at a number is cheap; a host that is told a second late has lost nothing.
LOOK_SECONDS = 1.0
_TELL_SECONDS = 5.0
_MAX_SESSIONS = 1_000


class ListChanges:
    """Remembers who asked for the list of tools, and tells them when there is another.

    Attributes:
        bus: What clients of the protocol of 2026 listen to.
    """

    def __init__(self) -> None:
        self.bus = InMemorySubscriptionBus()
        self._sessions: OrderedDict[str, ServerSession] = OrderedDict()

    def remember(self, context: ServerRequestContext[Any, Any]) -> None:
        """Note that a session has read the list; those of the newer protocol listen by themselves."""
        if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return
        headers = getattr(context.request, "headers", {})
        key = headers.get("mcp-session-id", "")
        self._sessions[key] = context.session
        self._sessions.move_to_end(key)
        if len(self._sessions) > _MAX_SESSIONS:
            self._sessions.popitem(last=False)

    async def watch(
        self, sheds: Callable[[], Sequence[Toolshed]], rights: Callable[[], object] = lambda: None
    ) -> None:
        """Look for changes, until cancelled.

        Args:
            sheds: The knowledge bases that are open; what other processes change of them is seen here when
                they are refreshed.
            rights: What is another when it has changed who may find what.
        """
        seen = _versions(sheds(), rights)
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            found = _versions(sheds(), rights)
            if found != seen:
                # One that was opened since changes no list that anybody has read.
                is_change = any(found.get(key) != version for key, version in seen.items())
                seen = found
                if is_change:
                    await self.tell()

    async def tell(self) -> None:
        """Tell everybody now."""
        await self.bus.publish(ToolsListChanged())
        for key, session in list(self._sessions.items()):
            try:
                async with asyncio.timeout(_TELL_SECONDS):
                    await session.send_tool_list_changed()
            # Broad: whatever a transport raises, that client is gone, and the others shall hear.
            except Exception as error:
                logger.debug("a session is not told that the tools changed: %s", type(error).__name__)
                self._sessions.pop(key, None)


def _versions(sheds: Sequence[Toolshed], rights: Callable[[], object]) -> dict[int, object]:
    return {0: rights(), **{id(shed): shed.tools.version for shed in sheds}}
