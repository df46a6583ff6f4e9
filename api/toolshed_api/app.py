"""The REST service: ``create_app(settings)``."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.routing import Route

from toolshed.errors import KnowledgeBaseError, StateError
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed_api.audit.log import AuditLog
from toolshed_api.audit.trail import AuditTrail
from toolshed_api.auth.authority import Authority
from toolshed_api.auth.known import LOOK_SECONDS
from toolshed_api.auth.pepper import derived, find_pepper
from toolshed_api.auth.rates import Rates
from toolshed_api.callers import DEFAULT_TENANT
from toolshed_api.description import guard_responses, install_description
from toolshed_api.guard import Guard
from toolshed_api.jobs.queue import JobQueue
from toolshed_api.jobs.runner import JobRunner
from toolshed_api.jobs.work import JobWork
from toolshed_api.mcp.http import PATH as MCP_PATH
from toolshed_api.mcp.http import McpEndpoint
from toolshed_api.observability.middleware import Observed
from toolshed_api.observability.tracing import flush
from toolshed_api.plain_start import PlainStart
from toolshed_api.problems import install_problem_handlers
from toolshed_api.rest.audit import endpoints as audit
from toolshed_api.rest.backbones import endpoints as backbones
from toolshed_api.rest.calls import endpoints as calls
from toolshed_api.rest.costs import endpoints as costs
from toolshed_api.rest.credentials import endpoints as credentials
from toolshed_api.rest.docs import endpoints as docs
from toolshed_api.rest.documents import endpoints as documents
from toolshed_api.rest.enhancements import endpoints as enhancements
from toolshed_api.rest.grants import endpoints as grants
from toolshed_api.rest.health import endpoints as health
from toolshed_api.rest.jobs import endpoints as jobs
from toolshed_api.rest.keys import endpoints as keys
from toolshed_api.rest.metadata import endpoints as metadata
from toolshed_api.rest.metrics import endpoints as metrics
from toolshed_api.rest.outcomes import endpoints as outcomes
from toolshed_api.rest.passages import endpoints as passages
from toolshed_api.rest.quarantine import endpoints as quarantine
from toolshed_api.rest.registry import endpoints as registry
from toolshed_api.rest.search import endpoints as search
from toolshed_api.rest.sources import endpoints as sources
from toolshed_api.rest.tenants import endpoints as tenants
from toolshed_api.rest.tools import endpoints as tools
from toolshed_api.search_queue import SearchQueue, threads_of_one_process
from toolshed_api.state import open_state, state_location
from toolshed_api.tenant_sheds import TenantSheds
from toolshed_api.workers.crew import Crew
from toolshed_api.writers import Writers

if TYPE_CHECKING:
    from toolshed_api.gateway.part import GatewayPart

logger = logging.getLogger(__name__)

_TIDY_SECONDS = 3600.0

# In this order: what is asked of all tools stands before what is asked of one, whose id may hold anything.
_ROUTERS = (
    search.router,
    calls.router,
    tools.router,
    tools.writing,
    sources.router,
    sources.writing,
    passages.router,
    documents.router,
    documents.writing,
    enhancements.router,
    jobs.router,
    jobs.writing,
    outcomes.router,
    backbones.router,
    costs.router,
    quarantine.router,
    credentials.router,
    registry.router,
    docs.router,
    audit.router,
    keys.router,
    tenants.router,
    grants.router,
    metadata.router,
    health.alive,
    health.router,
    metrics.router,
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a service is made of, before anything is open.

    Attributes:
        settings: How to open the knowledge base, and the limits.
        shed: A knowledge base that is open already; it is left open.
        location: Where the state is.
        mcp: The endpoint of MCP.
        gateway: The gateway, where there is one.
        crew: The processes of the service, where there are several: this is the one that writes.
    """

    settings: Settings
    shed: Toolshed | None
    location: str
    mcp: McpEndpoint
    gateway: "GatewayPart | None"
    crew: Crew | None


@asynccontextmanager
async def _running(app: FastAPI, plan: _Plan) -> AsyncIterator[None]:
    """The service while it runs; what was opened is closed in the opposite order."""
    async with AsyncExitStack() as stack:
        authority, runner = await _open(app, plan, stack)
        if plan.gateway is not None:
            app.state.gateway = plan.gateway.opened()
            stack.push_async_callback(app.state.gateway.close)
        runner.start()
        stack.push_async_callback(asyncio.to_thread, runner.close)
        refreshing = asyncio.create_task(keep_fresh(app, plan.settings.refresh_seconds))
        stack.callback(refreshing.cancel)
        tidying = asyncio.create_task(_keep_tidy(app, plan.settings.audit_days))
        stack.callback(tidying.cancel)
        following = asyncio.create_task(follow(authority))
        stack.callback(following.cancel)
        await stack.enter_async_context(
            plan.mcp.run(plan.settings, app.state.sheds, lambda: authority.directory.version)
        )
        yield


