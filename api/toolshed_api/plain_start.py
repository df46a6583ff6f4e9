"""What a service says that cannot start."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from toolshed.errors import ToolshedError


class PlainStart:
    """ASGI middleware: where the reason is a known one, it is said in its sentence, without a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start and stop the app, or answer one request."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        failed: list[Message] = []

        async def told(message: Message) -> None:
            # Only the error that comes after it tells what kind it is.
            if message["type"] == "lifespan.startup.failed":
                failed.append(message)
            else:
                await send(message)

        try:
            await self._app(scope, receive, told)
        except ToolshedError as error:
            failed = [{**message, "message": str(error)} for message in failed]
            raise
        finally:
            for message in failed:
                await send(message)
