"""Arguments checked against a tool's schema (JSON Schema 2020-12) before anything is sent.

Schema and pattern are a stranger's: nothing they name is fetched, and what would take long is not computed.
"""

import difflib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, cast

from jsonschema import Draft202012Validator, exceptions, validators
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.exceptions import Unresolvable

from toolshed.calling.patterns import is_quick
from toolshed.catalog.json_values import check_json
from toolshed.errors import InvalidArgumentsError, NotCallableError
from toolshed.types import JsonObject, ToolDefinition

_log = logging.getLogger(__name__)

MAX_ARGUMENT_CHARACTERS = 16 * 2**20
# References that one check may follow: each level of a deep value takes a few.
_MAX_REFERENCES = 20_000
_MAX_SHOWN, _MAX_SHOWN_CHARACTERS = 10, 300

_n_references: ContextVar[list[int]] = ContextVar("n_references")


def check_arguments(tool: ToolDefinition, arguments: object) -> dict[str, Any]:
    """The arguments as JSON, when the tool's schema allows them.

    Raises:
        InvalidArgumentsError: If they are no JSON object, too large, or the schema refuses them.
        NotCallableError: If the schema cannot be checked in bounded time.
    """
    if not isinstance(arguments, Mapping):
        raise InvalidArgumentsError(
            f"the arguments of {tool.tool_id!r} are of type {type(arguments).__name__}; "
            "give a mapping by name"
        )
    given = _plain(tool, arguments)
    complaints = [*_complaints(tool, given)]
    if complaints:
        more = f"; and {len(complaints) - _MAX_SHOWN} more" if len(complaints) > _MAX_SHOWN else ""
        raise InvalidArgumentsError(
            f"{tool.tool_id!r} does not take these arguments: {'; '.join(complaints[:_MAX_SHOWN])}{more}. "
            f"{_what_it_takes(tool.parameters)}"
        )
    return given


def unknown_arguments(tool: ToolDefinition, names: Iterable[str], known: Sequence[str]) -> str:
    """What to say of arguments that have no place in a call."""
    shown = ", ".join(repr(_cut(name)) for name in names)
    return f"{tool.tool_id!r} has no place for {shown}; it takes {', '.join(map(repr, known)) or 'nothing'}"


def _plain(tool: ToolDefinition, arguments: Mapping[Any, Any]) -> dict[str, Any]:
    """A copy in which nobody changes anything while it is used."""
    given = dict(arguments)
    try:
        check_json(given, MAX_ARGUMENT_CHARACTERS)
        plain: dict[str, Any] = json.loads(json.dumps(given, allow_nan=False))
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidArgumentsError(f"the arguments of {tool.tool_id!r} {error}") from error
    return plain


def _complaints(tool: ToolDefinition, given: dict[str, Any]) -> Iterator[str]:
    validator = _Validator(dict(tool.parameters), registry=Registry())
    token = _n_references.set([0])
    try:
        for error in validator.iter_errors(given):
            best = exceptions.best_match([error]) or error
            yield _complaint(best)
    except _TooCostlyError as error:
        raise NotCallableError(
            f"the schema of {tool.tool_id!r} takes more than {_MAX_REFERENCES:,} references to check; "
            "nothing was sent"
        ) from error
    # Schemas are as their authors wrote them; what no validator can read leaves the check to the tool.
    except (exceptions.UnknownType, TypeError, AttributeError, ValueError, KeyError, RecursionError) as error:
        _log.info("schema of %s cannot be checked: %s", tool.tool_id, type(error).__name__)
    finally:
        _n_references.reset(token)


def _complaint(error: exceptions.ValidationError) -> str:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    message = _cut(error.message)
    if error.validator == "additionalProperties" and isinstance(error.schema, Mapping):
        message += _nearest(error)
    return f"{_cut(where.removeprefix('.'))}: {message}" if where else message


def _nearest(error: exceptions.ValidationError) -> str:
    known = [*error.schema.get("properties", {})]  # type: ignore[union-attr]  # a mapping, as was asked
    unknown = [name for name in cast("dict[str, Any]", error.instance) if name not in known]
    near = {name: difflib.get_close_matches(str(name), known, n=1) for name in unknown[:_MAX_SHOWN]}
    meant = [f"{names[0]!r} for {name!r}" for name, names in near.items() if names]
    return f" (did you mean {', '.join(meant)}?)" if meant else ""


def _what_it_takes(schema: JsonObject) -> str:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return "Nothing was sent."
    required = schema.get("required")
    required = required if isinstance(required, list) else []
    names = [f"{name!r}{' (required)' if name in required else ''}" for name in properties]
    more = f" and {len(names) - 50} more" if len(names) > 50 else ""
    return f"It takes {', '.join(names[:50]) or 'no arguments'}{more}; nothing was sent."


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN_CHARACTERS else text[: _MAX_SHOWN_CHARACTERS - 1] + "…"


class _TooCostlyError(Exception):
    """A schema whose references multiply."""


# Any: keywords of a stranger's schema, called by jsonschema with whatever stands there.
def _reference(validator: Validator, ref: Any, instance: Any, schema: Any) -> Iterator[Any]:
    yield from _followed("$ref", validator, ref, instance, schema)


def _dynamic_reference(validator: Validator, ref: Any, instance: Any, schema: Any) -> Iterator[Any]:
    yield from _followed("$dynamicRef", validator, ref, instance, schema)


def _left_to_the_tool(_validator: Validator, _rule: Any, _instance: Any, _schema: Any) -> Iterator[Any]:
    """What was evaluated is looked for by references and patterns that nothing bounds."""
    yield from ()


def _followed(keyword: str, validator: Validator, ref: Any, instance: Any, schema: Any) -> Iterator[Any]:
    counter = _n_references.get()
    counter[0] += 1
    if counter[0] > _MAX_REFERENCES:
        raise _TooCostlyError
    try:
        yield from _DRAFT[keyword](validator, ref, instance, schema) or ()
    except Unresolvable:
        # Elsewhere, or nowhere: never fetched, so the tool checks it.
        return


def _pattern(validator: Validator, pattern: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(pattern, str) and isinstance(instance, str) and is_quick(pattern, len(instance)):
        yield from _DRAFT["pattern"](validator, pattern, instance, schema) or ()


def _pattern_properties(validator: Validator, patterns: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(patterns, dict) or not isinstance(instance, dict):
        return
    longest = max(map(len, instance), default=0)
    quick = {pattern: rule for pattern, rule in patterns.items() if is_quick(pattern, longest)}
    yield from _DRAFT["patternProperties"](validator, quick, instance, schema) or ()


def _additional(validator: Validator, rule: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """Names that patterns allow are told from others by patterns too."""
    patterns = schema.get("patternProperties") if isinstance(schema, dict) else None
    if isinstance(patterns, dict) and isinstance(instance, dict):
        longest = max(map(len, instance), default=0)
        if not all(is_quick(pattern, longest) for pattern in patterns):
            return
    yield from _DRAFT["additionalProperties"](validator, rule, instance, schema) or ()


_DRAFT: Mapping[str, Any] = Draft202012Validator.VALIDATORS
_Validator: Any = validators.extend(  # type: ignore[no-untyped-call]  # jsonschema's stubs leave it out
    Draft202012Validator,
    {
        "$ref": _reference,
        "$dynamicRef": _dynamic_reference,
        "unevaluatedItems": _left_to_the_tool,
        "unevaluatedProperties": _left_to_the_tool,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional,
    },
)
