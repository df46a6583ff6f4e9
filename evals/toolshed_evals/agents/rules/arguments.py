"""Arguments of a call, filled by rule from what a request says and earlier calls gave."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from toolshed_evals.agents.rules.words import Mention, mentions, parts_of, stems

# Which look of a value an argument takes, by a word of its name; the first that is there.
_LOOKS = (
    (("email", "mail", "recipient", "to"), ("mail",)),
    (("path", "fil"), ("path",)),
    (("start", "moment"), ("moment", "day")),
    (("day", "dat", "due"), ("day",)),
    (("tim",), ("time",)),
    (("currency", "sourc", "target"), ("code", "quoted")),
)
_TEXTS = frozenset({"body", "text", "content", "messag"})
Json = Mapping[str, Any]


def filled(
    parameters: Json, step: str, request: str, results: Sequence[str], *, used: Sequence[object] = ()
) -> dict[str, Any]:
    """Arguments for a schema; those that nothing is said of are missing.

    Args:
        parameters: The schema.
        step: The part of the request that is done.
        request: All of it.
        results: What earlier calls gave, the latest last.
        used: Values that earlier steps have used up.
    """
    known = _fields(results)
    near, far = mentions(step), mentions(request)
    properties, required = parameters.get("properties", {}), parameters.get("required", [])
    given: dict[str, Any] = {}
    for name, schema in properties.items():
        taken = [*given.values()]
        value = _value(name, schema, near, known, taken)
        if name in required:
            value = _value(name, schema, far, known, [*taken, *used]) if value is None else value
            value = known.get(name) if value is None else value
            value = results[-1] if value is None and results and parts_of(name) & _TEXTS else value
        if value is not None and (name in required or _is_named(name, step)):
            given[name] = value
    return given


def _value(
    name: str, schema: Json, told: Sequence[Mention], known: Json, taken: Sequence[object]
) -> Any:  # Any: what the schema asks for
    parts = parts_of(name)
    if "enum" in schema:
        return _choice(schema["enum"], told, taken)
    # What has an id is asked for by it, where the request says none.
    if "id" in parts and name in known and not any(_is_about(one, parts) for one in told):
        return known[name]
    if schema.get("type") in ("integer", "number"):
        return _number(parts, schema["type"], told, taken)
    if schema.get("type") == "boolean":
        return True
    looks = next((looks for keys, looks in _LOOKS if set(keys) & parts), ("quoted",))
    if "mail" in looks and not any(one.kind == "mail" for one in told):
        return known.get("email")
    fitting = [one for look in looks for one in told if one.kind == look and one.value not in taken]
    named = [one for one in fitting if _is_about(one, parts)]
    value = next((one.value for one in (*named, *fitting)), None)
    if value is not None and schema.get("type") == "array":
        return [value]
    return value


def _choice(choices: Sequence[object], told: Sequence[Mention], taken: Sequence[object]) -> object:
    """A choice that a word names, beside a value or as one; in the order in which they stand."""
    near = [word for one in told for word in (*one.before, one.value, *one.after)]
    wanted = {stem: choice for choice in choices for stem in stems(str(choice))}
    named = (wanted[stem] for word in near for stem in stems(word) if stem in wanted)
    return next((choice for choice in named if choice not in taken), None)


def _number(
    parts: frozenset[str], kind: str, told: Sequence[Mention], taken: Sequence[object]
) -> float | int | None:
    numbers = [one for one in told if one.kind == "number"]
    values = [float(one.value) if kind == "number" else int(float(one.value)) for one in numbers]
    free = [(one, value) for one, value in zip(numbers, values, strict=True) if value not in taken]
    named = [value for one, value in free if _is_about(one, parts)]
    return next(iter([*named, *(value for _, value in free)]), None)


def _is_about(mention: Mention, parts: frozenset[str]) -> bool:
    """Whether a word of an argument's name stands right beside a value."""
    beside = {*mention.before[-2:], *mention.after[:1]}
    return bool(beside & (parts - {"id"}))


def _is_named(name: str, step: str) -> bool:
    return bool(parts_of(name) & parts_of(step))


def _fields(results: Sequence[str]) -> dict[str, Any]:
    """Fields of what earlier calls gave, the latest before; the first of several rows counts."""
    known: dict[str, Any] = {}
    for text in results:
        try:
            value = json.loads(text)
        except ValueError:
            continue
        row = value[0] if isinstance(value, list) and value else value
        if isinstance(row, dict):
            known |= row
    return known
