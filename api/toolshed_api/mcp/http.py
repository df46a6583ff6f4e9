"""Serving MCP over streamable HTTP, inside the service: both eras of the protocol at one address."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from toolshed.errors import ConfigurationError, ToolshedError
from toolshed.settings import Settings
from toolshed_api.caller_shed import CallerShed
from toolshed_api.callers import ANYBODY, Caller
from toolshed_api.dependencies import queued_shed, trail_of
from toolshed_api.mcp.sdk import check_sdk
from toolshed_api.problems import problem_response
from toolshed_api.tenant_sheds import TenantSheds

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH = "/mcp"
# Sessions of the older protocol, each with a task of its own.
MAX_SESSIONS = 1_000


class McpNotInstalledError(ToolshedError):
    """The service was installed without the SDK that it speaks MCP with."""

    code = "mcp_not_installed"
    http_status = 501


class McpEndpoint:
    """The address at which MCP is spoken; an ASGI app, behind the guard."""

    def __init__(self) -> None:
        self._manager: StreamableHTTPSessionManager | None = None
        self._missing = ""

    @asynccontextmanager
    async def run(
        self, settings: Settings, sheds: TenantSheds, rights: Callable[[], object]
    ) -> AsyncIterator[None]:
        """Answer as long as this lasts; without the SDK, say so to whoever asks.

        Args:
            settings: Of the service.
            sheds: The knowledge bases of the tenants.
            rights: What is another when it has changed who may find what: then lists have changed too.
        """
        try:
            check_sdk()
        except ConfigurationError as error:
            self._missing = str(error)
            yield
            return
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        from toolshed_api.bodies import most_bytes
        from toolshed_api.mcp.secret import signing_secret
        from toolshed_api.mcp.server import Backing, ToolshedServer

        def shed_of(context: Any) -> CallerShed:
            caller = caller_of(context.request)
            return queued_shed(context.request, caller, trail_of(context.request))

        backing = Backing(shed_of, signing_secret(settings), settings.mcp_pinned, settings.allow_commands)
        server = ToolshedServer(backing)
        self._manager = StreamableHTTPSessionManager(
            server, max_request_body_size=most_bytes(settings), max_sessions=MAX_SESSIONS
        )
        watching = asyncio.create_task(server.changes.watch(sheds.opened, rights))
        try:
            async with self._manager.run():
                yield
        finally:
            watching.cancel()
            self._manager = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._manager is None:
            await problem_response(Request(scope), McpNotInstalledError(self._missing))(scope, receive, send)
            return
        await self._manager.handle_request({**scope, **_owner(scope)}, receive, send)


def caller_of(request: Any) -> Caller:
    """Who sent a message. Any: what the SDK's transport attached, nothing over other transports."""
    caller: Caller = getattr(getattr(request, "state", None), "caller", ANYBODY)
    return caller


def _owner(scope: Scope) -> dict[str, Any]:
    """Who a session of the older protocol belongs to, in the SDK's words: nobody else may use it."""
    from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
    from mcp.server.auth.provider import AccessToken

    caller = caller_of(Request(scope))
    if caller == ANYBODY:
        return {}
    token = AccessToken(token="-", client_id=f"{caller.tenant}\0{caller.name}", scopes=sorted(caller.scopes))  # noqa: S106  # no token
    return {"user": AuthenticatedUser(token)}
