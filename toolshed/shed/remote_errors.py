"""Errors of a service, rebuilt as what an embedded knowledge base raises."""

from collections.abc import Iterator, Mapping
from functools import cache

import httpx

from toolshed.errors import ServiceError, ToolCallError, ToolshedError

_ACTED = "; the tool may have acted"


def error_of(response: httpx.Response) -> ToolshedError:
    """The error that an answer reports, as the class that has its code."""
    try:
        told = response.json()
    except ValueError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("code"), str):
        return ServiceError(
            f"{response.request.url.copy_with(query=None)} answered with status {response.status_code}, and "
            "not as Toolshed does; is this the URL of the service?",
            status=response.status_code,
        )
    return rebuilt(told["code"], str(told.get("detail", "")), response.status_code, told.get("request_id"))


def rebuilt(code: str, detail: str, status: int, request_id: object = None) -> ToolshedError:
    """The error of a code.

    Args:
        code: Its stable code.
        detail: What was wrong.
        status: The HTTP status that it came with.
        request_id: What the log of the service calls the request.
    """
    error: ToolshedError
    kind = _by_code().get(code)
    if kind is None:
        error = ServiceError(detail, remote_code=code, status=status)
    elif issubclass(kind, ToolCallError):
        error = kind(detail.removesuffix(_ACTED), may_have_acted=detail.endswith(_ACTED))
    else:
        error = kind(detail)
    if request_id is not None:
        error.add_note(f"request {request_id}")
    return error


@cache
def _by_code() -> Mapping[str, type[ToolshedError]]:
    return {kind.code: kind for kind in _below(ToolshedError) if kind.__module__ == ToolshedError.__module__}


def _below(kind: type[ToolshedError]) -> Iterator[type[ToolshedError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _below(inner)
