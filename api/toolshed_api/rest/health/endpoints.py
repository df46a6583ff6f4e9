"""Whether the service is alive and ready. Both are open, since probes carry no keys."""

import logging

from fastapi import APIRouter

from toolshed.errors import KnowledgeBaseError
from toolshed_api.callers import DEFAULT_TENANT
from toolshed_api.dependencies import CurrentSettings, CurrentSheds, IsTrusted
from toolshed_api.problems import EmptyKnowledgeBaseError, OverloadedError, problem_responses
from toolshed_api.rest.health.schemas import HealthResponse
from toolshed_api.scopes import OPEN

logger = logging.getLogger(__name__)
router = APIRouter(tags=["health"], dependencies=[OPEN])
# Apart, since processes that only search answer it too.
alive = APIRouter(tags=["health"], dependencies=[OPEN])


@alive.get("/healthz", response_model_exclude_none=True)
async def healthz() -> HealthResponse:
    """Alive: the process answers. Open to all."""
    return HealthResponse(status="ok")


@router.get(
    "/readyz",
    response_model_exclude_none=True,
    responses=problem_responses(KnowledgeBaseError, EmptyKnowledgeBaseError, OverloadedError),
)
def readyz(sheds: CurrentSheds, settings: CurrentSettings, is_trusted: IsTrusted) -> HealthResponse:
    """Ready: the knowledge base answers and has tools. Open to all; how many is told to who shows a key."""
    try:
        sheds.of(DEFAULT_TENANT)
        n_tools = sum(shed.knowledge_base.count() for shed in sheds.opened())
    except KnowledgeBaseError as error:
        if is_trusted:
            raise
        logger.warning("not ready: %s", error)
        raise KnowledgeBaseError("the knowledge base does not answer; the log has the reason") from error
    if not n_tools and not settings.ready_when_empty:
        raise EmptyKnowledgeBaseError(
            "no tools are indexed, so agents would find none; index some (POST /v1/tools, toolshed index), "
            "or set TOOLSHED_READY_WHEN_EMPTY=true"
        )
    return HealthResponse(status="ok", n_tools=n_tools if is_trusted else None)
