"""What can go wrong between the gateway and its upstreams, and how each dialect says so."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from toolshed.errors import ToolshedError
from toolshed.metering.failed_calls import SpentError

if TYPE_CHECKING:
    from toolshed_api.problems import Problem

DialectName = Literal["chat", "responses", "messages"]
# Any: the errors of the dialects are JSON.
Json = dict[str, Any]
# Which dialect is spoken at a path of ours; errors that come before the endpoint are told in it too.
DIALECTS: Mapping[str, DialectName] = MappingProxyType(
    {"/v1/chat/completions": "chat", "/v1/responses": "responses", "/v1/messages": "messages"}
)
# What an upstream says of the request itself is handed on; what it says of our key or its state is not his
# who asks.
_HANDED_ON = frozenset({400, 404, 409, 413, 415, 422, 429})
_ANTHROPIC = MappingProxyType(
    {
        401: "authentication_error",
        402: "billing_error",
        403: "permission_error",
        404: "not_found_error",
        413: "request_too_large",
        429: "rate_limit_error",
        503: "overloaded_error",
        504: "timeout_error",
    }
)
_OPENAI = MappingProxyType(
    {401: "authentication_error", 402: "insufficient_quota", 403: "permission_error", 429: "rate_limit_error"}
)


class UnfitRequestError(ToolshedError):
    """A request that the dialect does not have, or the gateway does not serve."""

    code = "unfit_request"
    http_status = 400


class UpstreamError(SpentError):
    """The upstream gave no answer, or only part of one."""

    code = "upstream_failed"
    http_status = 502


class UpstreamTimeoutError(UpstreamError):
    """The upstream said nothing for too long, or took too long for the whole."""

    code = "upstream_timeout"
    http_status = 504


class UpstreamRefusalError(UpstreamError):
    """The upstream answered with an error, and nothing was paid for.

    Attributes:
        status: The status that is handed on.
        content: The upstream's own error, where that is handed on.
        retry_after: When it may be asked again, in its words.
    """

    code = "upstream_refused"
    http_status = 502

    def __init__(
        self,
        message: str,
        *,
        status: int = 502,
        content: Json | None = None,
        retry_after: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.content, self.retry_after = status, content, retry_after


def refusal(status: int, content: Json, retry_after: str | None) -> UpstreamRefusalError:
    """The error of an upstream's answer: what it says of the request, or that the gateway is to blame."""
    told = content if status in _HANDED_ON else None
    return UpstreamRefusalError(
        f"the upstream answered with status {status}; {_advice(status, told)}",
        status=status if told is not None else 502,
        content=told,
        retry_after=retry_after,
    )


def _advice(status: int, content: Json | None) -> str:
    if content is not None:
        error = content.get("error")
        said = error.get("message") if isinstance(error, dict) else error
        return f"it says: {str(said)[:500]}"
    if status in (401, 402, 403):
        return "the operator of the gateway looks after its key and its account there"
    return "try again in a moment"


_TEXT = {"type": "string"}
_CODE = {"type": ["string", "null", "integer"]}
# What :func:`error_content` says, or an upstream whose error is handed on.
_OPENAI_ERROR: Json = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message"],
            "properties": {"message": _TEXT, "type": {"type": ["string", "null"]}, "code": _CODE},
        }
    },
}
_ANTHROPIC_ERROR: Json = {
    "type": "object",
    "required": ["type", "error"],
    "properties": {
        "type": {"const": "error"},
        "error": {"type": "object", "required": ["type", "message"], "properties": {"message": _TEXT}},
        "request_id": {"type": ["string", "null"]},
    },
}
ERROR_SCHEMAS: Mapping[DialectName, Json] = MappingProxyType(
    {"chat": _OPENAI_ERROR, "responses": _OPENAI_ERROR, "messages": _ANTHROPIC_ERROR}
)


def error_content(dialect: DialectName, problem: "Problem") -> Json:
    """A problem as the clients of a dialect read it."""
    if dialect == "messages":
        kind = _ANTHROPIC.get(
            problem.status, "invalid_request_error" if problem.status < 500 else "api_error"
        )
        told = {"type": kind, "message": problem.detail, "code": problem.code}
        return {"type": "error", "error": told, "request_id": problem.request_id}
    kind = _OPENAI.get(problem.status, "invalid_request_error" if problem.status < 500 else "server_error")
    return {"error": {"message": problem.detail, "type": kind, "param": None, "code": problem.code}}
