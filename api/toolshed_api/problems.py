"""Errors as RFC 9457 problem details: the one mapping from our errors to HTTP."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from toolshed.errors import (
    ConfigurationError,
    EncoderError,
    InvalidQueryError,
    InvalidToolError,
    KnowledgeBaseError,
    SourceError,
    ToolshedError,
    UnknownToolError,
)
from toolshed.schemas import Problem

logger = logging.getLogger(__name__)

_STATUS: dict[type[ToolshedError], int] = {
    InvalidQueryError: 422,
    InvalidToolError: 422,
    UnknownToolError: 404,
    SourceError: 502,
    EncoderError: 502,
    KnowledgeBaseError: 503,
    ConfigurationError: 500,
}
_HTTP_CODES = {401: "unauthorized", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class UnauthorizedError(ToolshedError):
    """The request shows no valid API key."""

    code = "unauthorized"


_STATUS[UnauthorizedError] = 401


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error with problem details."""

    @app.exception_handler(ToolshedError)
    async def own(request: Request, error: ToolshedError) -> JSONResponse:
        status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 500)
        return _problem(request, status, error.code, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        details = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
        return _problem(request, 422, "invalid_request", details)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        code = _HTTP_CODES.get(error.status_code, "http_error")
        return _problem(request, error.status_code, code, str(error.detail))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        logger.error("request %s failed", _request_id(request), exc_info=error)
        return _problem(request, 500, "internal_error", "the request failed; the log has the reason")


def _problem(request: Request, status: int, code: str, detail: str) -> JSONResponse:
    problem = Problem(
        type=f"urn:toolshed:problem:{code}",
        title=code.replace("_", " "),
        status=status,
        detail=detail,
        code=code,
        request_id=_request_id(request),
    )
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse(problem.model_dump(), status, headers=headers, media_type="application/problem+json")


def _request_id(request: Request) -> str:
    return str(getattr(request.state, "request_id", "unknown"))
