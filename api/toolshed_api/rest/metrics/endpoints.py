"""Metrics for Prometheus."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

from toolshed_api.bodies import StrictRoute
from toolshed_api.callers import DEFAULT_TENANT, MissingScopeError
from toolshed_api.dependencies import CurrentCaller
from toolshed_api.observability.metrics import SPEND_USD, TOOLS, exposition
from toolshed_api.problems import OverloadedError, problem_responses
from toolshed_api.scopes import needs
from toolshed_api.tenant_sheds import TenantSheds

router = APIRouter(
    tags=["metrics"],
    route_class=StrictRoute,
    dependencies=[needs("admin")],
    responses=problem_responses(MissingScopeError, OverloadedError),
)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request, caller: CurrentCaller) -> Response:
    """Metrics of the service, in Prometheus' text format; of all tenants, so for those who manage all."""
    caller.check_manages(DEFAULT_TENANT)
    sheds: TenantSheds = request.app.state.sheds
    for tenant, shed in sheds.opened_by_tenant().items():
        TOOLS.labels(tenant).set(shed.knowledge_base.count())
        if (spent_usd := shed.booking.spent_usd) is not None:
            SPEND_USD.labels(tenant).set(spent_usd)
    return Response(exposition(), media_type=CONTENT_TYPE_LATEST)
