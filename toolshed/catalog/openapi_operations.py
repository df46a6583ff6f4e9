"""One OpenAPI operation as a tool definition."""

from typing import Any

from toolshed.catalog.definitions import define_tool
from toolshed.catalog.openapi_arguments import Arguments, read_arguments
from toolshed.catalog.openapi_document import Document, scalar
from toolshed.catalog.openapi_media import media_rank
from toolshed.catalog.openapi_servers import credential_places, read_security, read_servers
from toolshed.catalog.openapi_swagger import as_openapi_3
from toolshed.types import JsonObject, ToolDefinition

_READ_ONLY = ("GET", "HEAD", "OPTIONS", "QUERY", "TRACE")


def operation_tool(
    document: Document,
    operation: dict[str, Any],
    item: dict[str, Any],
    *,
    method: str,
    path: str,
    source: str,
    name: object,
    key: str,
) -> ToolDefinition:
    """Build the definition of an operation, as the document has it, in the path item that holds it.

    Args:
        method: In capitals.
        key: What tells it from the others of its source; empty if that is its name.

    Raises:
        InvalidToolError: If something of it is malformed.
    """
    servers = read_servers(document, operation, item)
    parameters = _parameters(document, item, operation)
    security, schemes = read_security(document, operation, parameters)
    if document.version.startswith("2."):
        operation, parameters = as_openapi_3(document, operation, parameters)
    body = document.described(operation.get("requestBody"), "'requestBody'")
    arguments = read_arguments(document, parameters, body, path=path, credentials=credential_places(schemes))
    tags = [tag for tag in document.sequence(operation.get("tags"), "'tags'") if isinstance(tag, str)]
    return define_tool(
        name,
        _described(document, operation, item, f"{method} {path}"),
        arguments.schema,
        source=source,
        tags=tags,
        output_schema=_result_schema(document, operation),
        annotations=_hints(method, path, operation),
        key=key,
        service=document.title,
        service_description=document.purpose(tags),
        binding=_binding(method, path, servers, arguments, security, schemes),
    )


def _parameters(document: Document, item: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of the path, then those of the operation, which replace them."""
    return [
        document.described(parameter, "a parameter")
        for holder in (item, operation)
        for parameter in document.sequence(holder.get("parameters"), "'parameters'")
    ]


def _hints(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    hints = {"method": method, "path": path, "readOnlyHint": method in _READ_ONLY}
    return hints | ({"deprecated": True} if operation.get("deprecated") is True else {})


def _binding(
    method: str,
    path: str,
    servers: list[dict[str, Any]],
    arguments: Arguments,
    security: list[dict[str, list[str]]],
    schemes: dict[str, dict[str, Any]],
) -> JsonObject:
    """How the operation is called; ``body``, ``security`` and ``security_schemes`` only if it has them."""
    binding: dict[str, Any] = {
        "kind": "openapi",
        "method": method,
        # Some documents tell operations of one path apart behind a '#', which is never sent.
        "path": path.partition("#")[0],
        "servers": servers,
        "arguments": arguments.places,
    }
    said = {"body": arguments.body, "security": security, "security_schemes": schemes}
    return binding | {name: value for name, value in said.items() if value}


def _described(document: Document, operation: dict[str, Any], item: dict[str, Any], otherwise: str) -> str:
    """Summary and description; the summary only where the description does not begin with it."""
    said = operation if operation.get("summary") or operation.get("description") else item
    summary, description = (scalar(said.get(key)) for key in ("summary", "description"))
    document.references.spend(len(summary) + len(description))
    summary, description = summary.strip(), description.strip()
    if summary and not description.startswith(summary):
        description = f"{summary.rstrip('.')}. {description}".strip()
    description = description or otherwise
    if operation.get("deprecated") is True and "deprecated" not in description.lower():
        return f"{description.rstrip('.')} (deprecated)."
    return description


def _result_schema(document: Document, operation: dict[str, Any]) -> JsonObject | None:
    """The schema of what success answers: the lowest status of 2xx that has one, JSON before others.

    A response for any status is what success answers where it is the only one.
    """
    responses = document.members(operation.get("responses"), "'responses'")
    good = [status for status in responses if str(status)[:1] == "2" or len(responses) == 1]
    for status in sorted(good, key=_status_order):
        response = document.mapping(responses[status], "a response")
        content = document.members(response.get("content"), "'content'")
        media = sorted(list(content)[:100], key=lambda name: media_rank(str(name)))
        for media_type in media[:3]:
            schema = document.mapping(content[media_type], "a media type").get("schema")
            written = document.result_schema(schema) if schema else None
            if written:
                return {"type": "object", **written} if "properties" in written else written
    return None


def _status_order(status: object) -> tuple[bool, str]:
    return not str(status).isdecimal(), str(status)
