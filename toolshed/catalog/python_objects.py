"""Python objects as tools: functions, tools of frameworks, dictionaries, definitions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from toolshed.catalog.definitions import Catalog, InvalidEntry, collect, define_tool, source_name
from toolshed.catalog.json_shapes import parse_tool
from toolshed.catalog.langchain_tools import is_langchain_tool, langchain_tool
from toolshed.catalog.locations import checked_source_name, module_location
from toolshed.catalog.python_functions import function_tool
from toolshed.errors import InvalidToolError
from toolshed.types import ToolDefinition

# How a tool is called whose object is at hand.
_BINDING = {"kind": "python"}


@dataclass(frozen=True, slots=True)
class _ReadObject:
    """A tool that was read from an object, and the object where it can be called."""

    tool: ToolDefinition
    location: str
    call: Any = None  # Any: callables of every framework


def read_objects(objects: Sequence[Any], *, name: str | None = None) -> list[Catalog]:
    """Read functions, LangChain tools, definitions and dictionaries; one catalog per source.

    Args:
        objects: The objects.
        name: One source for all of them; their modules, or what their definitions say, when not given.
    """
    by_source: dict[str, list[tuple[str, _ReadObject]]] = {}
    failed: list[InvalidEntry] = []
    for position, value in enumerate(objects, start=1):
        label = f"number {position}"
        try:
            read = _read(value)
        except InvalidToolError as error:
            failed.append(InvalidEntry(label, str(error)))
            continue
        if name is not None:
            read = replace(read, tool=replace(read.tool, source=checked_source_name(name)))
        by_source.setdefault(read.tool.source, []).append((label, read))
    catalogs = [_catalog(source, entries) for source, entries in by_source.items()]
    return [*catalogs, Catalog(name or "arguments", (), tuple(failed))] if failed else catalogs


def read_object(value: Any) -> ToolDefinition:
    """Describe one Python object as a tool.

    Raises:
        InvalidToolError: If it is nothing we can describe.
    """
    return _read(value).tool


def _catalog(source: str, entries: Sequence[tuple[str, _ReadObject]]) -> Catalog:
    catalog = collect(source, ((label, lambda read=read: read.tool) for label, read in entries))  # type: ignore[misc]
    by_tool = {read.tool.tool_id: read for _, read in reversed(entries) if read.call is not None}
    callables = {
        tool.tool_id: by_tool[tool.tool_id].call for tool in catalog.tools if tool.tool_id in by_tool
    }
    locations = {read.location for _, read in entries}
    location = locations.pop() if len(locations) == 1 else f"python:{source}"
    return replace(catalog, location=location, callables=callables)


def _read(value: Any) -> _ReadObject:
    if isinstance(value, ToolDefinition):
        return _ReadObject(_checked(value), value.location or f"python:{value.source}")
    if isinstance(value, dict):
        return _ReadObject(parse_tool(value, source="python"), "python:")
    if is_langchain_tool(value):
        return _callable(langchain_tool(value), value, "python:langchain")
    if callable(value):
        return _callable(function_tool(value), value, module_location(value))
    raise InvalidToolError(
        f"{type(value).__name__} is no source of tools; give a path, a URL, a function, a LangChain tool, "
        "a dictionary or a ToolDefinition"
    )


def _callable(tool: ToolDefinition, value: Any, location: str) -> _ReadObject:
    return _ReadObject(replace(tool, binding=tool.binding or _BINDING), location, value)


def _checked(tool: ToolDefinition) -> ToolDefinition:
    return define_tool(
        tool.name,
        tool.description,
        dict(tool.parameters),
        source=source_name(tool.source),
        tags=tool.tags,
        output_schema=tool.output_schema,
        annotations=tool.annotations,
        key=tool.key,
        title=tool.title,
        service=tool.service,
        service_description=tool.service_description,
        binding=tool.binding,
        extras=tool.extras,
    )
