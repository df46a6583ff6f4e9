"""Building tool definitions from outside data: the one place where they are checked."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from toolshed.catalog.json_values import check_json
from toolshed.catalog.namesakes import Namesakes
from toolshed.catalog.visible_text import hidden_character
from toolshed.errors import InvalidToolError, SourceError
from toolshed.half_characters import without_half_characters
from toolshed.types import EMPTY_SCHEMA, JsonObject, ToolDefinition

MAX_NAME_CHARACTERS = 512
MAX_DESCRIPTION_CHARACTERS = 200_000
MAX_SCHEMA_CHARACTERS = 1_000_000
# What is kept of a service's description, with every one of its tools.
_MAX_SERVICE_CHARACTERS = 2_000
# Categories of one tool; the richest catalogs we know give a dozen.
_MAX_TAGS = 100
# What one source may list, twenty times the largest catalogs in use.
_MAX_TOOLS = 1_000_000
# Bad entries that are kept one by one, the length of what is said of each, and how many are no catalog.
_MAX_INVALID, _MAX_REASON_CHARACTERS, _TOO_MANY_INVALID = 1_000, 500, 100_000
_SOURCE_NAME = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class InvalidEntry:
    """An entry of a source that is no tool definition, and why."""

    position: str
    reason: str

    def __str__(self) -> str:
        return f"{self.position}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Catalog:
    """What was read from one source.

    Attributes:
        source: Its name.
        tools: Its tools.
        invalid: Its entries that are none.
        location: Where it was read: an absolute path, a URL, an MCP server's address; of Python objects,
            their module. No credentials.
        warnings: What a user should know of what was read, though nothing is missing.
        failure: Why it could not be read at all; its tools that were stored before stay.
        callables: The Python objects that its tools were read from, by tool id.
    """

    source: str
    tools: tuple[ToolDefinition, ...]
    invalid: tuple[InvalidEntry, ...] = ()
    location: str = ""
    warnings: tuple[str, ...] = ()
    failure: str = ""
    # Any: callables of every framework.
    callables: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def named(self, source: str) -> "Catalog":
        """The same catalog under another name."""
        ids = {tool.tool_id: replace(tool, source=source) for tool in self.tools}
        callables = {ids[tool_id].tool_id: value for tool_id, value in self.callables.items()}
        return replace(self, source=source, tools=tuple(ids.values()), callables=callables)


def source_name(text: str) -> str:
    """A name that can stand before the colon of a tool id."""
    return _SOURCE_NAME.sub("-", text).strip("-.")[:64] or "tools"


def collect(source: str, entries: Iterable[tuple[str, Callable[[], ToolDefinition]]]) -> Catalog:
    """Build the definitions of a source; bad entries are set apart, namesakes told apart.

    Args:
        source: Name of the source.
        entries: Position of each entry (for messages) and the function that builds it.

    Raises:
        SourceError: If there are more tools, or more bad entries, than any catalog has.
    """
    tools = Namesakes()
    invalid: list[InvalidEntry] = []
    n_invalid = 0
    for position, build in entries:
        try:
            tool = build()
        except InvalidToolError as error:
            n_invalid += 1
            if n_invalid <= _MAX_INVALID:
                invalid.append(InvalidEntry(_cut(position), _cut(str(error))))
            elif n_invalid > _TOO_MANY_INVALID:
                raise SourceError(
                    f"more than {_TOO_MANY_INVALID:,} entries of {source!r} are no tools, the first of them "
                    f"{invalid[0]}"
                ) from error
            continue
        if tools.n_tools == _MAX_TOOLS:
            raise SourceError(f"{source!r} lists more than {_MAX_TOOLS:,} tools; split it")
        tools.add(tool)
    if n_invalid > _MAX_INVALID:
        more = f"{n_invalid - _MAX_INVALID:,} more entries"
        invalid.append(InvalidEntry(more, "are no tool definitions either"))
    return Catalog(source, tools.tools(), tuple(invalid), warnings=tools.warnings())


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_REASON_CHARACTERS else text[: _MAX_REASON_CHARACTERS - 1] + "…"


def define_tool(
    name: object,
    description: object,
    parameters: object,
    *,
    source: str,
    tags: Sequence[str] = (),
    output_schema: object = None,
    annotations: object = None,
    key: object = "",
    title: object = "",
    service: object = "",
    service_description: object = "",
    binding: JsonObject | None = None,
    extras: object = None,
) -> ToolDefinition:
    """Check what a source says of a tool and build its definition.

    Raises:
        InvalidToolError: If the name is missing or holds what cannot be seen, or a field has the wrong
            type, is too large or is no JSON.
    """
    tool_name = _name(name, "name")
    if not tool_name:
        raise InvalidToolError("the tool has no name; give it one")
    if len(tags) > _MAX_TAGS:
        raise InvalidToolError(f"the tool has {len(tags):,} tags; at most {_MAX_TAGS} are allowed")
    return ToolDefinition(
        name=tool_name,
        description=_text(description, "description", MAX_DESCRIPTION_CHARACTERS).strip(),
        parameters=_parameters(parameters),
        source=source,
        tags=tuple(_text(tag, "tag", MAX_NAME_CHARACTERS) for tag in tags),
        output_schema=_json_object(output_schema, "output schema") if output_schema else None,
        annotations=_json_object(annotations, "annotations") if annotations else {},
        key="" if key in ("", None, tool_name) else _name(str(key) if isinstance(key, int) else key, "id"),
        title=_text(title, "title", MAX_NAME_CHARACTERS).strip(),
        service=_text(service, "service", MAX_DESCRIPTION_CHARACTERS).strip()[:MAX_NAME_CHARACTERS],
        service_description=_text(
            service_description, "service description", MAX_DESCRIPTION_CHARACTERS
        ).strip()[:_MAX_SERVICE_CHARACTERS],
        binding=_json_object(binding, "binding") if binding else None,
        extras=_json_object(extras, "extras") if extras else {},
    )


def _name(value: object, field: str) -> str:
    """What a tool is told apart by: whoever reads it must see all of it."""
    name = _text(value, field, MAX_NAME_CHARACTERS).strip()
    hidden = hidden_character(name)
    if hidden:
        raise InvalidToolError(f"the {field} holds {hidden}, a character that nobody sees; leave it out")
    return name


def _text(value: object, field: str, limit: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidToolError(f"the {field} is of type {type(value).__name__}; it must be a string")
    if len(value) > limit:
        raise InvalidToolError(f"the {field} has {len(value):,} characters; at most {limit:,} are allowed")
    return without_half_characters(value)


def _parameters(value: object) -> JsonObject:
    """Accept a JSON Schema, a bare mapping of properties, or a list of named parameters."""
    if value is None or value in ([], {}, ""):
        return dict(EMPTY_SCHEMA)
    if isinstance(value, list):
        value = {"type": "object", "properties": _named_parameters(value)}
    schema = _json_object(value, "parameters")
    if "properties" in schema or "$ref" in schema or any(k in schema for k in ("anyOf", "oneOf", "allOf")):
        if not isinstance(schema.get("properties", {}), dict):
            raise InvalidToolError("'properties' of the parameters must be an object")
        # Some catalogs write the Python word.
        schema = {**schema, "type": "object"} if schema.get("type") in (None, "dict") else schema
        return _with_required(schema)
    if all(isinstance(item, dict) for item in schema.values()):
        return _with_required({"type": "object", "properties": schema})
    return schema


def _with_required(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with its required arguments in a list, where each says so of itself, as up to draft 3."""
    properties = schema.get("properties") or {}
    marked = {name for name, said in properties.items() if _says_required(said)}
    if not marked:
        return schema
    listed = schema.get("required")
    needed = [name for name in properties if name in marked and properties[name]["required"]]
    before = listed if isinstance(listed, list) else []
    plain = {
        name: {key: part for key, part in said.items() if key != "required"} if name in marked else said
        for name, said in properties.items()
    }
    required = [*before, *(name for name in needed if name not in before)]
    return {**schema, "properties": plain, **({"required": required} if required else {})}


def _says_required(said: object) -> bool:
    return isinstance(said, dict) and isinstance(said.get("required"), bool)


def _named_parameters(values: list[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for value in values:
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            raise InvalidToolError("each parameter of a list needs a 'name'")
        named[value["name"]] = {k: v for k, v in value.items() if k != "name"}
    return named


def _json_object(value: object, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidToolError(f"the {field} are of type {type(value).__name__}; a JSON object is expected")
    try:
        check_json(value, MAX_SCHEMA_CHARACTERS)
    except ValueError as error:
        raise InvalidToolError(f"the {field} {error}") from error
    return value
