"""Calling Python functions and the tools of LangChain."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, PydanticUserError, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError, to_jsonable_python
from typing_extensions import is_typeddict

from toolshed.calling.arguments import unknown_arguments
from toolshed.calling.results import Answer, BinaryContent
from toolshed.calling.texts import json_text
from toolshed.catalog.python_types import fields_of, namespaces, readable, resolved, unpacked
from toolshed.errors import InvalidArgumentsError, NotCallableError
from toolshed.types import ToolDefinition

# Items of a generator that are taken.
_MAX_ITEMS = 10_000
_LOOSE = ConfigDict(arbitrary_types_allowed=True)
_Namespaces = tuple[Mapping[str, Any], Mapping[str, Any]]


class Invocation(NamedTuple):
    """A function with its arguments.

    Attributes:
        run: Calls it; gives its value, or what is awaited for it.
        is_async: Whether it is to be called in an event loop.
    """

    run: Callable[[], Any]
    is_async: bool


def invocation(tool: ToolDefinition, target: Any, arguments: dict[str, Any]) -> Invocation:
    """How to call a Python object with arguments that were checked against the tool's schema.

    Raises:
        InvalidArgumentsError: If one has no place in the call, or does not become what the function wants.
        NotCallableError: If the function wants what only its framework can give.
    """
    if hasattr(target, "invoke") and hasattr(target, "tool_call_schema"):
        return _of_langchain(tool, target, arguments)
    if _has_fields(target):
        value = _converted(tool, "the arguments", readable(target), arguments)
        return Invocation(lambda: value, is_async=False)
    positional, named = _bound(tool, target, arguments)
    return Invocation(functools.partial(target, *positional, **named), _is_async(target))


def _has_fields(kind: Any) -> bool:
    is_class = isinstance(kind, type) and (issubclass(kind, BaseModel) or dataclasses.is_dataclass(kind))
    return is_class or is_typeddict(kind)


def _is_async(target: Any) -> bool:
    while isinstance(target, functools.partial):
        target = target.func
    return inspect.iscoroutinefunction(target) or inspect.iscoroutinefunction(
        getattr(target, "__call__", None)  # noqa: B004  # the method is looked at, not whether it is there
    )


# Any: tools of LangChain, which is an optional dependency, and values of every type.
def _of_langchain(tool: ToolDefinition, target: Any, arguments: dict[str, Any]) -> Invocation:
    properties = tool.parameters.get("properties", {})
    unknown = [name for name in arguments if name not in properties]
    # LangChain drops what the schema does not name.
    if unknown and not tool.parameters.get("additionalProperties"):
        raise InvalidArgumentsError(unknown_arguments(tool, unknown, [*properties]))
    given: Any = arguments
    if getattr(target, "response_format", "") == "content_and_artifact":
        given = {"name": target.name, "args": arguments, "id": "toolshed", "type": "tool_call"}
    is_async = getattr(target, "coroutine", None) is not None and getattr(target, "func", None) is None
    return Invocation(functools.partial(target.ainvoke if is_async else target.invoke, given), is_async)


def _bound(tool: ToolDefinition, target: Any, arguments: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):
        # Built-in functions may have no signature.
        return [], arguments
    where = namespaces(_annotated(target))
    positional: list[Any] = []
    named: dict[str, Any] = {}
    left = dict(arguments)
    for name, parameter in parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if name in left:
            value = _converted(tool, repr(name), _hint(parameter, where), left.pop(name))
        elif isinstance(parameter.default, FieldInfo):
            value = parameter.default.get_default(call_default_factory=True)
        elif parameter.default is parameter.empty and name not in tool.parameters.get("properties", {}):
            raise NotCallableError(
                f"{tool.tool_id!r} wants {name!r}, which only its framework can give; "
                "call it there, or add a function that does without"
            )
        else:
            continue
        if parameter.kind is parameter.POSITIONAL_ONLY:
            positional.append(value)
        else:
            named[name] = value
    return positional, {**named, **_by_any_name(tool, parameters, left, where)}


def _by_any_name(
    tool: ToolDefinition,
    parameters: Mapping[str, inspect.Parameter],
    left: dict[str, Any],
    where: _Namespaces,
) -> dict[str, Any]:
    """What is left for ``**more``, where there is such."""
    if not left:
        return {}
    more = next((one for one in parameters.values() if one.kind is one.VAR_KEYWORD), None)
    if more is None:
        raise InvalidArgumentsError(unknown_arguments(tool, left, [*parameters]))
    fields = unpacked(_hint(more, where))
    hints = fields_of(fields) if fields else {}
    return {name: _converted(tool, repr(name), hints.get(name, Any), value) for name, value in left.items()}


def _annotated(target: Any) -> Any:
    """The function in whose module the annotations are written."""
    while isinstance(target, functools.partial):
        target = target.func
    if isinstance(target, type):
        return vars(target).get("__init__", target)
    return inspect.unwrap(target if inspect.isroutine(target) else type(target).__call__)


def _hint(parameter: inspect.Parameter, where: _Namespaces) -> Any:
    if parameter.annotation is parameter.empty:
        return Any
    try:
        return readable(resolved(parameter.annotation, *where))
    # Broad: what a name of a type stands for is looked up by running it.
    except Exception:
        return Any


def _converted(tool: ToolDefinition, what: str, kind: Any, value: Any) -> Any:
    """A JSON value as what the function says it takes: a model, a date, a choice."""
    try:
        # Types with fields have a configuration of their own.
        adapter = TypeAdapter(kind) if _has_fields(kind) else TypeAdapter(kind, config=_LOOSE)
    except (PydanticUserError, PydanticSchemaGenerationError, TypeError):
        return value
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        # Without the value and without an address on the web.
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc']))} {one['msg']}".strip()
            for one in error.errors(include_input=False, include_url=False, include_context=False)[:10]
        )
        raise InvalidArgumentsError(
            f"{tool.tool_id!r} does not take {what} as it is: {wrong}; nothing was called"
        ) from None


def raised(error: BaseException) -> Answer:
    """The answer of a function that raised."""
    said = str(error)
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return Answer(text, is_error=True, exception=error)


def returned(value: Any) -> Answer:
    """The answer of a function that gave a value."""
    if isinstance(value, Answer):
        return value
    if isinstance(value, str):
        return Answer(value)
    if isinstance(value, bytes | bytearray | memoryview):
        value = BinaryContent("application/octet-stream", bytes(value))
    if isinstance(value, BinaryContent):
        return Answer(value.described(), binaries=(value,))
    if hasattr(value, "tool_call_id") and hasattr(value, "content"):
        return _of_message(value)
    plain = _plain(value)
    return Answer(json_text(plain), structured=plain, is_structured=True)


def _of_message(message: Any) -> Answer:
    """A message of LangChain, whose artifact is what it gives beside the text for the model."""
    content = message.content
    text = content if isinstance(content, str) else "\n".join(map(_block_text, content))
    artifact = getattr(message, "artifact", None)
    return Answer(
        text,
        is_error=getattr(message, "status", "") == "error",
        structured=None if artifact is None else _plain(artifact),
        is_structured=artifact is not None,
    )


def _block_text(block: Any) -> str:
    is_text = isinstance(block, Mapping) and isinstance(block.get("text"), str)
    return block["text"] if is_text else block if isinstance(block, str) else json_text(_plain(block))


def _plain(value: Any) -> Any:
    if isinstance(value, Iterator):
        value = [*islice(value, _MAX_ITEMS)]
    try:
        return to_jsonable_python(value, fallback=_foreign, bytes_mode="base64", serialize_unknown=True)
    except (PydanticSerializationError, ValueError, TypeError, RecursionError):
        return str(value)


def _foreign(value: Any) -> Any:
    # Arrays and numbers of numpy, tables of pandas.
    for name in ("tolist", "to_dict"):
        convert = getattr(value, name, None)
        if callable(convert):
            return convert()
    return str(value)
