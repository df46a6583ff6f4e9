"""Tool definitions in requests: in our own form, or in any that providers write."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from toolshed.catalog.definitions import Catalog, collect, define_tool
from toolshed.catalog.json_shapes import parse_tool
from toolshed.catalog.locations import checked_source_name
from toolshed.catalog.visible_text import hidden_character
from toolshed.errors import ConfigurationError, InvalidToolError
from toolshed.types import ToolDefinition

# A JSON value as it came; its shape is only known to whoever wrote it.
Json = dict[str, Any]
_OWN = ("source", "key", "service", "service_description", "binding", "extras")


def uploaded_catalogs(entries: Sequence[Json], *, source: str, origin: str = "") -> list[Catalog]:
    """The definitions of a request by source; entries that are none are told in their catalog.

    Args:
        entries: The definitions.
        source: Name of the source of those that name none.
        origin: Where the client read them; it tells one client's source from another's of the same name.

    Raises:
        InvalidToolError: If the name of a source will not do.
    """
    named: defaultdict[str, list[tuple[str, Callable[[], ToolDefinition]]]] = defaultdict(list)
    for position, entry in enumerate(entries):
        name = checked_name(entry.get("source", source))
        named[name].append((f"entry {position}", partial(uploaded_tool, entry, source=name)))
    return [uploaded(collect(name, builders), origin) for name, builders in named.items()]


def uploaded(catalog: Catalog, origin: str) -> Catalog:
    """A catalog whose location is what a client says; it is never read from there, and never called there.

    Raises:
        InvalidToolError: If the origin will not do.
    """
    origin = origin.strip()
    if hidden_character(origin):
        raise InvalidToolError("the origin holds characters that nobody sees; leave them out")
    location = f"upload:{origin}" if origin else ""
    return Catalog(catalog.source, catalog.tools, catalog.invalid, location, catalog.warnings)


def uploaded_tool(entry: Json, *, source: str) -> ToolDefinition:
    """One definition.

    Raises:
        InvalidToolError: If it is none, or says that it is a tool of an MCP server.
    """
    tool = parse_tool({name: value for name, value in entry.items() if name not in _OWN}, source=source)
    binding = entry.get("binding")
    if isinstance(binding, dict) and binding.get("kind") == "mcp":
        raise InvalidToolError(
            "tools of an MCP server are read from it: give its URL to POST /v1/sources, "
            "or leave the binding out"
        )
    extras = entry.get("extras") or {}
    if not isinstance(extras, dict):
        raise InvalidToolError("the extras are no object")
    return define_tool(
        tool.name,
        tool.description,
        tool.parameters,
        source=source,
        tags=tool.tags,
        output_schema=tool.output_schema,
        annotations=tool.annotations,
        key=entry.get("key") or tool.key,
        title=tool.title,
        service=entry.get("service"),
        service_description=entry.get("service_description"),
        binding=binding,
        extras={**tool.extras, **extras},
    )


def identified_tool(entry: Json, tool_id: str) -> ToolDefinition:
    """The definition that a request gives to one id.

    Raises:
        InvalidToolError: If the id is none, or the definition is of another.
    """
    source, colon, key = tool_id.partition(":")
    if not colon or not key:
        raise InvalidToolError(f"{tool_id[:100]!r} is no id of a tool; ids are written source:name")
    named = entry if "key" in entry or "id" in entry else {**entry, "key": key}
    tool = uploaded_tool(named, source=checked_name(entry.get("source", source)))
    if tool.tool_id != tool_id:
        raise InvalidToolError(f"the definition is of {tool.tool_id[:100]!r}, and not of {tool_id[:100]!r}")
    return tool


def checked_name(name: object) -> str:
    """The name of a source.

    Raises:
        InvalidToolError: If it will not do.
    """
    if not isinstance(name, str):
        raise InvalidToolError("the source is no text")
    try:
        return checked_source_name(name)
    except ConfigurationError as error:
        raise InvalidToolError(str(error)) from None
