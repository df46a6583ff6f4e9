"""Annotations of Python functions: what they stand for, what is said in them, what a framework fills in."""

import re
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

import typing_extensions
from pydantic.fields import FieldInfo

# What frameworks give to a tool themselves, by the package and name of the type.
_GIVEN_BY_FRAMEWORK: Mapping[str, frozenset[str]] = {
    "Context": frozenset({"mcp", "fastmcp", "workflows", "llama_index"}),
    "RunContext": frozenset({"pydantic_ai", "agno"}),
    "RunContextWrapper": frozenset({"agents"}),
    "ToolContext": frozenset({"agents", "google", "strands"}),
    "InjectedToolArg": frozenset({"langchain_core", "langchain"}),
    "RunnableConfig": frozenset({"langchain_core", "langchain"}),
    "ToolRuntime": frozenset({"langgraph", "langchain"}),
    "BaseCallbackManager": frozenset({"langchain_core"}),
    "BaseRunManager": frozenset({"langchain_core"}),
    "CancellationToken": frozenset({"autogen_core"}),
    "Depends": frozenset({"fastapi", "fastmcp", "docket", "fast_depends"}),
    "Dependency": frozenset({"docket", "fastmcp"}),
}
# The same where the import is only there for type checkers: these names mean nothing else.
_GIVEN_BY_NAME = re.compile(
    r"\b(RunContext|RunContextWrapper|ToolRuntime|RunnableConfig|Injected(?:ToolArg|ToolCallId|State|Store)|"
    r"(?:Async)?CallbackManagerForToolRun)\b"
)
_CONTEXT_BY_NAME = re.compile(r"\b(?:\w+\.)?(?:Context|ToolContext)\b")
_NAMES_OF_CONTEXTS = ("ctx", "context", "tool_context")
_MAX_DEPTH = 20
# typing_extensions has some of its own, where those of this Python lack something.
_MARKS: tuple[Any, ...] = (
    typing.Required,
    typing.NotRequired,
    typing_extensions.Required,
    typing_extensions.NotRequired,
    typing_extensions.ReadOnly,
)


def resolved(annotation: Any, globalns: Mapping[str, Any], localns: Mapping[str, Any]) -> Any:
    """The type that an annotation stands for.

    Raises:
        NameError: If it names what is not there; also the other errors that evaluating it can raise.
    """
    # Any: a type of any kind, or its text.
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    hints = typing.get_type_hints(holder, dict(globalns), dict(localns), include_extras=True)
    return hints["it"]


def is_given_by_framework(annotation: Any, name: str) -> bool:
    """Whether an argument is filled in by the framework that calls the tool, and not by a model."""
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        is_context = name in _NAMES_OF_CONTEXTS and bool(_CONTEXT_BY_NAME.search(annotation))
        return is_context or bool(_GIVEN_BY_NAME.search(annotation))
    return any(is_framework_type(part) for part in _parts(annotation))


def is_framework_type(value: Any) -> bool:
    """Whether a type, or what an object is of, is among those that frameworks fill in."""
    kind = value if isinstance(value, type) else type(value)
    return any(
        base.__module__.partition(".")[0] in _GIVEN_BY_FRAMEWORK.get(base.__name__, ())
        for base in getattr(kind, "__mro__", ())
    )


def _parts(annotation: Any, depth: int = 0) -> Iterator[Any]:
    """The types that an annotation allows, and what is said of them."""
    if depth > _MAX_DEPTH:
        return
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *said = get_args(annotation)
        yield from said
        yield from _parts(inner, depth + 1)
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _parts(member, depth + 1)
    else:
        yield origin or annotation


def said_in(annotation: Any) -> str:
    """The text in ``Annotated[..., "text"]``, ``Doc("text")`` or ``Field(description="text")``."""
    for part in _parts(annotation):
        if isinstance(part, type):
            continue
        text = part if isinstance(part, str) else getattr(part, "documentation", None)
        text = part.description if isinstance(part, FieldInfo) else text
        if isinstance(text, str) and text.strip():
            return text.strip()
    return ""


def readable(annotation: Any) -> Any:
    """An annotation that pydantic reads: before Python 3.12 it refuses ``typing.TypedDict``."""
    if sys.version_info >= (3, 12):
        return annotation
    return _readable(annotation, {})


def _readable(annotation: Any, made: dict[Any, Any]) -> Any:
    if _is_old_typed_dict(annotation):
        return _typed_dict(annotation, made)
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if not arguments or origin is typing.Literal:
        return annotation
    if origin is Annotated:
        inner, *said = arguments
        return Annotated[(_readable(inner, made), *said)]
    changed = tuple(_readable(part, made) if not isinstance(part, list) else part for part in arguments)
    if all(new is old for new, old in zip(changed, arguments, strict=True)):
        return annotation
    if origin in (Union, types.UnionType):
        return Union[changed]  # noqa: UP007  # made of a tuple
    return annotation.copy_with(changed) if hasattr(annotation, "copy_with") else origin[changed]


def _is_old_typed_dict(kind: Any) -> bool:
    return typing.is_typeddict(kind) and type(kind).__module__ == "typing"


def _typed_dict(kind: Any, made: dict[Any, Any]) -> Any:
    if kind in made:
        return made[kind]
    # What refers to itself is any object, the second time.
    made[kind] = dict[str, Any]
    fields: dict[str, Any] = {}
    for name, hint in fields_of(kind).items():
        mark = typing_extensions.Required if name in kind.__required_keys__ else typing_extensions.NotRequired
        fields[name] = mark[_readable(hint, made)]
    new: Any = typing_extensions.TypedDict(kind.__name__, fields)  # type: ignore[misc]  # made, not declared
    new.__doc__, new.__module__ = kind.__doc__, kind.__module__
    made[kind] = new
    return new


def fields_of(kind: Any) -> Mapping[str, Any]:
    """The types of the fields of a ``TypedDict``, without the marks of what is required."""
    hints = typing_extensions.get_type_hints(kind, include_extras=True)
    return {name: get_args(h)[0] if get_origin(h) in _MARKS else h for name, h in hints.items()}


def unpacked(annotation: Any) -> Any:
    """The ``TypedDict`` in ``**more: Unpack[Fields]``; None of other annotations."""
    origin: Any = get_origin(annotation)
    if origin not in (typing.Unpack, typing_extensions.Unpack):
        return None
    kind = get_args(annotation)[0]
    return kind if typing_extensions.is_typeddict(kind) else None


def namespaces(function: Callable[..., Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Where the names in a function's annotations are looked up: its module, and what encloses it."""
    code = getattr(function, "__code__", None)
    cells = getattr(function, "__closure__", None) or ()
    enclosing: dict[str, Any] = {}
    for name, cell in zip(code.co_freevars if code else (), cells, strict=False):
        try:
            enclosing[name] = cell.cell_contents
        except ValueError:
            # Defined further down than the function was described.
            continue
    return getattr(function, "__globals__", {}), enclosing
