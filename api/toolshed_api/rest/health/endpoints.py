"""Whether the service is alive and ready. Both are open, since probes carry no keys."""

import logging

from fastapi import APIRouter

from toolshed.errors import KnowledgeBaseError
from toolshed_api.dependencies import DefaultShed, IsTrusted
from toolshed_api.problems import OverloadedError, problem_responses
from toolshed_api.rest.health.schemas import HealthResponse
from toolshed_api.scopes import OPEN

logger = logging.getLogger(__name__)
router = APIRouter(tags=["health"], dependencies=[OPEN])


@router.get("/healthz", response_model_exclude_none=True)
async def healthz() -> HealthResponse:
    """Alive: the process answers. Open to all."""
    return HealthResponse(status="ok")


@router.get(
    "/readyz",
    response_model_exclude_none=True,
    responses=problem_responses(KnowledgeBaseError, OverloadedError),
)
def readyz(shed: DefaultShed, is_trusted: IsTrusted) -> HealthResponse:
    """Ready: the knowledge base answers. Open to all; how many tools there are is told to who shows a key."""
    try:
        n_tools = shed.knowledge_base.count()
    except KnowledgeBaseError as error:
        if is_trusted:
            raise
        logger.warning("not ready: %s", error)
        raise KnowledgeBaseError("the knowledge base does not answer; the log has the reason") from error
    return HealthResponse(status="ok", n_tools=n_tools if is_trusted else None)
