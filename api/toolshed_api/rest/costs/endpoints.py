"""What was spent, and what it bought."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from toolshed.errors import ConfigurationError, InvalidQueryError, KnowledgeBaseError, LedgerError
from toolshed_api.bodies import StrictRoute
from toolshed_api.callers import MissingScopeError
from toolshed_api.dependencies import CurrentShed
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.costs.schemas import CostReportResponse, Grouping
from toolshed_api.rest.names import Time
from toolshed_api.scopes import needs

router = APIRouter(
    prefix="/v1/costs",
    tags=["costs"],
    route_class=StrictRoute,
    dependencies=[needs("search")],
    responses=problem_responses(
        InvalidRequestError,
        InvalidQueryError,
        MissingScopeError,
        LedgerError,
        ConfigurationError,
        KnowledgeBaseError,
        OverloadedError,
    ),
)
_ALL = "*"
_Time = Annotated[Time, Query(description="A time; UTC where it names no zone.")]


@router.get("/report")
def report_costs(
    shed: CurrentShed,
    by: Annotated[Grouping, Query(description="What rows are grouped by.")] = "model",
    tenant: Annotated[
        str | None, Query(max_length=63, description="Another tenant, or '*' for all: for administrators.")
    ] = None,
    since: _Time = None,
    until: _Time = None,
    human_usd: Annotated[
        float | None, Query(description="What a human costs on a problem."), Field(ge=0, le=1e9)
    ] = None,
) -> CostReportResponse:
    """The costs of your tenant by model, class, pipeline, team or day."""
    of = shed.caller.tenant if tenant is None else None if tenant == _ALL else tenant
    report = shed.cost_report(by, tenant=of, since=_zoned(since), until=_zoned(until), human_usd=human_usd)
    return CostReportResponse.model_validate(report.to_json())


def _zoned(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time
