"""Errors as RFC 9457 problem details."""

import logging
from collections import defaultdict
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from toolshed.errors import ToolshedError

logger = logging.getLogger(__name__)

_HTTP_CODES = {401: "unauthorized", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class UnauthorizedError(ToolshedError):
    """The request shows no valid API key."""

    code = "unauthorized"
    http_status = 401


class InvalidRequestError(ToolshedError):
    """The request is not of the form that the OpenAPI description gives."""

    code = "invalid_request"
    http_status = 422


class Problem(BaseModel):
    """RFC 9457 problem details; ``code`` is stable across releases."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str


def problem_responses(*errors: type[ToolshedError]) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may end in one of the errors, for the OpenAPI description."""
    codes: defaultdict[int, list[str]] = defaultdict(list)
    for error in errors:
        codes[error.http_status].append(error.code)
    return {
        status: {"model": Problem, "description": f"Problem details; code: {' or '.join(named)}."}
        for status, named in codes.items()
    }


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error with problem details."""

    @app.exception_handler(ToolshedError)
    async def own(request: Request, error: ToolshedError) -> JSONResponse:
        return _problem(request, error.http_status, error.code, str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        details = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
        return await own(request, InvalidRequestError(details))

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
