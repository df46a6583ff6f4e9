"""The arguments of Python functions as JSON Schema."""

import inspect
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import typing_extensions
from pydantic import Field, PydanticUserError, RootModel, TypeAdapter, create_model
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema

from toolshed.catalog.python_types import (
    fields_of,
    is_framework_type,
    is_given_by_framework,
    namespaces,
    readable,
    resolved,
    said_in,
    unpacked,
)
from toolshed.catalog.secrets import is_secret_argument
from toolshed.errors import InvalidToolError

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
# What evaluating an annotation raises, or making a schema of a type of the user's.
_TYPE_ERRORS = (
    PydanticUserError,
    NameError,
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
    SyntaxError,
    RecursionError,
)


class _Generator(GenerateJsonSchema):
    """Leaves out titles that only repeat names, and defaults that have no JSON, and says nothing of it."""

    ignored_warning_kinds: set[Any] = {"non-serializable-default", "skipped-choice"}  # noqa: RUF012  # as its base has it

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # Any: a schema of pydantic's core
        """Never: titles that were given are set elsewhere."""
        return False


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON Schema, and what a user should know of how it was made."""

    schema: dict[str, Any]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Argument:
    """An argument that a model fills in.

    Attributes:
        name: Its name.
        hint: Its type.
        default: Its default; ``...`` where it has none.
        description: What its annotation says of it.
    """

    name: str
    hint: Any
    default: Any
    description: str


@dataclass(slots=True)
class _Arguments:
    """What was read of a signature."""

    kept: list[_Argument] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def arguments_schema(
    function: Callable[..., Any],
    *,
    name: str,
    annotated: Callable[..., Any],
    described: Mapping[str, str],
    bound: Collection[str] = (),
    skip_first: bool = False,
) -> Schema:
    """Describe the arguments of a function.

    Args:
        function: What is called.
        name: What it is called in messages.
        annotated: The function whose module its annotations are written in.
        described: What its docstring says of each argument.
        bound: Arguments that are given already.
        skip_first: Whether its first argument is the object it is called on.

    Raises:
        InvalidToolError: If it has no signature, or an argument that must be given has no JSON Schema.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())[1 if skip_first else 0 :]
    except (TypeError, ValueError) as error:
        raise InvalidToolError(f"{name!r} does not tell its arguments: {error}") from error
    read = _Arguments()
    for parameter in parameters:
        if parameter.name not in bound:
            _read_parameter(parameter, annotated, read)
    schema = _schema_of(read, name)
    properties = schema.setdefault("properties", {})
    for argument in read.kept:
        _describe(properties.get(argument.name), argument.description or described.get(argument.name, ""))
    return Schema(schema, read.notes)


def type_schema(kind: Any, *, name: str, described: Mapping[str, str]) -> Schema:
    """Describe the fields of a pydantic model or a ``TypedDict``.

    Raises:
        InvalidToolError: If a field has no JSON Schema.
    """
    # Any: a class, or a special form that stands for one.
    try:
        schema = TypeAdapter(readable(kind)).json_schema(schema_generator=_Generator)
    except _TYPE_ERRORS as error:
        raise _no_schema(name, error) from error
    reference = schema.get("$ref", "")
    if reference.startswith("#/$defs/"):
        schema = {**schema["$defs"][reference.removeprefix("#/$defs/")], "$defs": schema["$defs"]}
    if isinstance(kind, type) and issubclass(kind, RootModel) and schema.get("type") != "object":
        # What it takes has no name but this; where it is given by position it has none.
        rest = {"$defs": schema.pop("$defs")} if "$defs" in schema else {}
        schema = {"type": "object", "properties": {"root": _bare(schema)}, "required": ["root"], **rest}
    said_of = _said_of_fields(kind)
    for field_name, said in schema.get("properties", {}).items():
        _describe(said, said_of.get(field_name) or described.get(field_name, ""))
    return Schema(_bare(schema))


def _said_of_fields(kind: Any) -> Mapping[str, str]:
    """The texts in the annotations of a class, of which pydantic reads its own alone."""
    try:
        hints = typing_extensions.get_type_hints(kind, include_extras=True)
    except _TYPE_ERRORS:
        return {}
    return {name: said_in(hint) for name, hint in hints.items()}


def _bare(schema: dict[str, Any]) -> dict[str, Any]:
    """Without the title and text of the class, which are the tool's own."""
    return {key: value for key, value in schema.items() if key not in ("title", "description")}


def _describe(said: Any, text: str) -> None:
    """Give a property its description, unless it has one."""
    if text and isinstance(said, dict) and not said.get("description"):
        said["description"] = text


