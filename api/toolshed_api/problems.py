"""Errors as RFC 9457 problem details."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from toolshed.errors import ToolshedError
from toolshed.settings import Settings
from toolshed_api.callers import MissingScopeError
from toolshed_api.gateway.errors import DIALECTS, UpstreamRefusalError, error_content
from toolshed_api.public_address import METADATA_PATH, public_address

logger = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
_HTTP_CODES = {401: "unauthorized", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}
# Details are read by people; what they quote from a request is as long as the request.
_MAX_DETAIL_CHARACTERS = 1_000
_MAX_LISTED_ERRORS = 5
_MAX_NAME_CHARACTERS = 60
_DESCRIBED = "Problem details; code: "


class UnauthorizedError(ToolshedError):
    """The request shows no valid API key."""

    code = "unauthorized"
    http_status = 401


class ForbiddenOriginError(ToolshedError):
    """The request was made for a host, or by a web page, that is not allowed."""

    code = "forbidden_origin"
    http_status = 403


class InvalidRequestError(ToolshedError):
    """The request is not of the form that the OpenAPI description gives."""

    code = "invalid_request"
    http_status = 422


class MalformedRequestError(ToolshedError):
    """What was sent is no HTTP."""

    code = "malformed_request"
    http_status = 400


class HeadersTooLargeError(ToolshedError):
    """The headers are larger than the service takes."""

    code = "headers_too_large"
    http_status = 431


class SlowRequestError(ToolshedError):
    """The request did not arrive within its time."""

    code = "slow_request"
    http_status = 408


class TooLargeError(ToolshedError):
    """The body is larger than the service takes."""

    code = "too_large"
    http_status = 413


class TooManyRequestsError(ToolshedError):
    """The caller made more requests than he may.

    Attributes:
        retry_after_seconds: When he may make another.
    """

    code = "too_many_requests"
    http_status = 429

    def __init__(self, message: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class IssuerError(ToolshedError):
    """The issuer of a token does not tell the keys that it is verified with."""

    code = "issuer"
    http_status = 503


class NoIssuerError(ToolshedError):
    """No issuer's tokens are taken, so there is nothing to tell of one."""

    code = "no_issuer"
    http_status = 404


class OverloadedError(ToolshedError):
    """The service has too much to do to answer in time."""

    code = "overloaded"
    http_status = 503


class EmptyKnowledgeBaseError(ToolshedError):
    """The service is alive, and has no tools to find."""

    code = "empty"
    http_status = 503


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
        status: {"model": Problem, "description": _described(dict.fromkeys(named)), **_headers(status)}
        for status, named in codes.items()
    }


def _headers(status: int) -> dict[str, Any]:
    # Any: OpenAPI's own form.
    if status not in (429, 503):
        return {}
    seconds = {"type": "integer", "minimum": 1}
    return {
        "headers": {"Retry-After": {"description": "Seconds until it may be tried again.", "schema": seconds}}
    }


