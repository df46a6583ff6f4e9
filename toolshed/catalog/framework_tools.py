"""Tools of agent frameworks, recognised by what they have, so that none of the frameworks is imported.

Known are those of LlamaIndex, pydantic-ai, the OpenAI Agents SDK, haystack, CrewAI, smolagents, FastMCP,
autogen, agno, Strands, and what the SDKs of Anthropic, Gemini and MCP declare.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping, ValuesView
from dataclasses import dataclass, replace
from typing import Any

from toolshed.catalog.json_shapes import parse_tool
from toolshed.errors import InvalidToolError
from toolshed.types import ToolDefinition

# Where frameworks keep the schema of the arguments.
_SCHEMAS = (
    "params_json_schema",
    "parameters_json_schema",
    "parameters",
    "input_schema",
    "inputSchema",
    "args_schema",
    "inputs",
    "args",
)
# Where they keep the function behind a tool.
_FUNCTIONS = ("real_fn", "fn", "func", "function", "entrypoint", "_fn", "_func", "coroutine", "async_fn")
# What gives a tool as JSON in one of the shapes that are read from files.
_DUMPS = ("to_params", "to_dict")
_LISTS = ("tools", "toolsets", "functions", "function_declarations")
# How toolkits list them: LangChain's and pydantic-ai's, LlamaIndex's specs.
_LISTING = ("get_tools", "to_tool_list")
# A toolkit that never ends is none.
MAX_OBJECTS = 100_000
_CREWAI_DESCRIPTION = "Tool Description:"


@dataclass(frozen=True, slots=True)
class FrameworkTool:
    """A tool of a framework, and the function behind it where it shows one."""

    tool: ToolDefinition
    function: Any = None  # Any: callables of every framework


def members(value: Any) -> Iterable[Any] | None:
    """The tools of a list, a generator, a toolkit, a toolset or an answer; None of what is no group.

    Raises:
        InvalidToolError: If they come asynchronously, or not at all.
    """
    if isinstance(value, list | tuple | set | frozenset | Iterator | ValuesView):
        return value
    if isinstance(value, type | str | bytes | dict | ToolDefinition) or _is_one_tool(value):
        return None
    for name in _LISTS:
        listed = _attribute(value, name)
        if isinstance(listed, Mapping):
            return list(listed.values())
        if isinstance(listed, list | tuple):
            return listed
    method = next((name for name in _LISTING if callable(_attribute(value, name))), None)
    return None if method is None else _of_toolkit(value, method)


def _of_toolkit(value: Any, method: str) -> Iterable[Any]:
    kind = type(value).__name__
    try:
        tools = getattr(value, method)()
    # Broad: the code of others, which may raise anything.
    except Exception as error:
        raise InvalidToolError(f"{method}() of {kind} failed: {type(error).__name__}: {error}") from error
    if inspect.iscoroutine(tools):
        tools.close()
        raise InvalidToolError(f"{kind} lists its tools asynchronously; give what it lists: await {method}()")
    if isinstance(tools, Mapping):
        return list(tools.values())
    if not isinstance(tools, Iterable):
        raise InvalidToolError(f"{method}() of {kind} gives a {type(tools).__name__} instead of a list")
    return tools


def _is_one_tool(value: Any) -> bool:
    return isinstance(_attribute(value, "name"), str) and _has_schema(value)


def _has_schema(value: Any) -> bool:
    return any(_attribute(value, name) is not None for name in _SCHEMAS)


def framework_tool(value: Any) -> FrameworkTool | None:
    """Read a tool of a framework; None of what is none.

    Raises:
        InvalidToolError: If it is one and its definition is bad.
    """
    if isinstance(value, type) or inspect.isroutine(value):
        return None
    said = _said(value)
    if said is None:
        return None
    function = function_behind(value)
    tool = parse_tool(said, source=_source(value))
    tags = _attribute(value, "tags")
    if isinstance(tags, set | frozenset):
        tool = replace(tool, tags=tuple(sorted(tag for tag in tags if isinstance(tag, str))))
    return FrameworkTool(tool, function)


def _source(value: Any) -> str:
    """The package that a tool is of; modules within it move from release to release."""
    package = type(value).__module__.partition(".")[0]
    return {"mcp_types": "mcp", "google": "google-genai", "agents": "openai-agents"}.get(
        package, package.replace("_", "-")
    )


def _said(value: Any) -> dict[str, Any] | None:
    """What a tool says, in one of the shapes that are read from files."""
    metadata = _attribute(value, "metadata")
    for holder in (metadata, value):
        if callable(_attribute(holder, "get_parameters_dict")):
            return _of_llama_index(holder)
    spec = _attribute(value, "tool_spec")
    if isinstance(spec, dict):
        return spec
    schema = _attribute(_attribute(value, "function_schema"), "json_schema")
    if isinstance(schema, dict):
        return _described(value, schema)
    if isinstance(_attribute(value, "name"), str):
        return _of_named(value)
    return None


def _of_named(value: Any) -> dict[str, Any] | None:
    if _is_declaration(value):
        dumped = value.model_dump(mode="json", by_alias=True, exclude_none=True)
        return dumped if isinstance(dumped, dict) else None
    schema = _attribute(value, "schema")
    if isinstance(schema, dict) and "name" in schema:
        return schema
    name = next((name for name in _SCHEMAS if _attribute(value, name) is not None), None)
    if name is not None:
        return _described(value, _as_schema(_attribute(value, name), is_smolagents=name == "inputs"))
    return next((said for dump in _DUMPS if (said := _dumped(_attribute(value, dump))) is not None), None)


def _is_declaration(value: Any) -> bool:
    """Whether it is a pydantic model that only describes a tool, as the SDKs of MCP and Gemini have."""
    fields = getattr(type(value), "model_fields", None)
    if not isinstance(fields, dict) or not any(name in fields for name in _SCHEMAS):
        return False
    return (
        not callable(value)
        and not isinstance(_attribute(value, "args_schema"), type)
        and function_behind(value) is None
    )


def function_behind(value: Any) -> Any:
    """The function that a tool of a framework runs; None where it shows none."""
    # Any: a function of any kind.
    return next((f for name in _FUNCTIONS if callable(f := _attribute(value, name))), None)


def _dumped(dump: Any) -> dict[str, Any] | None:
    if not callable(dump):
        return None
    try:
        dumped = dump()
    except (TypeError, ValueError, AttributeError):
        return None
    return dumped if isinstance(dumped, dict) and "name" in dumped else None


def _described(value: Any, schema: Any) -> dict[str, Any]:
    description = _attribute(value, "description")
    if description is None:
        description = _attribute(value, "desc")
    if isinstance(description, str) and _CREWAI_DESCRIPTION in description:
        # The rest repeats name and arguments.
        description = description.partition(_CREWAI_DESCRIPTION)[2].strip()
    strict = _attribute(value, "strict_json_schema")
    annotations = _attribute(value, "annotations")
    if callable(_attribute(annotations, "model_dump")):
        annotations = annotations.model_dump(mode="json", exclude_none=True)
    said = {
        "name": value.name,
        "description": description,
        "parameters": schema,
        "title": _attribute(value, "title"),
        "annotations": annotations if isinstance(annotations, dict) else None,
        "strict": strict if isinstance(strict, bool) else _attribute(value, "strict"),
        "output_schema": _dict_or_none(_attribute(value, "output_schema")),
    }
    return {key: part for key, part in said.items() if part is not None}


def _dict_or_none(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _as_schema(found: Any, *, is_smolagents: bool) -> Any:
    """A schema, however a framework keeps it: as JSON, as a pydantic class, as arguments by name."""
    for name in ("model_json_schema", "schema"):
        if isinstance(found, type) and callable(make := getattr(found, name, None)):
            return {key: part for key, part in make().items() if key not in ("title", "description")}
    if is_smolagents and isinstance(found, dict):
        # Every argument is required that may not be null.
        required = [n for n, part in found.items() if isinstance(part, dict) and not part.get("nullable")]
        return {"type": "object", "properties": found, "required": required}
    return found


def _of_llama_index(metadata: Any) -> dict[str, Any]:
    return {
        "name": metadata.name,
        "description": metadata.description,
        "parameters": metadata.get_parameters_dict(),
    }


def _attribute(value: Any, name: str) -> Any:
    """An attribute, or None: properties of others may raise anything."""
    try:
        return inspect.getattr_static(value, name, None) and getattr(value, name, None)
    # Broad: see above.
    except Exception:
        return None