async def _open(app: FastAPI, plan: _Plan, stack: AsyncExitStack) -> tuple[Authority, JobRunner]:
    """Open the knowledge base and the state, and load what searches need."""
    stack.push_async_callback(asyncio.to_thread, flush)
    sharing = None if plan.crew is None else plan.crew.sharing
    sheds = app.state.sheds = TenantSheds(plan.settings, plan.shed, sharing)
    stack.callback(sheds.close)
    opened = await asyncio.to_thread(sheds.of, DEFAULT_TENANT)
    writers = app.state.writers = Writers()
    stack.push_async_callback(asyncio.to_thread, writers.close)
    authority = await open_access(app, plan.settings, plan.location, stack, plan.crew)
    app.state.searches = SearchQueue(plan.settings, n_threads=threads_of_one_process())
    stack.push_async_callback(asyncio.to_thread, app.state.searches.close)
    work = JobWork(sheds, writers, plan.settings, partial(AuditTrail, app.state.audit))
    runner = app.state.jobs = JobRunner(JobQueue(app.state.database), work)
    # Loading the encoder and the matrices belongs to the start, not to the first request.
    await asyncio.to_thread(opened.warm_up)
    if sharing is not None:
        stack.push_async_callback(asyncio.to_thread, sharing.answering(sheds.of).close)
    return authority, runner


async def open_access(
    app: FastAPI, settings: Settings, location: str, stack: AsyncExitStack, crew: Crew | None = None
) -> Authority:
    """Open the state, for who may do what, how often, and what is written down of it."""
    database = app.state.database = await asyncio.to_thread(open_state, location)
    stack.callback(database.close)
    pepper = await asyncio.to_thread(find_pepper, settings, location)
    app.state.digest_key = derived(pepper, "audit") if pepper else None
    changes = None if crew is None else crew.changes
    authority = await asyncio.to_thread(Authority, settings, database, pepper, changes)
    app.state.authority = authority
    file = None if crew is None else crew.rates_file
    app.state.rates = Rates(settings.requests_per_minute, database, file=file)
    await asyncio.to_thread(authority.directory.look)
    stack.callback(authority.use.write)
    app.state.audit = AuditLog(database)
    stack.callback(app.state.audit.close)
    return authority


def create_app(settings: Settings, *, shed: Toolshed | None = None, crew: Crew | None = None) -> FastAPI:
    """Build the service.

    Args:
        settings: How to open the knowledge base, and the limits.
        shed: An open knowledge base to serve instead; it is left open at the end. The service's state is
            kept in memory then, unless the settings say where.
        crew: The processes of the service, where there are several: this is the one that writes.
    """
    location = state_location(settings) if shed is None else settings.state or "memory:"
    gateway = None if settings.gateway is None else _gateway_of(settings.gateway)
    plan = _Plan(settings, shed, location, McpEndpoint(), gateway, crew)
    app = FastAPI(
        title="Toolshed",
        summary="Finds the few tools an agent needs.",
        version="1",
        lifespan=partial(_running, plan=plan),
        # A redirect would go to whatever host the client named.
        redirect_slashes=False,
        # Its pages load scripts from elsewhere; ours does not.
        docs_url=None,
        redoc_url=None,
        responses=guard_responses(),
    )
    app.state.settings = settings
    install_problem_handlers(app)
    install_description(app, settings)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Observed)
    app.add_middleware(PlainStart)
    app.router.routes.append(Route(MCP_PATH, endpoint=plan.mcp))
    # Routes are tried in their order: a conversation waits for none of the others.
    for router in (*([gateway.router] if gateway is not None else []), *_ROUTERS):
        app.include_router(router)
    return app


def _gateway_of(path: Path) -> "GatewayPart":
    """The gateway; what it needs is imported where there is one."""
    from toolshed_api.gateway.part import GatewayPart

    return GatewayPart.of(path)


async def keep_fresh(app: FastAPI, seconds: float) -> None:
    """Follow what other processes write to a shared Qdrant server."""
    sheds: TenantSheds = app.state.sheds
    while sheds.of(DEFAULT_TENANT).knowledge_base.is_shared:
        await asyncio.sleep(seconds)
        for shed in sheds.opened():
            try:
                if await asyncio.to_thread(shed.refresh):
                    logger.info("the tools have changed; %d are searched now", shed.knowledge_base.count())
            except KnowledgeBaseError as error:
                logger.warning("the tools could not be refreshed, the last ones are kept: %s", error)


async def _keep_tidy(app: FastAPI, audit_days: int) -> None:
    """Forget what is kept for long enough."""
    log: AuditLog = app.state.audit
    while True:
        try:
            await asyncio.to_thread(log.prune, keep_days=audit_days)
        except StateError as error:
            logger.warning("the audit log could not be shortened: %s", error)
        await asyncio.sleep(_TIDY_SECONDS)


async def follow(authority: Authority) -> None:
    """See what other processes change of who may do what, and write down when keys were used."""
    while True:
        try:
            await asyncio.to_thread(authority.directory.look)
            await asyncio.to_thread(authority.use.write)
        except StateError as error:
            logger.warning("who may do what could not be read: %s", error)
        await asyncio.sleep(LOOK_SECONDS)
