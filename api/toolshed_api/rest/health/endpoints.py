"""Whether the service is alive and ready."""

from fastapi import APIRouter

from toolshed.schemas import HealthResponse, Problem
from toolshed_api.dependencies import CurrentShed

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model_exclude_none=True)
async def healthz() -> HealthResponse:
    """Alive: the process answers."""
    return HealthResponse(status="ok")


@router.get("/readyz", responses={503: {"model": Problem}})
def readyz(shed: CurrentShed) -> HealthResponse:
    """Ready: the knowledge base answers."""
    return HealthResponse(status="ok", n_tools=shed.knowledge_base.count())