def _read_parameter(parameter: inspect.Parameter, annotated: Callable[..., Any], read: _Arguments) -> None:
    annotation = Any if parameter.annotation is inspect.Parameter.empty else parameter.annotation
    if is_given_by_framework(annotation, parameter.name) or is_framework_type(parameter.default):
        return
    hint = annotation
    try:
        hint = resolved(annotation, *namespaces(annotated))
    except _TYPE_ERRORS as error:
        hint = Any
        read.notes.append(f"the type of {parameter.name!r} is not known and left open: {_first_line(error)}")
    if is_given_by_framework(hint, parameter.name):
        return
    if parameter.kind in _VARIADIC:
        _read_variadic(parameter, hint, read)
        return
    default = parameter.default
    description = said_in(hint)
    if isinstance(default, FieldInfo):
        description = description or (default.description or "")
        hint, default = typing_extensions.Annotated[hint, default], _default_of(default)
    elif default is inspect.Parameter.empty:
        default = ...
    read.kept.append(_Argument(parameter.name, hint, default, description))


def _default_of(given: FieldInfo) -> Any:
    if given.is_required():
        return ...
    return given if given.default_factory is not None else given.default


def _read_variadic(parameter: inspect.Parameter, hint: Any, read: _Arguments) -> None:
    """``**more: Unpack[Fields]`` has named arguments; of others no model can know what they take."""
    fields = unpacked(hint)
    if fields is None:
        stars = "*" if parameter.kind is inspect.Parameter.VAR_POSITIONAL else "**"
        read.notes.append(f"'{stars}{parameter.name}' is left out: it names no arguments")
        return
    for name, kind in fields_of(fields).items():
        default = ... if name in fields.__required_keys__ else _NO_DEFAULT
        read.kept.append(_Argument(name, kind, default, said_in(kind)))


# Of an argument that may be left out and has no value then; it has no JSON, so the schema names none.
_NO_DEFAULT = object()


def _schema_of(read: _Arguments, name: str) -> dict[str, Any]:
    try:
        return _model_schema(read.kept)
    except _TYPE_ERRORS:
        # One of them has none: which one is found out when each is tried alone.
        read.kept = [*_with_schemas(read, name)]
        return _model_schema(read.kept)


def _with_schemas(read: _Arguments, name: str) -> Iterator[_Argument]:
    for argument in read.kept:
        try:
            _model_schema([argument])
        except _TYPE_ERRORS as error:
            open_type = _open_type(error)
            if open_type is not None:
                read.notes.append(f"the type of {argument.name!r} is left open: {_first_line(error)}")
                yield replace(argument, hint=open_type)
            elif argument.default is ...:
                raise _no_schema(name, error, argument.name) from error
            else:
                read.notes.append(f"{argument.name!r} is left out: its type has no JSON Schema")
        else:
            yield argument


def _open_type(error: Exception) -> Any:
    """What stands for a type that is not known in full; None where it is no type of JSON."""
    if isinstance(error, PydanticUserError) and error.code == "typed-dict-version":
        return dict[str, Any]
    is_unknown = isinstance(error, NameError | PydanticUndefinedAnnotation)
    is_unknown |= isinstance(error, PydanticUserError) and error.code == "class-not-fully-defined"
    return Any if is_unknown else None


def _no_schema(name: str, error: Exception, argument: str = "") -> InvalidToolError:
    which = f"{argument!r}: " if argument else ""
    return InvalidToolError(f"the arguments of {name!r} have no JSON Schema: {which}{_first_line(error)}")


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _model_schema(arguments: Sequence[_Argument]) -> dict[str, Any]:
    # Names of our own, since pydantic keeps some for itself; the real ones are aliases. Any: create_model's
    # overloads.
    fields: Any = {f"a{n}": (readable(one.hint), _field(one)) for n, one in enumerate(arguments)}
    model = create_model("Arguments", **fields)
    return _bare(model.model_json_schema(schema_generator=_Generator))


def _field(argument: _Argument) -> Any:
    aliases: dict[str, Any] = {"alias": argument.name, "validation_alias": argument.name}
    default = argument.default
    if isinstance(default, FieldInfo):
        aliases["default_factory"] = default.default_factory
        return Field(**aliases)
    # A secret that is a default is the program's, and nobody else's to read.
    is_secret = isinstance(default, str) and default and is_secret_argument(argument.name, default)
    if is_secret or (isinstance(default, float) and not math.isfinite(default)):
        default = _NO_DEFAULT
    return Field(default, **aliases)
