"""Python functions, and what can be called like one: signature, types and docstring become a definition."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import docstring_parser
import typing_extensions

from toolshed.catalog.definitions import define_tool, source_name
from toolshed.catalog.python_arguments import Schema, arguments_schema, type_schema
from toolshed.errors import InvalidToolError
from toolshed.types import ToolDefinition

# Classes of these say nothing of what a class derived from them is for.
_NOT_THE_USERS = frozenset(
    {"abc", "builtins", "dataclasses", "enum", "pydantic", "typing", "typing_extensions"}
)


@dataclass(frozen=True, slots=True)
class DescribedFunction:
    """A function as a tool.

    Attributes:
        tool: Its definition.
        module: Where it was defined.
        notes: What its user should know: arguments that were left out, types that are not known.
    """

    tool: ToolDefinition
    module: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Callable:
    """What can be called.

    Attributes:
        value: What is called.
        function: The function behind it, or the class.
        name: What it is called; empty where nothing names it.
        doc: What is said of it.
        bound: Arguments that are given already.
    """

    value: Callable[..., Any]
    function: Callable[..., Any]
    name: str
    doc: str
    bound: frozenset[str] = frozenset()


def function_tool(function: Callable[..., Any], *, source: str | None = None) -> ToolDefinition:
    """Describe a function, a partial, a callable object or a class as a tool.

    Args:
        function: Any callable with a name; arguments without a type accept anything.
        source: Name of the source; the function's module when not given.

    Raises:
        InvalidToolError: If it has no name, or a type has no JSON Schema.
    """
    return describe_function(function, source=source).tool


def describe_function(
    function: Callable[..., Any], *, source: str | None = None, name: str = ""
) -> DescribedFunction:
    """The same as :func:`function_tool`, with what there is to say of it, and maybe under another name."""
    found = _callable(function)
    found = replace(found, name=name or found.name)
    if not found.name or found.name == "<lambda>":
        raise InvalidToolError(f"{function!r} has no name; define it with def, or give a ToolDefinition")
    text, described = read_docstring(found.doc)
    arguments = _schema(found, described)
    module = getattr(found.function, "__module__", None) or "python"
    tool = define_tool(found.name, text, arguments.schema, source=source or source_name(module))
    return DescribedFunction(tool, module, tuple(f"{found.name}: {note}" for note in arguments.notes))


def read_docstring(doc: str) -> tuple[str, Mapping[str, str]]:
    """What a docstring (Google, NumPy, Sphinx) says of the whole, and of each argument."""
    try:
        parsed = docstring_parser.parse(doc)
    except docstring_parser.ParseError:
        return doc.strip(), {}
    described = {
        param.arg_name.strip("*`"): param.description.strip() for param in parsed.params if param.description
    }
    texts = (parsed.short_description, parsed.long_description)
    return "\n\n".join(text.strip() for text in texts if text), described


def _schema(found: _Callable, described: Mapping[str, str]) -> Schema:
    if found.value is found.function and _has_fields(found.function):
        return type_schema(found.function, name=found.name, described=described)
    annotated = inspect.unwrap(found.function)
    return arguments_schema(
        found.value,
        name=found.name,
        annotated=annotated.__init__ if isinstance(annotated, type) else annotated,  # type: ignore[misc]  # only its module is looked at
        described=described,
        bound=found.bound,
        skip_first=_takes_its_object(found.value),
    )


def _has_fields(kind: Any) -> bool:
    """Whether a class is a pydantic model or a ``TypedDict``; all others are known by how they are made."""
    marks = ("model_json_schema", "__is_pydantic_dataclass__")
    is_model = isinstance(kind, type) and any(hasattr(kind, mark) for mark in marks)
    return is_model or typing_extensions.is_typeddict(kind)


def _takes_its_object(value: Any) -> bool:
    """Whether it is a method that was taken from its class, so that the first argument is its object."""
    if not inspect.isfunction(value):
        return False
    holder = value.__qualname__.rpartition(".")[0]
    first = next(iter(inspect.signature(value).parameters), "")
    return bool(holder) and not holder.endswith("<locals>") and first in ("self", "cls")


def _callable(value: Any) -> _Callable:
    if isinstance(value, functools.partial):
        return _partial(value)
    if isinstance(value, staticmethod):
        return _callable(value.__func__)
    if isinstance(value, type):
        return _Callable(value, value, value.__name__, _class_doc(value))
    if inspect.isroutine(value) or hasattr(value, "__name__"):
        function = getattr(value, "__func__", value)
        return _Callable(value, function, getattr(value, "__name__", ""), inspect.getdoc(value) or "")
    kind = type(value)
    method = kind.__call__
    name = getattr(value, "name", None)
    # Its own: what it would inherit is Python's.
    doc = inspect.cleandoc(method.__doc__ or "") if inspect.isfunction(method) else ""
    description = getattr(value, "description", None)
    if isinstance(name, str) and name:
        doc = description if isinstance(description, str) and description else doc
    else:
        name = kind.__name__
    return _Callable(value, method, name, doc or _class_doc(kind))


def _partial(value: "functools.partial[Any]") -> _Callable:
    """What is left of a function of which some arguments are given."""
    inner = _callable(value.func)
    name = getattr(value, "__name__", None) or inner.name
    # A partial's own docstring is that of the class, unless someone wrote one.
    own = value.__doc__ if value.__doc__ != functools.partial.__doc__ else None
    return replace(
        inner, value=value, name=name, doc=own or inner.doc, bound=inner.bound | frozenset(value.keywords)
    )


def _class_doc(kind: type) -> str:
    """The docstring of a class or of one of its user's it derives from; not what pydantic or Python wrote."""
    for base in kind.__mro__:
        doc = base.__dict__.get("__doc__")
        is_users = base.__module__.partition(".")[0] not in _NOT_THE_USERS
        if isinstance(doc, str) and is_users and not doc.startswith(f"{base.__name__}("):
            return inspect.cleandoc(doc)
    return ""