def merged_responses(*given: Mapping[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """Several ``responses`` as one, a status with the codes of all of them."""
    merged: dict[int | str, dict[str, Any]] = {}
    for responses in given:
        for status, response in responses.items():
            before = merged.get(status)
            if before is None or not _is_problem(before) or not _is_problem(response):
                merged[status] = response
            else:
                codes = dict.fromkeys([*_codes(before), *_codes(response)])
                merged[status] = {**before, "description": _described(codes)}
    return merged


def _described(codes: Iterable[str]) -> str:
    return f"{_DESCRIBED}{' or '.join(codes)}."


def _is_problem(response: Mapping[str, Any]) -> bool:
    return str(response.get("description", "")).startswith(_DESCRIBED)


def _codes(response: Mapping[str, Any]) -> list[str]:
    return str(response["description"]).removeprefix(_DESCRIBED).removesuffix(".").split(" or ")


def problem(error: ToolshedError, request_id: str) -> Problem:
    """The problem details of an error; a long message is cut."""
    status = error.status if isinstance(error, UpstreamRefusalError) else error.http_status
    return _problem(status, error.code, str(error), request_id)


def problem_response(request: Request, error: ToolshedError) -> JSONResponse:
    """The answer that reports an error."""
    headers: dict[str, str] = {}
    match error:
        case TooManyRequestsError():
            headers["retry-after"] = str(error.retry_after_seconds)
        case UnauthorizedError():
            headers["www-authenticate"] = _challenge(request)
        case MissingScopeError():
            headers["www-authenticate"] = _challenge(request, error.scope)
        case UpstreamRefusalError():
            if error.retry_after and error.retry_after.isascii() and error.retry_after.isprintable():
                headers["retry-after"] = error.retry_after
    content = error.content if isinstance(error, UpstreamRefusalError) else None
    return _response(request, problem(error, _request_id(request)), headers, content=content)


def _challenge(request: Request, scope: str | None = None) -> str:
    """How to be let in (RFC 6750), and where tokens are issued (RFC 9728), if they are."""
    parts = [] if scope is None else ['error="insufficient_scope"', f'scope="{scope}"']
    settings: Settings | None = getattr(request.app.state, "settings", None)
    if settings is not None and settings.oidc:
        base = public_address(request.headers, request.url.scheme, settings)
        parts.append(f'resource_metadata="{base}{METADATA_PATH}"')
    return f"Bearer {', '.join(parts)}".strip()


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error with problem details."""

    @app.exception_handler(ToolshedError)
    async def own(request: Request, error: ToolshedError) -> JSONResponse:
        return problem_response(request, error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return problem_response(request, InvalidRequestError(_summary(error)))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        code = _HTTP_CODES.get(error.status_code, "http_error")
        told = _problem(error.status_code, code, str(error.detail), _request_id(request))
        return _response(request, told, error.headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        return unexpected_response(request, error)


def unexpected_response(request: Request, error: Exception) -> JSONResponse:
    """The answer to what nobody thought of, which the log tells of."""
    logger.error("request %s failed", _request_id(request), exc_info=error)
    detail = "the request failed; the log has the reason"
    return _response(request, _problem(500, "internal_error", detail, _request_id(request)))


def _summary(invalid: RequestValidationError) -> str:
    errors = invalid.errors()
    listed = [f"{_place(error['loc'])}: {_reason(error)}" for error in errors[:_MAX_LISTED_ERRORS]]
    if len(errors) > len(listed):
        listed.append(f"and {len(errors) - len(listed):,} more")
    return "; ".join(listed)


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(_cut(str(part), _MAX_NAME_CHARACTERS) for part in location[1:])


def _reason(error: dict[str, Any]) -> str:
    # Any: pydantic's own form. What is wrong with JSON that cannot be read stands in the context.
    return str(error["ctx"]["error"] if error["type"] == "json_invalid" else error["msg"])


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _problem(status: int, code: str, detail: str, request_id: str) -> Problem:
    return Problem(
        type=f"urn:toolshed:problem:{code}",
        title=code.replace("_", " "),
        status=status,
        # Stored text may hold lone surrogates, which UTF-8 cannot say.
        detail=_cut(detail, _MAX_DETAIL_CHARACTERS).encode("utf-8", "replace").decode(),
        code=code,
        request_id=request_id,
    )


def _response(
    request: Request,
    told: Problem,
    headers: Mapping[str, str] | None = None,
    *,
    content: dict[str, Any] | None = None,
) -> JSONResponse:
    """The answer; where a dialect of the gateway is spoken, in its own form."""
    given = {"x-request-id": told.request_id, **(headers or {})}
    match told.status:
        case 401:
            given.setdefault("www-authenticate", "Bearer")
        case 503:
            given["retry-after"] = "1"
    dialect = DIALECTS.get(request.scope["path"])
    if dialect is None:
        return JSONResponse(told.model_dump(), told.status, headers=given, media_type=PROBLEM_TYPE)
    return JSONResponse(content or error_content(dialect, told), told.status, headers=given)


def _request_id(request: Request) -> str:
    return str(getattr(request.state, "request_id", "unknown"))
