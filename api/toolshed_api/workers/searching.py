"""The app of a process that searches: what it is made of, and what it answers by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from fastapi import FastAPI
from starlette.types import ASGIApp

from toolshed.settings import Settings
from toolshed_api.app import follow, keep_fresh, open_access
from toolshed_api.callers import DEFAULT_TENANT
from toolshed_api.guard import Guard
from toolshed_api.observability.middleware import Observed
from toolshed_api.observability.tracing import flush
from toolshed_api.plain_start import PlainStart
from toolshed_api.problems import install_problem_handlers
from toolshed_api.rest.health import endpoints as health
from toolshed_api.rest.search import endpoints as search
from toolshed_api.search_queue import SearchQueue
from toolshed_api.state import state_location
from toolshed_api.tenant_sheds import TenantSheds
from toolshed_api.workers.crew import Crew
from toolshed_api.workers.passing import PassingOn

# One that computes, and one for what it waits for: a write that it has to read, a booking.
_N_THREADS = 2


def create_search_app(settings: Settings, crew: Crew) -> ASGIApp:
    """Build what one of the processes that search serves."""
    app = FastAPI(lifespan=partial(_running, settings=settings, crew=crew), openapi_url=None, docs_url=None)
    app.state.settings = settings
    install_problem_handlers(app)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Observed)
    app.add_middleware(PlainStart)
    app.include_router(search.router)
    app.include_router(health.alive)
    return PassingOn(app, crew)


@asynccontextmanager
async def _running(app: FastAPI, settings: Settings, crew: Crew) -> AsyncIterator[None]:
    """The process while it runs; what was opened is closed in the opposite order."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.to_thread, flush)
        sheds = app.state.sheds = TenantSheds(settings, sharing=crew.sharing)
        stack.callback(sheds.close)
        opened = await asyncio.to_thread(sheds.of, DEFAULT_TENANT)
        authority = await open_access(app, settings, state_location(settings), stack, crew)
        app.state.searches = SearchQueue(
            settings, n_threads=_N_THREADS, running=crew.running, place=crew.place
        )
        stack.push_async_callback(asyncio.to_thread, app.state.searches.close)
        await asyncio.to_thread(opened.warm_up)
        for going in (follow(authority), keep_fresh(app, settings.refresh_seconds)):
            stack.callback(asyncio.create_task(going).cancel)
        stack.push_async_callback(asyncio.to_thread, crew.sharing.answering(sheds.of).close)
        yield
