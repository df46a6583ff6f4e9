"""Tool definitions in JSON: what providers, MCP and frameworks write, alone, in lists and in envelopes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from toolshed.catalog.definitions import Catalog, collect, define_tool
from toolshed.catalog.json_values import RepeatedKeys
from toolshed.errors import InvalidToolError, SourceError
from toolshed.types import ToolDefinition

_SHAPES = (
    "a list of OpenAI, Anthropic or MCP tools, an object with 'tools', an OpenAPI 3 document, "
    "or one {name, description, parameters} a line"
)
# What a list of tools stands under: MCP's answers, OpenAI's functions, Gemini's and Bedrock's declarations.
_LISTS = ("tools", "functions", "functionDeclarations", "function_declarations")
# What such an object may stand in: an answer of JSON-RPC, a request to Bedrock or Gemini.
_ENVELOPES = ("result", "toolConfig", "tool_config", "config", "params")
# What a definition may stand in: OpenAI's chat completions, Bedrock, LangChain's dumps.
_WRAPPERS = ("function", "custom", "toolSpec", "tool_spec", "functionDeclaration")
# In the order of what says more, where several are there.
_SCHEMAS = (
    "parametersJsonSchema",
    "parameters_json_schema",
    "parameters",
    "input_schema",
    "inputSchema",
    "args_schema",
    "params_json_schema",
    "parameter_definitions",
    "json_schema",
    "inputs",
)
_OUTPUT_SCHEMAS = ("output_schema", "outputSchema", "responseJsonSchema", "response_json_schema", "response")
# What a schema may stand in: Bedrock, Vercel's AI SDK.
_SCHEMA_WRAPPERS = ("json", "jsonSchema")
_EXTRAS = (
    "icons",
    "_meta",
    "strict",
    "examples",
    "input_examples",
    "execution",
    "behavior",
    "format",
    "depends_on",
)
# Namespaces in lists in envelopes; deeper nesting is no catalog.
_MAX_DEPTH = 8


def parse_tools(value: Any, *, source: str) -> Catalog:
    """Read a parsed JSON document that lists tools; the shape of each entry is recognised.

    Raises:
        SourceError: If the document lists no tools at all. An object of names and texts is no list of
            tools: so does a service answer with its secrets.
    """
    if isinstance(value, RepeatedKeys):
        raise SourceError(f"{source!r} {value}")
    if isinstance(value, dict) and isinstance(value.get("error"), dict) and "result" not in value:
        raise SourceError(
            f"{source!r} holds an error instead of tools: {str(value['error'].get('message'))[:200]}"
        )
    listed = listed_tools(value)
    if listed is None and isinstance(value, dict) and says_tool(value):
        listed = [value]
    if listed is None:
        raise SourceError(f"{source!r} is not a catalog of tools; expected {_SHAPES}")
    if not listed:
        raise SourceError(f"{source!r} lists no tools; expected {_SHAPES}")
    catalog = collect(source, ((entry.label, _Builder(entry, source)) for entry in _entries(listed)))
    return replace(catalog, warnings=(*catalog.warnings, *_missing_pages(value)))


def _missing_pages(value: Any) -> Iterator[str]:
    """What to say of a saved answer that names a page after it."""
    last = value[-1] if isinstance(value, list) else value
    for part in (last, last.get("result")) if isinstance(last, dict) else ():
        if isinstance(part, dict) and part.get("nextCursor"):
            yield "its 'nextCursor' says that there are more pages than were saved; save them all in a list"


def listed_tools(value: Any, depth: int = 0) -> list[Any] | None:
    """The list of tools that a value is or holds; None where there is none."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or depth == _MAX_DEPTH:
        return None
    lists = [value[key] for key in _LISTS if isinstance(value.get(key), list)]
    if lists:
        return [entry for part in lists for entry in part]
    by_name = next((value[key] for key in _LISTS if isinstance(value.get(key), dict)), None)
    if by_name is not None:
        return _named(by_name)
    inner = (listed_tools(value[key], depth + 1) for key in _ENVELOPES if isinstance(value.get(key), dict))
    found = next((part for part in inner if part is not None), None)
    return found if found is not None or says_tool(value) else _by_name(value)


def _by_name(value: dict[str, Any]) -> list[Any] | None:
    """The tools of an object that gives each under its name: all of it are definitions, or it is none."""
    parts = list(value.values())
    if not all(isinstance(part, dict) and ("description" in part or _has_schema(part)) for part in parts):
        return None
    return _named(value) if any(map(_has_schema, parts)) else None


def _named(by_name: dict[str, Any]) -> list[Any]:
    return [
        {"name": name, **part} if isinstance(part, dict) and not _is_wrapped(part) else part
        for name, part in by_name.items()
    ]


def says_tool(value: dict[str, Any]) -> bool:
    """Whether an object is meant as one tool."""
    is_named = any(key in value for key in ("name", "api_name", "id")) and not _is_message(value)
    return is_named or _is_wrapped(value) or _is_dump(value)


def _is_message(value: dict[str, Any]) -> bool:
    return "jsonrpc" in value


def _has_schema(value: dict[str, Any]) -> bool:
    return _is_wrapped(value) or any(isinstance(value.get(key), dict) for key in _SCHEMAS)


def _is_wrapped(value: dict[str, Any]) -> bool:
    return any(isinstance(value.get(key), dict) for key in _WRAPPERS)


