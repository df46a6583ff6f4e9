"""What endpoints depend on, as annotated aliases."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request

from toolshed.settings import Settings
from toolshed_api.audit.log import AuditLog
from toolshed_api.audit.trail import AuditTrail
from toolshed_api.auth.authority import Authority
from toolshed_api.caller_shed import CallerShed
from toolshed_api.callers import ANYBODY, Caller
from toolshed_api.jobs.runner import JobRunner
from toolshed_api.search_queue import SearchQueue
from toolshed_api.tenant_sheds import TenantSheds
from toolshed_api.writers import Writers


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


# Coroutines, where nothing waits: FastAPI runs plain functions in threads.
CurrentSettings = Annotated[Settings, Depends(_settings)]


async def _caller(request: Request) -> Caller:
    """Who asks: the guard has let him in."""
    caller: Caller = getattr(request.state, "caller", ANYBODY)
    return caller


CurrentCaller = Annotated[Caller, Depends(_caller)]


def trail_of(request: Request) -> AuditTrail:
    """Where it is written down what a request does, for those who get a request and no dependencies."""
    state, request_id = request.app.state, getattr(request.state, "request_id", "")
    return AuditTrail(state.audit, request_id, state.digest_key, state.settings.audit_texts)


async def _trail(request: Request) -> AuditTrail:
    return trail_of(request)


async def _audit(request: Request) -> AuditLog:
    audit: AuditLog = request.app.state.audit
    return audit


CurrentAudit = Annotated[AuditLog, Depends(_audit)]
CurrentTrail = Annotated[AuditTrail, Depends(_trail)]


def queued_shed(request: Request, caller: Caller, trail: AuditTrail) -> CallerShed:
    """As :func:`caller_shed`, for what is no queue itself: searches wait for their turn, or are refused."""
    searches: SearchQueue = request.app.state.searches
    return replace(caller_shed(request, caller, trail), turns=searches)


def caller_shed(request: Request, caller: CurrentCaller, trail: CurrentTrail) -> CallerShed:
    """The knowledge base in the hands of who asks. Blocks where it is opened first."""
    sheds: TenantSheds = request.app.state.sheds
    return CallerShed(sheds.of(caller.tenant), caller, trail)


def _sheds(request: Request) -> TenantSheds:
    sheds: TenantSheds = request.app.state.sheds
    return sheds


CurrentShed = Annotated[CallerShed, Depends(caller_shed)]
CurrentSheds = Annotated[TenantSheds, Depends(_sheds)]


def _writers(request: Request) -> Writers:
    writers: Writers = request.app.state.writers
    return writers


CurrentWriters = Annotated[Writers, Depends(_writers)]


async def _searches(request: Request) -> SearchQueue:
    searches: SearchQueue = request.app.state.searches
    return searches


CurrentSearches = Annotated[SearchQueue, Depends(_searches)]


def _jobs(request: Request) -> JobRunner:
    jobs: JobRunner = request.app.state.jobs
    return jobs


CurrentJobs = Annotated[JobRunner, Depends(_jobs)]


async def _authority(request: Request) -> Authority:
    authority: Authority = request.app.state.authority
    return authority


CurrentAuthority = Annotated[Authority, Depends(_authority)]


async def _is_trusted(request: Request, authority: CurrentAuthority) -> bool:
    """Whether the caller may learn more than that the service is there."""
    return await authority.is_trusted(request.headers)


IsTrusted = Annotated[bool, Depends(_is_trusted)]
