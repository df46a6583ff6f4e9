"""Whether a reply has the form that was asked for: the one check that costs nothing."""

import json
from collections.abc import Mapping
from typing import Any

from toolshed.calling.arguments import check_arguments
from toolshed.errors import InvalidArgumentsError, ToolshedError
from toolshed.types import ToolDefinition
from toolshed_api.gateway.dialects.dialect import Dialect, Json, Said

_SOURCE = "request"


def form_holds(dialect: Dialect, body: Json, said: Said) -> bool | None:
    """Whether a reply has the form that its request asks for.

    Calls must be of functions that were offered, with arguments that their schemas allow; a reply in JSON
    must satisfy its schema. None where there is nothing to check, or nothing can be said.
    """
    if said.is_cut:
        return None
    if said.calls:
        functions = dialect.functions(body)
        found = [_call_holds(functions, call.name, call.arguments) for call in said.calls]
        return False if False in found else None if None in found else True
    schema = dialect.schema(body)
    return None if schema is None else _holds("reply", schema, said.text)


def _call_holds(functions: Mapping[str, Mapping[str, Any]], name: str, arguments: str) -> bool | None:
    if name not in functions:
        return False
    # A custom tool takes text, and one of the provider's own has a schema that is not sent.
    return _holds(name, functions[name], arguments or "{}") if functions[name] else None


def _holds(name: str, schema: Mapping[str, Any], text: str) -> bool | None:
    try:
        check_arguments(ToolDefinition(name or "tool", parameters=schema, source=_SOURCE), json.loads(text))
    except (InvalidArgumentsError, ValueError, RecursionError):
        return False
    # What cannot be checked in bounded time is not held against a model.
    except ToolshedError:
        return None
    return True
