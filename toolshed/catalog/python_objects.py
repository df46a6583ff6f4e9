"""Python objects as tools: functions, tools of frameworks, lists of them, dictionaries, definitions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from toolshed.catalog.definitions import Catalog, InvalidEntry, collect, define_tool, source_name
from toolshed.catalog.framework_tools import MAX_OBJECTS, framework_tool, function_behind, members
from toolshed.catalog.json_shapes import listed_tools, parse_tool, says_tool
from toolshed.catalog.langchain_tools import is_langchain_tool, langchain_tool
from toolshed.catalog.locations import checked_source_name, located_module
from toolshed.catalog.namesakes import apart
from toolshed.catalog.python_functions import describe_function
from toolshed.errors import InvalidToolError
from toolshed.types import ToolDefinition

# How a tool is called whose object is at hand.
_BINDING = {"kind": "python"}
# Lists in lists, toolkits of toolkits.
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class _Given:
    """An object that was given, where it stands, and the name it was given under."""

    label: str
    value: Any
    name: str = ""


@dataclass(frozen=True, slots=True)
class _ReadObject:
    """A tool that was read from an object, the object where it can be called, and what there is to say."""

    tool: ToolDefinition
    location: str
    call: Any = None  # Any: callables of every framework
    notes: tuple[str, ...] = ()


def read_objects(objects: Iterable[Any], *, name: str | None = None) -> list[Catalog]:
    """Read functions, tools of frameworks, lists and toolkits of them; one catalog per source.

    Args:
        objects: The objects.
        name: One source for all of them; their modules, or what their definitions say, when not given.
    """
    by_source: dict[str, list[tuple[str, _ReadObject]]] = {}
    failed: list[InvalidEntry] = []
    for given in _flat(objects):
        try:
            read = _read_given(given)
        except InvalidToolError as error:
            failed.append(InvalidEntry(given.label, str(error)))
            continue
        if name is not None:
            read = replace(read, tool=replace(read.tool, source=checked_source_name(name)))
        by_source.setdefault(read.tool.source, []).append((given.label, read))
    catalogs = [_catalog(source, entries) for source, entries in by_source.items()]
    return [*catalogs, Catalog(name or "arguments", (), tuple(failed))] if failed else catalogs


def read_object(value: Any) -> ToolDefinition:
    """Describe one Python object as a tool.

    Raises:
        InvalidToolError: If it is nothing we can describe.
    """
    return _read(value).tool


def _flat(objects: Iterable[Any], label: str = "number ", depth: int = 0) -> Iterator[_Given]:
    """The objects, with the tools of lists and toolkits in their place."""
    for position, value in enumerate(objects, start=1):
        here = f"{label}{position}"
        if position > MAX_OBJECTS:
            yield _Given(here, InvalidToolError(f"more than {MAX_OBJECTS:,} tools in one list; split it"))
            return
        try:
            inner = None if depth == _MAX_DEPTH else _inner(value)
        except InvalidToolError as error:
            yield _Given(here, error)
            continue
        if inner is None:
            yield _Given(here, value)
        elif isinstance(inner, dict):
            yield from (_Given(f"{here}.{name}", one, str(name)) for name, one in inner.items())
        else:
            yield from _flat(inner, f"{here}.", depth + 1)


def _inner(value: Any) -> Iterable[Any] | None:
    """What stands in a group of tools, by name where it has names; None of one tool."""
    if not isinstance(value, dict):
        return members(value)
    if says_tool(value):
        return None
    # Names and functions, as in {"add": add}.
    if value and not any(isinstance(part, dict | list | str) or part is None for part in value.values()):
        return value
    return listed_tools(value)


def _read_given(given: _Given) -> _ReadObject:
    if isinstance(given.value, InvalidToolError):
        raise given.value
    read = _read(given.value, given.name)
    if not given.name or given.name == read.tool.name:
        return read
    named = define_tool(given.name, "", None, source=read.tool.source).name
    return replace(read, tool=replace(read.tool, name=named, key=""))


def _catalog(source: str, entries: Sequence[tuple[str, _ReadObject]]) -> Catalog:
    catalog = collect(source, ((label, lambda read=read: read.tool) for label, read in entries))  # type: ignore[misc]
    by_id = {tool.tool_id: tool for tool in catalog.tools}
    callables = {
        apart(read.tool, by_id).tool_id: read.call for _, read in reversed(entries) if read.call is not None
    }
    locations = {read.location for _, read in entries}
    location = locations.pop() if len(locations) == 1 else f"python:{source}"
    notes = dict.fromkeys(note for _, read in entries for note in read.notes)
    return replace(catalog, location=location, callables=callables, warnings=(*catalog.warnings, *notes))


def _read(value: Any, name: str = "") -> _ReadObject:
    if isinstance(value, ToolDefinition):
        return _ReadObject(_checked(value), value.location or f"python:{value.source}")
    if isinstance(value, dict):
        return _ReadObject(parse_tool(value, source="python"), "python:")
    if is_langchain_tool(value):
        return _callable(langchain_tool(value), value, "python:langchain")
    found = framework_tool(value)
    if found is not None:
        return _of_framework(found.tool, value, found.function)
    if callable(value):
        described = describe_function(value, name=name)
        location = located_module(described.module)
        return replace(_callable(described.tool, value, location), notes=described.notes)
    behind = None if isinstance(value, str | bytes) else function_behind(value)
    if behind is not None and isinstance(getattr(value, "name", None), str):
        # A framework that makes the schema when it calls a model, as Google's ADK does.
        read = _read(behind, name or value.name)
        return replace(read, call=value)
    raise InvalidToolError(
        f"{type(value).__name__} is no source of tools; give a path, a URL, a function, a tool of an agent "
        "framework, a list of them, a dictionary or a ToolDefinition"
    )


def _of_framework(tool: ToolDefinition, value: Any, function: Any) -> _ReadObject:
    module = getattr(function, "__module__", None)
    if isinstance(module, str) and module:
        return _callable(replace(tool, source=source_name(module)), value, located_module(module))
    if callable(value) or any(hasattr(value, name) for name in _RUNS):
        return _callable(tool, value, f"python:{tool.source}")
    return _ReadObject(tool, f"python:{tool.source}")


# What runs a tool that is no function.
_RUNS = ("on_invoke_tool", "run", "_run", "run_async", "run_json", "call", "acall", "forward", "stream")


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
