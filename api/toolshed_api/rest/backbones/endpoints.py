"""Choose the backbone of a step."""

from fastapi import APIRouter

from toolshed.errors import (
    BudgetExceededError,
    CandidateConflictError,
    ConfigurationError,
    InvalidRecordError,
    KnowledgeBaseError,
    LedgerError,
    NoEligibleBackboneError,
    UnknownModelError,
)
from toolshed_api.bodies import StrictRoute
from toolshed_api.callers import MissingScopeError
from toolshed_api.dependencies import CurrentShed
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.backbones.schemas import SelectRequest, SelectResponse
from toolshed_api.scopes import needs

router = APIRouter(
    prefix="/v1/backbones",
    tags=["backbones"],
    route_class=StrictRoute,
    dependencies=[needs("search")],
    responses=problem_responses(
        InvalidRequestError,
        InvalidRecordError,
        CandidateConflictError,
        NoEligibleBackboneError,
        UnknownModelError,
        BudgetExceededError,
        MissingScopeError,
        LedgerError,
        ConfigurationError,
        KnowledgeBaseError,
        OverloadedError,
    ),
)


@router.post("/select")
def select_backbone(body: SelectRequest, shed: CurrentShed) -> SelectResponse:
    """Choose the backbone that is worth its price for a step; books nothing."""
    budget = None if body.budget is None else body.budget.budget()
    return SelectResponse.of(shed.select(body.step(), budget=budget))
