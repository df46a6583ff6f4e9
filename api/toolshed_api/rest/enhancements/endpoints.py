"""Enhancements: what a model or a person wrote of tools, so that they are found."""

from fastapi import APIRouter, Request, Response

from toolshed.catalog.json_values import parse_json
from toolshed.errors import ConfigurationError, KnowledgeBaseError, StateError
from toolshed.pre_retrieval.enhancement import MAX_QUESTIONS, MAX_TEXT, MAX_TOPICS, checked_enhancement
from toolshed_api.callers import MissingScopeError
from toolshed_api.dependencies import CurrentJobs, CurrentShed
from toolshed_api.description import NOT_BLANK
from toolshed_api.jobs.records import JobRequest
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses
from toolshed_api.rest.jobs.schemas import JobResponse
from toolshed_api.routes import WriteRoute
from toolshed_api.scopes import needs

router = APIRouter(
    prefix="/v1/enhancements",
    tags=["enhancements"],
    route_class=WriteRoute,
    dependencies=[needs("index")],
    responses=problem_responses(
        InvalidRequestError, MissingScopeError, KnowledgeBaseError, StateError, OverloadedError
    ),
)
MAX_LINES = 100_000
_TEXT = {"type": "string", "maxLength": MAX_TEXT}
_LINE = {
    "type": "object",
    "required": ["tool"],
    "properties": {
        "tool": {**_TEXT, "pattern": NOT_BLANK, "description": "Its id, or a name that one tool has."},
        "hypothetical_questions": {"type": "array", "items": _TEXT, "maxItems": MAX_QUESTIONS},
        "key_topics": {"type": "array", "items": _TEXT, "maxItems": MAX_TOPICS},
        "prompt_version": {"type": "integer"},
        **dict.fromkeys(("tool_hash", "when_to_use", "when_not_to_use", "description", "model"), _TEXT),
    },
    "additionalProperties": False,
}
_LINES = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {
                # As OpenAPI 3.2 has it: the schema of all lines together.
                "schema": {"type": "array", "items": _LINE, "minItems": 1, "maxItems": MAX_LINES},
                "example": [{"tool": "crm:find_customer", "hypothetical_questions": ["who is client 12?"]}],
            },
        },
    }
}


@router.post("", status_code=202, openapi_extra=_LINES)
async def add_enhancements(
    request: Request, shed: CurrentShed, jobs: CurrentJobs, response: Response
) -> JobResponse:
    """Index what was written of tools, JSON Lines as ``toolshed enhance`` writes them; the job says which."""
    content = await request.body()
    _check(content)
    job = await jobs.asubmit(shed.caller, JobRequest("enhancements", {}, content))
    response.headers["location"] = f"/v1/jobs/{job.job_id}"
    return JobResponse.of(job)


def _check(content: bytes) -> None:
    try:
        lines = [line for line in content.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise InvalidRequestError(f"the body is not UTF-8 text: {error.reason}") from error
    if not 0 < len(lines) <= MAX_LINES:
        raise InvalidRequestError(f"the body has {len(lines):,} lines; give 1 to {MAX_LINES:,}")
    for number, line in enumerate(lines, start=1):
        try:
            value = parse_json(line)
            if not isinstance(value, dict):
                raise InvalidRequestError(f"line {number} is no object")
            checked_enhancement(value, f"line {number}")
        except (ValueError, ConfigurationError) as error:
            raise InvalidRequestError(f"line {number}: {error}") from error
