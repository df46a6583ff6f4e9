"""Plain Python functions: signature, type hints and docstring become a tool definition."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

import docstring_parser
from pydantic import ConfigDict, Field, PydanticUserError, create_model
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError

from toolshed.catalog.definitions import define_tool, source_name
from toolshed.errors import InvalidToolError
from toolshed.types import ToolDefinition

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def function_tool(function: Callable[..., Any], *, source: str | None = None) -> ToolDefinition:
    """Describe a function as a tool.

    Args:
        function: Any callable with a name; arguments without a type accept anything.
        source: Name of the source; the function's module when not given.

    Raises:
        InvalidToolError: If it has no name, or a type has no JSON Schema.
    """
    name = getattr(function, "__name__", "")
    if not name or name == "<lambda>":
        raise InvalidToolError(f"{function!r} has no name; define it with def, or give a ToolDefinition")
    docstring = docstring_parser.parse(inspect.getdoc(function) or "")
    described = {param.arg_name: param.description or "" for param in docstring.params}
    texts = (docstring.short_description, docstring.long_description)
    return define_tool(
        name,
        "\n\n".join(text.strip() for text in texts if text),
        _schema(function, described),
        source=source or source_name(getattr(function, "__module__", None) or "python"),
    )


def _schema(function: Callable[..., Any], described: dict[str, str]) -> dict[str, Any]:
    try:
        fields: Any = dict(_fields(function, described))  # Any: create_model's overloads
        model = create_model("Arguments", __config__=ConfigDict(arbitrary_types_allowed=False), **fields)
        schema: dict[str, Any] = model.model_json_schema()
    except (
        NameError,
        PydanticInvalidForJsonSchema,
        PydanticSchemaGenerationError,
        PydanticUserError,
        TypeError,
    ) as error:
        raise InvalidToolError(
            f"the arguments of {function.__name__!r} have no JSON Schema: {str(error).splitlines()[0]}"
        ) from error
    schema.pop("title", None)
    return schema


def _fields(function: Callable[..., Any], described: dict[str, str]) -> Iterator[tuple[str, Any]]:
    hints = get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in _VARIADIC or name in ("self", "cls"):
            continue
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        description = described.get(name) or None
        yield name, (hints.get(name, Any), Field(default, description=description))
