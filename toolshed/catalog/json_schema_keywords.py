"""Keywords of JSON Schema 2020-12: the values each may hold, older words for them, and two schemas as one.

Source: the meta-schema at https://json-schema.org/draft/2020-12/schema. What a keyword may not hold is left
out, since providers refuse the whole request for it.
"""

import json
import re
from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from typing import Any

Schema = dict[str, Any]

_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
# Words of other languages and of Swagger for types; a format says what the word says besides.
_OTHER_TYPES: Mapping[str, Schema] = {
    **{word: {"type": "integer"} for word in ("int", "int32", "int64", "long", "short")},
    **{word: {"type": "number"} for word in ("float", "double", "decimal", "numeric")},
    **{word: {"type": "string"} for word in ("str", "text", "char")},
    **{word: {"type": "array"} for word in ("list", "tuple", "set")},
    **{word: {"type": "object"} for word in ("dict", "map", "hash", "struct")},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "date-time": {"type": "string", "format": "date-time"},
    "file": {"type": "string", "format": "binary"},
    "binary": {"type": "string", "format": "binary"},
    "uuid": {"type": "string", "format": "uuid"},
    "none": {"type": "null"},
}
# Larger numbers are no bounds, and readers of JSON make infinity of them.
_LARGEST = 1e300
_MAX_PATTERN_CHARACTERS = 2_000
# Sets within sets, which other languages have and Python warns of.
_NESTED_SET = re.compile(r"\[\^?(?:\[|(?:\\.|[^\]\\])*?(?:--|&&|~~|\|\|))")

# Keywords whose values hold schemas: one, one under each name, or a list of them.
ONE_SCHEMA = frozenset(
    "additionalProperties contains else if items not propertyNames then unevaluatedItems "
    "unevaluatedProperties".split()
)
NAMED_SCHEMAS = frozenset({"dependentSchemas", "patternProperties", "properties"})
LISTED_SCHEMAS = frozenset({"anyOf", "oneOf", "prefixItems"})


def plain_keyword(keyword: str, value: Any) -> Any:
    """The value of a keyword that holds no schemas, as 2020-12 has it; None where it cannot be one."""
    read = _PLAIN.get(keyword)
    return read(value) if read else None


def type_keywords(value: Any) -> Schema:
    """``type``, and the ``format`` that a word of another language stands for; empty for any type."""
    if isinstance(value, str):
        word = value.strip().lower()
        return {"type": word} if word in _TYPES else dict(_OTHER_TYPES.get(word, {}))
    if isinstance(value, list):
        words = [type_keywords(word).get("type") for word in value if isinstance(word, str)]
        types = list(dict.fromkeys(word for word in words if word))
        return {"type": types if len(types) > 1 else types[0]} if types and None not in words else {}
    return {}


@lru_cache(maxsize=2_000)
def is_pattern(text: str) -> bool:
    """Whether a regular expression is one for validators written in Python as well."""
    if len(text) > _MAX_PATTERN_CHARACTERS or _NESTED_SET.search(text):
        return False
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _words(value: Any) -> str | None:
    """A text, or the number that YAML makes of one."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _pattern(value: Any) -> str | None:
    return value if isinstance(value, str) and is_pattern(value) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def number(value: Any) -> float | None:
    """A number, also one that was written as a text."""
    if isinstance(value, str) and len(value) < 40:
        try:
            value = float(value)
        except ValueError:
            return None
        if abs(value) < _LARGEST and value.is_integer():
            return int(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) < _LARGEST else None


def _positive(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and found > 0 else None


def _size(value: Any) -> int | None:
    found = number(value)
    return int(found) if found is not None and found >= 0 and found == int(found) else None


def can_be_said(value: Any) -> bool:
    """Whether JSON has the value: no infinity, no number beyond those of its readers."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return not is_number or abs(value) < _LARGEST


def _choices(value: Any) -> list[Any] | None:
    return [choice for choice in value if can_be_said(choice)] or None if isinstance(value, list) else None


def names_in(value: Any) -> list[str] | None:
    """The names of a list, each once."""
    if not isinstance(value, list):
        return None
    return list(dict.fromkeys(name for name in value if isinstance(name, str)))


