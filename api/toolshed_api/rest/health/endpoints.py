"""Whether the service is alive and ready."""

from fastapi import APIRouter

from toolshed.errors import KnowledgeBaseError
from toolshed_api.dependencies import CurrentShed
from toolshed_api.problems import problem_responses
from toolshed_api.rest.health.schemas import HealthResponse

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model_exclude_none=True)
async def healthz() -> HealthResponse:
    """Alive: the process answers."""
    return HealthResponse(status="ok")


@router.get("/readyz", responses=problem_responses(KnowledgeBaseError))
def readyz(shed: CurrentShed) -> HealthResponse:
    """Ready: the knowledge base answers."""
    return HealthResponse(status="ok", n_tools=shed.knowledge_base.count())
