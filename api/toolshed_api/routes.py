"""Routes that write: larger bodies, and requests that may be sent again."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from fastapi import Response
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from toolshed.errors import ToolshedError
from toolshed_api.bodies import StrictRequest, StrictRoute, UploadRequest
from toolshed_api.callers import ANYBODY, Caller
from toolshed_api.idempotency import (
    MAX_KEY,
    Idempotency,
    KeptAnswer,
    ReusedKeyError,
    UnansweredError,
    fingerprint_of,
)
from toolshed_api.problems import (
    InvalidRequestError,
    merged_responses,
    problem_response,
    problem_responses,
    unexpected_response,
)

_KEY = "idempotency-key"
# What is worth keeping: another try would come to the same.
_KEPT_STATUSES = frozenset({200, 201, 202, 204, 404, 422})
# The id stands in problem details too.
_KEPT_HEADERS = ("content-type", "location", "x-request-id")
_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "Of your own making, new for each thing to do: sent again with the same request within 24 hours, "
        "nothing is done twice, and the first answer is given again."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~]+$"},
}
_Handle = Callable[[StrictRequest], Coroutine[Any, Any, Response]]


class WriteRoute(StrictRoute):
    """A route that writes."""

    request_class = UploadRequest

    def __init__(self, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
        # Any: FastAPI's own arguments, passed on.
        if (given.get("methods") or ["GET"]) != ["GET"]:
            given["openapi_extra"] = {**(given.get("openapi_extra") or {}), "parameters": [_PARAMETER]}
            more = problem_responses(ReusedKeyError, UnansweredError)
            given["responses"] = merged_responses(given.get("responses") or {}, more)
        super().__init__(path, endpoint, **given)

    async def answer(self, request: StrictRequest, handle: _Handle) -> Response:
        """Answer a request; one that shows a key, once."""
        key = request.headers.get(_KEY)
        if key is None or request.method == "GET":
            return await handle(request)
        if not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable() and " " not in key):
            raise InvalidRequestError(f"Idempotency-Key: 1 to {MAX_KEY} visible ASCII characters")
        caller: Caller = getattr(request.state, "caller", ANYBODY)
        answers = Idempotency(request.app.state.database)
        target = f"{request.scope['path']}?{request.url.query}"
        fingerprint = fingerprint_of(request.method, target, await request.body())
        kept = await run_in_threadpool(answers.begin, caller, key, fingerprint)
        if kept is not None:
            return Response(kept.body, kept.status, {**kept.headers, "idempotency-replayed": "true"})
        end = partial(answers.forget, caller, key)
        try:
            response = await _answered(request, handle)
            if response.status_code in _KEPT_STATUSES or getattr(request.state, "may_have_acted", False):
                headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
                answer = KeptAnswer(response.status_code, headers, bytes(response.body))
                end = partial(answers.end, caller, key, answer)
            return response
        finally:
            await run_in_threadpool(end)


async def _answered(request: StrictRequest, handle: _Handle) -> Response:
    try:
        return await handle(request)
    except (RequestValidationError, HTTPException):
        # Answered as everywhere, and looked at again each time.
        raise
    except ToolshedError as error:
        # Another try would act again: whoever asks twice is told the same.
        request.state.may_have_acted = getattr(error, "may_have_acted", False)
        return problem_response(request, error)
    except Exception as error:
        # Nobody knows how far it came: whoever asks twice is told so, and nothing is done twice.
        request.state.may_have_acted = True
        return unexpected_response(request, error)
