"""Tool definitions in JSON: OpenAI, Anthropic, MCP, LangChain dumps, JSON Lines, Seal-Tools."""

from collections.abc import Iterator
from typing import Any

from toolshed.catalog.definitions import Catalog, collect, define_tool
from toolshed.catalog.json_values import RepeatedKeys
from toolshed.errors import InvalidToolError, SourceError
from toolshed.types import ToolDefinition

_SHAPES = (
    "a list of OpenAI, Anthropic or MCP tools, an object with 'tools', an OpenAPI 3 document, "
    "or one {name, description, parameters} a line"
)


def parse_tools(value: Any, *, source: str) -> Catalog:
    """Read a parsed JSON document that lists tools; the shape of each entry is recognised.

    Raises:
        SourceError: If the document lists no tools at all. An object of names and texts is no list of
            tools: so does a service answer with its secrets.
    """
    if isinstance(value, RepeatedKeys):
        raise SourceError(f"{source!r} {value}")
    if isinstance(value, dict) and isinstance(value.get("tools"), list):
        value = value["tools"]
    if isinstance(value, dict) and any(key in value for key in ("name", "function", "api_name", "id")):
        value = [value]
    if not isinstance(value, list):
        raise SourceError(f"{source!r} is not a catalog of tools; expected {_SHAPES}")
    if not value:
        raise SourceError(f"{source!r} lists no tools; expected {_SHAPES}")
    return collect(
        source,
        ((f"entry {position}", _Builder(entry, source)) for position, entry in _flat(value)),
    )


def _flat(entries: list[Any]) -> Iterator[tuple[int, Any]]:
    """Entries with their positions; the tools of an OpenAI namespace stand in its place."""
    for position, entry in enumerate(entries, start=1):
        if isinstance(entry, dict) and entry.get("type") == "namespace":
            tools = entry.get("tools")
            for tool in tools if isinstance(tools, list) else []:
                yield position, tool
        else:
            yield position, entry


class _Builder:
    """Builds one definition when called, so that errors are caught entry by entry."""

    def __init__(self, entry: Any, source: str) -> None:
        self._entry, self._source = entry, source

    def __call__(self) -> ToolDefinition:
        return parse_tool(self._entry, source=self._source)


def parse_tool(entry: Any, *, source: str) -> ToolDefinition:
    """Read one tool of any JSON shape we know.

    Raises:
        InvalidToolError: If it is no tool definition.
    """
    if not isinstance(entry, dict):
        raise InvalidToolError(f"expected an object, found {type(entry).__name__}")
    for part in (entry, entry.get("function")):
        if isinstance(part, RepeatedKeys):
            raise InvalidToolError(f"the tool {part}")
    if "api_name" in entry:
        return _seal_tools(entry, source)
    if isinstance(entry.get("function"), dict):
        entry = {**entry["function"], "id": entry.get("id")}
    if entry.get("type") not in (None, "function", "custom", "object") and "name" not in entry:
        kind = entry["type"] if isinstance(entry["type"], str) else type(entry["type"])
        raise InvalidToolError(f"a tool of type {kind!r} has no definition to index")
    return define_tool(
        entry.get("name") or entry.get("id"),
        entry.get("description"),
        _first(entry, "parameters", "input_schema", "inputSchema", "args_schema"),
        source=source,
        tags=_tags(entry),
        output_schema=_first(entry, "output_schema", "outputSchema"),
        annotations=entry.get("annotations"),
        key=entry.get("id") or "",
    )


def _first(entry: dict[str, Any], *keys: str) -> Any:
    return next((entry[key] for key in keys if entry.get(key) is not None), None)


def _tags(entry: dict[str, Any]) -> list[str]:
    tags = entry.get("tags") or []
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def _seal_tools(entry: dict[str, Any], source: str) -> ToolDefinition:
    """An API of Seal-Tools (arXiv 2405.08355): typed parameters, a two-level field, responses."""
    parameters = entry.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise InvalidToolError("'parameters' of a Seal-Tools API must be an object")
    schema = {"type": "object", "properties": parameters, "required": entry.get("required") or []}
    responses = entry.get("responses")
    field = entry.get("field")
    return define_tool(
        entry["api_name"],
        entry.get("api_description"),
        schema,
        source=source,
        tags=field.split("/") if isinstance(field, str) else [],
        output_schema={"type": "object", "properties": responses} if responses else None,
    )
