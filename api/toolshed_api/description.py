"""The OpenAPI description, completed by what FastAPI cannot know: the guard, the limits, the media type."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from fastapi import FastAPI

from toolshed.errors import StateError, ToolshedError
from toolshed.knowledge_base.passages import FILTERS
from toolshed.queries import MAX_QUERY_CHARACTERS
from toolshed.settings import Settings
from toolshed_api.access import OPEN_PATHS
from toolshed_api.auth.authority import Authority
from toolshed_api.auth.errors import ForbiddenTenantError
from toolshed_api.callers import MissingScopeError
from toolshed_api.gateway.errors import DIALECTS, ERROR_SCHEMAS, DialectName
from toolshed_api.problems import (
    PROBLEM_TYPE,
    ForbiddenOriginError,
    HeadersTooLargeError,
    IssuerError,
    MalformedRequestError,
    OverloadedError,
    SlowRequestError,
    TooLargeError,
    TooManyRequestsError,
    UnauthorizedError,
    merged_responses,
    problem_responses,
)
from toolshed_api.scopes import scopes_by_operation

_KEYS = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_DEFAULT_K = 5
_PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
# What is left of a query when Python strips it; the white space of \s is another in every language.
NOT_BLANK = "[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
# What a connection is told before a request is read.
_OF_THE_SERVER = frozenset({400, 408, 431, 503})
# Any: the description is JSON.
Json = dict[str, Any]

_ANYWHERE: tuple[type[ToolshedError], ...] = (
    MalformedRequestError,
    ForbiddenOriginError,
    SlowRequestError,
    TooLargeError,
    HeadersTooLargeError,
    OverloadedError,
    UnauthorizedError,
    MissingScopeError,
    ForbiddenTenantError,
    TooManyRequestsError,
    StateError,
    IssuerError,
)

# As passage_filter takes them: one value or several of a kind, numbers also as text.
_TEXT = {"type": "string"}
_NUMBER = {"type": "integer", "minimum": 1 - 2**63, "maximum": 2**63 - 1}
_DIGITS = {"type": "string", "pattern": r"^[0-9]{1,18}$"}


def needs_one_of(*names: str, kind: str) -> Json:
    """That one of some fields is given, in the words of JSON Schema."""
    return {"anyOf": [{"required": [name], "properties": {name: {"type": kind}}} for name in names]}


def _one_or_several(*kinds: Json) -> Json:
    return {"anyOf": [*kinds, *({"type": "array", "items": kind, "minItems": 1} for kind in kinds)]}


_FILTER_VALUES = {"text": _one_or_several(_TEXT), "number": _one_or_several(_NUMBER, _DIGITS)}


def install_description(app: FastAPI, settings: Settings) -> None:
    """Let the app describe what this service, with its settings, takes and answers."""
    described_by_fastapi = app.openapi

    def openapi() -> Json:
        made = deepcopy(described_by_fastapi())
        is_open, scopes = _is_open(app, settings), scopes_by_operation(app)
        for path, operations in made["paths"].items():
            for method, operation in operations.items():
                _name_problem_type(operation["responses"])
                _add_codes(operation["responses"], guard_responses())
                if path in DIALECTS:
                    _speak(operation["responses"], DIALECTS[path])
                if path not in OPEN_PATHS:
                    needed = sorted(scopes.get((path, method.upper()), ()))
                    shown: list[Json] = [{name: needed} for name in _KEYS]
                    operation["security"] = [{}, *shown] if is_open else shown
        made["components"]["securitySchemes"] = _KEYS
        _describe_searches(made["components"]["schemas"], settings)
        return made

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the description


def _is_open(app: FastAPI, settings: Settings) -> bool:
    """Whether nothing needs to be shown; before the service has started, what the settings tell."""
    authority: Authority | None = getattr(app.state, "authority", None)
    return authority.is_open if authority else not (settings.api_keys or settings.oidc)


def guard_responses() -> dict[int | str, Json]:
    """The ``responses`` that a request may get before an endpoint sees it."""
    return problem_responses(*_ANYWHERE)


def _add_codes(responses: Json, anywhere: Mapping[int | str, Json]) -> None:
    """Name also what the guard says: what a route says of a status takes the place of what the app says."""
    said: dict[int | str, Json] = {int(status): response for status, response in responses.items()}
    for status, response in merged_responses(anywhere, said).items():
        if str(status) in responses:
            responses[str(status)]["description"] = response["description"]


def _name_problem_type(responses: Json) -> None:
    for status, response in responses.items():
        if int(status) >= 400:
            # Of a stream of events, FastAPI describes problems as such.
            (told,) = response["content"].values()
            response["content"] = {PROBLEM_TYPE: told if "$ref" in told.get("schema", {}) else _PROBLEM}


def _speak(responses: Json, dialect: DialectName) -> None:
    """Describe errors in the form of a dialect; the server itself, which knows no paths, has its own."""
    for status, response in responses.items():
        if int(status) >= 400:
            told = response["content"] if int(status) in _OF_THE_SERVER else {}
            response["content"] = {"application/json": {"schema": ERROR_SCHEMAS[dialect]}, **told}


def _describe_searches(schemas: Json, settings: Settings) -> None:
    """Say the bounds of this service, so that what fits the schemas is answered."""
    tools, passages = schemas["SearchRequest"], schemas["PassageSearchRequest"]
    most_characters = min(settings.max_query_characters, MAX_QUERY_CHARACTERS)
    for request in (tools, passages):
        request["properties"]["query"] |= {"minLength": 1, "maxLength": most_characters, "pattern": NOT_BLANK}
        most = request["properties"]["k"]
        most["maximum"] = min(most["maximum"], settings.max_k)
    passages["properties"]["filters"]["anyOf"][0] = {
        "type": "object",
        "properties": {field: _FILTER_VALUES[kind] for field, kind in FILTERS.items()},
        "additionalProperties": False,
    }
    passages["anyOf"] = list(_products_up_to(settings.max_k))


def _products_up_to(most: int) -> Iterator[Json]:
    """That ``k`` times ``per_document`` is at most a number, in the words of JSON Schema."""
    for k in sorted({most // n for n in range(1, most + 1)}):
        bounds = {"k": {"maximum": k}, "per_document": {"maximum": most // k}}
        # Where it is left out it is five.
        yield {"properties": bounds, "required": ["k"]} if k < _DEFAULT_K else {"properties": bounds}
