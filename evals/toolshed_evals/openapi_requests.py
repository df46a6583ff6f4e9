"""Whether an operation can be called: made-up arguments are written into a request, where each must stand."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from toolshed.calling.openapi_requests import OperationRequest, operation_request
from toolshed.errors import ToolCallError
from toolshed.types import ToolDefinition

_MAX_DEPTH = 5
_WORD = "w0rd"


def request_fault(tool: ToolDefinition) -> str:
    """What is wrong with the request of an operation that is given all its arguments; empty if nothing is."""
    properties = tool.parameters["properties"]
    arguments = {name: made_up(schema) for name, schema in properties.items()}
    try:
        request = operation_request(tool, arguments)
    except ToolCallError as error:
        return f"no request can be written: {error}"
    if "{" in request.path:
        return f"the path keeps a placeholder: {request.path[:100]}"
    lost = [name for name, value in arguments.items() if not _stands_in(request, tool, name, value)]
    return f"the request lacks {lost[:5]}" if lost else ""


def made_up(schema: Any, depth: int = 0) -> Any:
    """A value of a schema: its constant, first choice or example, or one of its type."""
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return _WORD
    if "const" in schema:
        return schema["const"]
    types = schema.get("type", "object" if "properties" in schema else "string")
    given = next((schema[key][0] for key in ("enum", "examples") if schema.get(key)), None)
    if given not in (None, "") and (isinstance(given, dict | list) or types not in ("array", "object")):
        return given
    for keyword in ("oneOf", "anyOf"):
        for branch in schema.get(keyword, ()):
            if "type" not in schema and branch.get("type") != "null":
                return made_up(branch, depth + 1)
    kind = next((kind for kind in types if kind != "null"), "null") if isinstance(types, list) else types
    if kind == "object":
        fields = list(schema.get("properties", {}).items())[:3]
        return {name: made_up(part, depth + 1) for name, part in fields} or {"k": _WORD}
    if kind == "array":
        return [made_up(schema.get("items"), depth + 1)]
    return {"integer": 7, "number": 7.5, "boolean": True, "null": None}.get(kind, _WORD)


def _stands_in(request: OperationRequest, tool: ToolDefinition, argument: str, value: Any) -> bool:
    place = _place(tool, argument)
    name = place["name"]
    if place["in"] == "path":
        return _in_text(value, request.path)
    if place["in"] == "header":
        return value is None or name in request.headers
    if place["in"] in ("query", "cookie"):
        pairs = request.query if place["in"] == "query" else request.cookies
        known = {quote(name, safe=""), quote(name, safe="[]"), quote_plus(name), name}
        # An object may be written as its fields.
        fields = {quote(key, safe="") for key in value} if isinstance(value, dict) else set()
        held = {key.split("%5B")[0].split("[")[0] for key, _ in pairs} | {key for key, _ in pairs}
        return value is None or bool(held & (known | fields))
    return value is None or (request.body is not None and _in_body(request.body.content, name, value))


def _place(tool: ToolDefinition, argument: str) -> Mapping[str, Any]:
    place: Mapping[str, Any] = (tool.binding or {})["arguments"][argument]
    return place


def _in_text(value: Any, text: str) -> bool:
    leaf = value
    while isinstance(leaf, dict | list) and leaf:
        leaf = next(iter(leaf.values())) if isinstance(leaf, dict) else leaf[0]
    shown = json.dumps(leaf) if not isinstance(leaf, str) else leaf
    return quote(shown, safe="") in text or quote(shown, safe="/:@!$&'()*+,;=~") in text or shown in text


def _in_body(content: bytes, name: str, value: Any) -> bool:
    text = content.decode("utf-8", "replace")
    is_named = any(
        spelt in text for spelt in (json.dumps(name)[1:-1], quote(name, safe=""), quote_plus(name), name)
    )
    return is_named or _in_text(value, text)
