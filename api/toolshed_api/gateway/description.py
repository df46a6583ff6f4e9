"""What the gateway's endpoints take and answer, for the OpenAPI description.

Of each dialect it says what is looked at here; the rest is the upstream's to judge.
"""

from collections.abc import Mapping
from typing import Any

from toolshed.errors import (
    BudgetExceededError,
    ConfigurationError,
    EncoderError,
    InvalidQueryError,
    InvalidToolError,
    KnowledgeBaseError,
    LedgerError,
    NoEligibleBackboneError,
    StateError,
    UnknownSourceError,
)
from toolshed_api.gateway.asked import ALIAS, GatewayOptions
from toolshed_api.gateway.configuration import UnknownGatewayModelError
from toolshed_api.gateway.dialects.chat import MAX_CHOICES
from toolshed_api.gateway.dialects.dialect import MAX_LISTED
from toolshed_api.gateway.errors import (
    DialectName,
    UnfitRequestError,
    UpstreamError,
    UpstreamTimeoutError,
)
from toolshed_api.problems import InvalidRequestError, OverloadedError, problem_responses

# Any: the description is JSON.
Json = dict[str, Any]
_OBJECTS = {"type": "array", "items": {"type": "object"}, "maxItems": MAX_LISTED}
_SOME = {**_OBJECTS, "minItems": 1}
_COUNT = {"type": ["integer", "null"], "minimum": 1, "maximum": 2**31 - 1}
_OWN_FIELDS: Mapping[DialectName, Json] = {
    "chat": {
        "messages": _SOME,
        "max_completion_tokens": _COUNT,
        "max_tokens": _COUNT,
        "n": {**_COUNT, "maximum": MAX_CHOICES},
    },
    "responses": {"input": {"anyOf": [{"type": "string"}, _SOME]}, "max_output_tokens": _COUNT},
    "messages": {"messages": _SOME, "max_tokens": {**_COUNT, "type": "integer"}},
}
_REQUIRED: Mapping[DialectName, list[str]] = {
    "chat": ["model", "messages"],
    "responses": ["model", "input"],
    "messages": ["model", "messages", "max_tokens"],
}
_ERRORS = (
    UnfitRequestError,
    BudgetExceededError,
    UnknownGatewayModelError,
    UnknownSourceError,
    NoEligibleBackboneError,
    InvalidRequestError,
    InvalidQueryError,
    InvalidToolError,
    ConfigurationError,
    EncoderError,
    UpstreamError,
    LedgerError,
    StateError,
    KnowledgeBaseError,
    OverloadedError,
    UpstreamTimeoutError,
)
# What an upstream may say of a request beside those; it is handed on.
_OF_UPSTREAMS = {415: {"description": "The upstream's own error.", "content": {"application/json": {}}}}


def described(dialect: DialectName) -> Json:
    """What FastAPI is told of the endpoint of a dialect."""
    body = {
        "type": "object",
        "required": _REQUIRED[dialect],
        "properties": {
            "model": {
                "type": "string",
                "minLength": 1,
                "not": {"const": ALIAS},
                "description": f"One of GET /v1/models; {ALIAS} before it adds tools of the knowledge base.",
            },
            "stream": {"type": ["boolean", "null"]},
            "service_tier": {"type": ["string", "null"]},
            "tools": {"anyOf": [_OBJECTS, {"type": "null"}]},
            "toolshed": {"anyOf": [GatewayOptions.model_json_schema(), {"type": "null"}]},
            **_OWN_FIELDS[dialect],
        },
    }
    answers = {
        "application/json": {"schema": {"type": "object"}},
        "text/event-stream": {"schema": {"type": "string"}},
    }
    return {
        "openapi_extra": {
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}}
        },
        "responses": {200: {"content": answers}, **_OF_UPSTREAMS, **problem_responses(*_ERRORS)},
    }