def _names_by_name(value: Any) -> dict[str, list[str]] | None:
    if not isinstance(value, dict):
        return None
    return {str(name): names_in(names) or [] for name, names in value.items() if isinstance(names, list)}


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("title", "description"), _words),
    **dict.fromkeys("format contentEncoding contentMediaType".split(), _text),
    **dict.fromkeys("minimum maximum exclusiveMinimum exclusiveMaximum".split(), number),
    **dict.fromkeys(
        "minLength maxLength minItems maxItems minProperties maxProperties minContains maxContains".split(),
        _size,
    ),
    **dict.fromkeys("uniqueItems readOnly writeOnly deprecated".split(), _flag),
    "multipleOf": _positive,
    "pattern": _pattern,
    "enum": _choices,
    "examples": _choices,
    "required": names_in,
    "dependentRequired": _names_by_name,
}
# Beside a $ref these say something of the use, whatever the version of the document.
ANNOTATIONS = frozenset(
    {"default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly"}
)
_LARGER = frozenset("minimum exclusiveMinimum minLength minItems minProperties minContains".split())
_SMALLER = frozenset("maximum exclusiveMaximum maxLength maxItems maxProperties maxContains".split())
_EITHER = frozenset({"deprecated", "readOnly", "uniqueItems", "writeOnly"})


def merge_into(merged: Schema, part: Schema) -> None:
    """Make a schema say what another one says as well, as ``allOf`` does; what it says itself comes first.

    Values are shared, never changed: only ``merged`` is. What cannot be said by one keyword stays beside as
    ``allOf``. A ``false`` for further properties is dropped where the other part has properties: read by the
    letter it would forbid them.
    """
    for open_one, closed_one in ((merged, part), (part, merged)):
        closes, is_closed = (one.get("additionalProperties") is False for one in (closed_one, open_one))
        if closes and not is_closed and open_one.get("properties"):
            merged.pop("additionalProperties", None)
            part = {key: value for key, value in part.items() if key != "additionalProperties"}
    beside: Schema = {}
    for keyword, value in part.items():
        if keyword not in merged:
            merged[keyword] = value
        elif merged[keyword] is not value and keyword not in ANNOTATIONS - _EITHER:
            _merge_keyword(merged, keyword, value, beside)
    if beside:
        merged["allOf"] = [*merged.get("allOf", ()), beside]


def _merge_keyword(merged: Schema, keyword: str, value: Any, beside: Schema) -> None:
    own = merged[keyword]
    if keyword in NAMED_SCHEMAS:
        merged[keyword] = _merged_properties(own, value)
    elif keyword == "required":
        merged[keyword] = list(dict.fromkeys((*own, *value)))
    elif keyword == "dependentRequired":
        merged[keyword] = {**value, **own}
    elif keyword == "type":
        merged[keyword] = _common_type(own, value)
    elif keyword == "enum":
        merged[keyword] = _common_choices(own, value)
    elif keyword in _LARGER:
        merged[keyword] = max(own, value)
    elif keyword in _SMALLER:
        merged[keyword] = min(own, value)
    elif keyword in _EITHER:
        merged[keyword] = own or value
    elif keyword in ("additionalProperties", "items") and isinstance(own, dict) and isinstance(value, dict):
        merged[keyword] = _merged(own, value)
    elif keyword in ("additionalProperties", "unevaluatedProperties"):
        merged[keyword] = own if isinstance(own, dict) else value
    elif keyword == "allOf":
        merged[keyword] = [*own, *value]
    elif keyword != "format" and own != value:
        beside[keyword] = value


def _merged(own: Schema, part: Schema) -> Schema:
    merged = dict(own)
    merge_into(merged, part)
    return merged


def _merged_properties(own: Schema, others: Schema) -> Schema:
    merged = dict(own)
    for name, schema in others.items():
        mine = merged.get(name)
        if mine is None:
            merged[name] = schema
        elif mine is not schema and isinstance(mine, dict) and isinstance(schema, dict):
            merged[name] = _merged(mine, schema)
    return merged


def _common_choices(own: list[Any], value: list[Any]) -> list[Any]:
    """The choices that both allow; the first one's where there are none, which is a slip of the author."""
    allowed = set(map(_told_apart, value))
    return [choice for choice in own if _told_apart(choice) in allowed] or own


def _told_apart(choice: Any) -> Hashable:
    """What a choice is equal by: in JSON, 1 is not true."""
    if isinstance(choice, dict | list):
        return json.dumps(choice, sort_keys=True)
    return type(choice), choice


def _common_type(own: Any, value: Any) -> Any:
    """The types that both allow; the first one's where there are none, which is a slip of the author."""
    mine, others = (set(types if isinstance(types, list) else [types]) for types in (own, value))
    if "number" in others:
        others.add("integer")
    if "number" in mine and "integer" in others and "number" not in others:
        mine.add("integer")
    common = sorted(mine & others)
    if not common:
        return own
    return common if len(common) > 1 else common[0]