def _is_dump(value: dict[str, Any]) -> bool:
    """Whether LangChain's ``dumpd`` wrote it."""
    return "lc" in value and isinstance(value.get("kwargs"), dict)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a catalog, where it stands, and the group of tools that it stands in."""

    label: str
    value: Any
    service: str = ""
    service_description: str = ""


def _entries(listed: list[Any], label: str = "entry ", depth: int = 0) -> Iterator[_Entry]:
    """Entries with their positions; lists, namespaces and declarations stand for what is in them."""
    for position, value in enumerate(listed, start=1):
        here = f"{label}{position}"
        inner = value if isinstance(value, list) else None
        is_group = isinstance(value, dict) and (value.get("type") == "namespace" or not says_tool(value))
        if is_group:
            inner = listed_tools(value)
        if not inner or depth == _MAX_DEPTH:
            yield _Entry(here, value)
        elif is_group and value.get("type") == "namespace":
            name, description = value.get("name"), value.get("description")
            for entry in _entries(inner, f"{here}.", depth + 1):
                yield _Entry(entry.label, entry.value, _plain(name), _plain(description))
        else:
            yield from _entries(inner, f"{here}.", depth + 1)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else ""


class _Builder:
    """Builds one definition when called, so that errors are caught entry by entry."""

    def __init__(self, entry: _Entry, source: str) -> None:
        self._entry, self._source = entry, source

    def __call__(self) -> ToolDefinition:
        entry = self._entry
        tool = parse_tool(entry.value, source=self._source)
        if not entry.service:
            return tool
        return replace(tool, service=entry.service, service_description=entry.service_description)


def parse_tool(entry: Any, *, source: str) -> ToolDefinition:
    """Read one tool in any of the shapes.

    Raises:
        InvalidToolError: If the entry is no tool.
    """
    if not isinstance(entry, dict):
        raise InvalidToolError(f"expected an object, found {type(entry).__name__}")
    for part in (entry, *map(entry.get, _WRAPPERS)):
        if isinstance(part, RepeatedKeys):
            raise InvalidToolError(f"the tool {part}")
    if "api_name" in entry:
        return _seal_tools(entry, source)
    entry = _unwrapped(entry)
    if entry.get("type") == "namespace":
        raise InvalidToolError("the namespace lists no tools")
    if "name" not in entry and not isinstance(entry.get("id"), str | int):
        _refuse_nameless(entry)
    key = entry.get("id")
    if key is not None and not isinstance(key, str | int):
        raise InvalidToolError(f"the id is of type {type(key).__name__}; a text or a number is expected")
    return define_tool(
        entry.get("name") or key,
        entry.get("description"),
        _schema(entry, _SCHEMAS),
        source=source,
        tags=_tags(entry),
        output_schema=_output_schema(entry),
        annotations=entry.get("annotations"),
        key="" if key is None else key,
        title=_title(entry),
        extras={name: entry[name] for name in _EXTRAS if entry.get(name) is not None},
    )


def _unwrapped(entry: dict[str, Any]) -> dict[str, Any]:
    """The definition itself, with what its wrapper says beside it."""
    if _is_dump(entry):
        return dict(entry["kwargs"])
    inner = next((entry[key] for key in _WRAPPERS if isinstance(entry.get(key), dict)), None)
    if inner is None:
        return entry
    beside = {key: entry[key] for key in ("id", "tags", *_EXTRAS) if entry.get(key) is not None}
    return {**beside, **inner}


def _refuse_nameless(entry: dict[str, Any]) -> None:
    kind = entry.get("type")
    if kind is not None and kind not in ("function", "custom", "object"):
        kind = kind if isinstance(kind, str) else type(kind)
        raise InvalidToolError(f"a tool of type {kind!r} has no definition to index")
    if len(entry) == 1 and not any(key in entry for key in ("description", *_SCHEMAS)):
        raise InvalidToolError(f"a tool of type {next(iter(entry))[:80]!r} has no definition to index")


def _schema(entry: dict[str, Any], keys: tuple[str, ...]) -> Any:
    schema = next((entry[key] for key in keys if entry.get(key) is not None), None)
    if isinstance(schema, dict):
        return next((schema[key] for key in _SCHEMA_WRAPPERS if _holds_only_schema(schema, key)), schema)
    return schema


def _holds_only_schema(schema: dict[str, Any], key: str) -> bool:
    """Whether a schema stands in a wrapper, rather than being one with an argument of that name."""
    inner = schema.get(key)
    is_schema = isinstance(inner, dict) and bool({"type", "properties", "$ref", "anyOf"} & inner.keys())
    return is_schema and not {"type", "properties"} & schema.keys() and (key != "json" or len(schema) == 1)


def _output_schema(entry: dict[str, Any]) -> Any:
    """The schema of the result; a text or a list under such a key is something else."""
    schema = _schema(entry, _OUTPUT_SCHEMAS)
    is_said = any(entry.get(key) is not None for key in ("output_schema", "outputSchema"))
    return schema if isinstance(schema, dict) or is_said else None


def _title(entry: dict[str, Any]) -> str:
    annotations = entry.get("annotations")
    title = entry.get("title") or (annotations.get("title") if isinstance(annotations, dict) else None)
    return _plain(title) if title != entry.get("name") else ""


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
