"""The REST service: ``create_app(settings)``."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response

from toolshed.errors import KnowledgeBaseError
from toolshed.settings import Settings
from toolshed.shed.opening import options_from
from toolshed.shed.shed import Toolshed
from toolshed_api.problems import install_problem_handlers
from toolshed_api.rest.health import endpoints as health
from toolshed_api.rest.passages import endpoints as passages
from toolshed_api.rest.tools import endpoints as tools

logger = logging.getLogger(__name__)


def create_app(settings: Settings, *, shed: Toolshed | None = None) -> FastAPI:
    """Build the service.

    Args:
        settings: How to open the knowledge base, and the limits.
        shed: An open knowledge base to serve instead; it is left open at the end.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = await asyncio.to_thread(_open, settings) if shed is None else shed
        app.state.shed = opened
        # Loading the encoder and the matrices belongs to the start, not to the first request.
        await asyncio.to_thread(opened.warm_up)
        refreshing = asyncio.create_task(_keep_fresh(opened, settings.refresh_seconds))
        yield
        refreshing.cancel()
        if shed is None:
            opened.close()

    app = FastAPI(
        title="Toolshed",
        summary="Finds the few tools an agent needs.",
        version="1",
        lifespan=lifespan,
    )
    app.state.settings = settings
    install_problem_handlers(app)
    app.middleware("http")(_request_id)
    app.include_router(tools.router)
    app.include_router(passages.router)
    app.include_router(health.router)
    return app


def _open(settings: Settings) -> Toolshed:
    return Toolshed(settings.kb, **options_from(settings))


async def _keep_fresh(shed: Toolshed, seconds: float) -> None:
    """Follow what other processes write to a shared Qdrant server."""
    while shed.knowledge_base.is_shared:
        await asyncio.sleep(seconds)
        try:
            if await asyncio.to_thread(shed.refresh):
                logger.info("the tools have changed; %d are searched now", shed.knowledge_base.count())
        except KnowledgeBaseError as error:
            logger.warning("the tools could not be refreshed, the last ones are kept: %s", error)


async def _request_id(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Echo the caller's request id, or give one, for logs and problem details."""
    given = request.headers.get("x-request-id", "")
    request.state.request_id = given if given.isascii() and 0 < len(given) <= 128 else uuid.uuid4().hex
    response = await call_next(request)
    response.headers["x-request-id"] = request.state.request_id
    return response
