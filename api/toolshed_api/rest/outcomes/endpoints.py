"""Report what came of tasks."""

from typing import TYPE_CHECKING

from fastapi import APIRouter

from toolshed.errors import (
    ConfigurationError,
    InvalidRecordError,
    KnowledgeBaseError,
    LedgerError,
    UnknownDecisionError,
    UnknownQueryError,
    UnknownToolError,
)
from toolshed_api.callers import MissingScopeError
from toolshed_api.dependencies import CurrentShed
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.outcomes.schemas import (
    OutcomeRequest,
    OutcomeResponse,
    SearchOutcomeRequest,
    SearchOutcomeResponse,
)
from toolshed_api.routes import WriteRoute
from toolshed_api.scopes import needs

if TYPE_CHECKING:
    from toolshed.economics.running.terms import OutcomeDetails

router = APIRouter(
    prefix="/v1/outcomes",
    tags=["outcomes"],
    route_class=WriteRoute,
    dependencies=[needs("call")],
    responses=problem_responses(
        InvalidRequestError,
        InvalidRecordError,
        UnknownDecisionError,
        MissingScopeError,
        LedgerError,
        ConfigurationError,
        KnowledgeBaseError,
        OverloadedError,
    ),
)


@router.post("")
def report_outcome(body: OutcomeRequest, shed: CurrentShed) -> OutcomeResponse:
    """Report whether a task passed; the choice of backbones learns from it."""
    details: OutcomeDetails = {
        "decision_id": body.decision_id,
        "grade": body.grade,
        "source": body.source,
    }
    if body.outcome_id is not None:
        details["outcome_id"] = body.outcome_id
    return OutcomeResponse.of(shed.report_outcome(body.task_id, body.passed, **details))


@router.post("/search", responses=problem_responses(UnknownQueryError, UnknownToolError))
def report_search_outcome(body: SearchOutcomeRequest, shed: CurrentShed) -> SearchOutcomeResponse:
    """Report which tools served a search; rankings learn from it (`toolshed learn`)."""
    report = shed.report_usage(body.query_id, body.tools_used, body.passed)
    return SearchOutcomeResponse(n_new=report.n_new, n_repeated=report.n_repeated, n_dropped=report.n_dropped)
