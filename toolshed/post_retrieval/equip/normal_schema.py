"""The one form that every export starts from: a valid JSON Schema 2020-12 of an object.

Words of other languages become JSON Schema's, keywords of older drafts and of OpenAPI today's, references
point into ``$defs``, and what stands at the top is an object with ``properties`` and no either-or.
"""

import math
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from toolshed.post_retrieval.equip.top_level import Merged, distinct, merged
from toolshed.post_retrieval.equip.type_words import typed
from toolshed.types import JsonObject

Schema = dict[str, Any]

# Keywords that hold a schema, a list of schemas, schemas by name.
IN_ONE = (
    "additionalProperties contains contentSchema else if items not propertyNames then unevaluatedItems "
    "unevaluatedProperties"
).split()
IN_LISTS = "allOf anyOf oneOf prefixItems".split()
IN_MAPS = "dependentSchemas patternProperties properties".split()
_NUMBERS = "exclusiveMaximum exclusiveMinimum maximum minimum multipleOf".split()
_COUNTS = "maxContains maxItems maxLength maxProperties minContains minItems minLength minProperties".split()
_TEXTS = "$comment contentEncoding contentMediaType description format pattern title".split()
_FLAGS = "deprecated readOnly uniqueItems writeOnly".split()
_MAX_STEPS = 100
_CLASS = re.compile(r"\\[pP]\{[^}]*\}")
_NAMED = re.compile(r"\(\?<(?![=!])")
_NOT_ECMA = re.compile(r"\(\?(?![:=!<])|\\[AZz]")
# A key under which what is no object stands, where a tool takes nothing else.
WRAPPED = "value"


@dataclass(frozen=True, slots=True)
class NormalSchema:
    """Arguments in the form that exports start from.

    Attributes:
        schema: The JSON Schema: ``type`` is ``object``, ``properties`` are there, references point into
            ``$defs``.
        note: Which arguments are alternatives to each other, in words; empty where none are.
        is_wrapped: Whether the tool takes something other than an object, which stands under ``value``.
    """

    schema: Schema
    note: str = ""
    is_wrapped: bool = False


def normal_schema(parameters: JsonObject, *, keep_extensions: bool = False) -> NormalSchema:
    """The arguments of a tool in the form that exports start from.

    Args:
        parameters: What the source said.
        keep_extensions: Whether keywords that begin with ``x-`` stay.
    """
    reader = _Reader(parameters, keep_extensions=keep_extensions)
    root = reader.read(parameters)
    definitions = reader.definitions()
    kinds = root.get("type", "object")
    is_wrapped = "object" not in ([kinds] if isinstance(kinds, str) else kinds)
    if is_wrapped:
        result = Merged({"type": "object", "properties": {WRAPPED: root}, "required": [WRAPPED]})
    else:
        result = merged(root, definitions)
    used = _used(result.schema, definitions)
    return NormalSchema(result.schema | ({"$defs": used} if used else {}), result.note, is_wrapped)


def clean_schema(schema: JsonObject) -> Schema:
    """A schema of anything as valid JSON Schema 2020-12, such as that of a tool's output."""
    reader = _Reader(schema, keep_extensions=True)
    root = reader.read(schema)
    used = _used(root, reader.definitions())
    return root | ({"$defs": used} if used else {})


def references(schema: object) -> Iterable[str]:
    """The names in ``$defs`` that a schema refers to; properties of that name are none."""
    found: list[str] = []

    def look(node: Schema) -> Schema:
        if "$ref" in node:
            found.append(node["$ref"].removeprefix("#/$defs/"))
        return node

    walked(schema, look)
    return found


def walked(node: Any, change: Callable[[Schema], Schema]) -> Any:
    """A normal schema with every schema in it changed, the outer ones first."""
    if not isinstance(node, dict):
        return node
    node = change(node)
    result: Schema = {}
    for name, value in node.items():
        if name in IN_MAPS or name == "$defs":
            result[name] = {key: walked(inner, change) for key, inner in value.items()}
        elif name in IN_LISTS:
            result[name] = [walked(inner, change) for inner in value]
        elif name in IN_ONE:
            result[name] = walked(value, change)
        else:
            result[name] = value
    return result


def _used(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    used: Schema = {}
    waiting = list(references(schema))
    while waiting:
        name = waiting.pop()
        if name not in used:
            used[name] = definitions[name]
            waiting += references(definitions[name])
    return {name: used[name] for name in definitions if name in used}


class _Reader:
    """Reads a schema as its source wrote it; references are collected and read afterwards."""

    def __init__(self, root: JsonObject, *, keep_extensions: bool) -> None:
        self._root = root
        self._keep_extensions = keep_extensions
        # Names in $defs by pointer, in the order they were met; which are taken, and how often a name was.
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()
        self._numbers: Counter[str] = Counter()
        self._waiting: deque[str] = deque()

    def definitions(self) -> dict[str, Schema]:
        """Everything that references point to, by name; one that points to itself means anything."""
        read: dict[str, Schema] = {}
        # Reading one may add more.
        while self._waiting:
            pointer = self._waiting.popleft()
            read[self._names[pointer]] = self.read(self._target(pointer))
        return {name: {} if _is_circular(name, read) else schema for name, schema in read.items()}

    def read(self, node: object) -> Schema:
        """One schema."""
        if isinstance(node, str):
            return typed(node)
        if not isinstance(node, Mapping):
            return {}
        node = _of_today(node)
        result = self._keywords(node)
        kinds = result.get("type")
        if kinds is None and "properties" in result:
            kinds = result["type"] = "object"
        if kinds is None and ("items" in result or "prefixItems" in result):
            kinds = result["type"] = "array"
        if kinds == "array" or (isinstance(kinds, list) and "array" in kinds):
            # OpenAI and Gemini refuse a list that does not say of what.
            result.setdefault("items", {})
        return _nullable(result) if node.get("nullable") is True else result

    def _keywords(self, node: Mapping[str, Any]) -> Schema:
        result: Schema = {}
        for name, value in node.items():
            if name == "$ref" and isinstance(value, str):
                found = self._reference(value)
                result |= {} if found is None else {"$ref": f"#/$defs/{found}"}
            elif name in IN_ONE and isinstance(value, Mapping | str | bool):
                result[name] = value if isinstance(value, bool) else self.read(value)
            elif name in IN_LISTS and isinstance(value, list) and value:
                result[name] = [self.read(inner) for inner in value if inner is not False]
            elif name in IN_MAPS and isinstance(value, Mapping):
                result[name] = {
                    str(key): self.read(inner)
                    for key, inner in value.items()
                    if inner is not False and (name != "patternProperties" or is_pattern(str(key)))
                }
            elif name == "type":
                result = {**typed(value), **result}
            elif (kept := self._value(name, value)) is not None:
                result[name] = kept[0]
        for name in IN_LISTS:
            if result.get(name) == []:
                del result[name]
        required = _required(node)
        return result | ({"required": required} if required else {})

    def _value(self, name: str, value: Any) -> tuple[Any] | None:
        """The value of a keyword that holds no schema; None where the keyword or its value is unknown."""
        if name in ("const", "default"):
            return None if _refers(value) else (value,)
        if name in _TEXTS:
            is_legal = isinstance(value, str) and (name != "pattern" or is_pattern(value))
            return (value,) if is_legal else None
        if name in _FLAGS:
            return (value,) if isinstance(value, bool) else None
        if name in _NUMBERS:
            is_legal = _is_number(value) and (name != "multipleOf" or value > 0)
            return (value,) if is_legal else None
        if name in _COUNTS:
            is_legal = _is_number(value) and value >= 0 and value == int(value)
            return (int(value),) if is_legal else None
        if name in ("enum", "examples"):
            values = distinct(value) if isinstance(value, list) else []
            return None if not values or _refers(values) else (values,)
        if name == "dependentRequired" and isinstance(value, Mapping):
            return ({k: _names(v) for k, v in value.items() if isinstance(v, list)},)
        return (value,) if self._keep_extensions and name.startswith("x-") else None

    def _reference(self, reference: str) -> str | None:
        if reference not in self._names:
            if not isinstance(self._target(reference), Mapping):
                return None
            last = "".join(c if c.isascii() and c.isalnum() else "_" for c in reference.rpartition("/")[2])
            name = base = last.strip("_")[:40] or "root"
            while name in self._taken:
                self._numbers[base] += 1
                name = f"{base}_{self._numbers[base] + 1}"
            self._taken.add(name)
            self._names[reference] = name
            self._waiting.append(reference)
        return self._names[reference]

    def _target(self, reference: str) -> Any:
        """What a reference within the schema points to; None where it points to nothing or elsewhere."""
        if reference != "#" and not reference.startswith("#/"):
            return None
        found: Any = self._root
        for step in reference.split("/")[1:]:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping):
                found = found.get(key)
            elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
                found = found[int(key)]
            else:
                return None
        return found


def is_pattern(text: str) -> bool:
    """Whether a text is a regular expression of ECMA-262, as far as Python can tell.

    Validators of providers refuse the whole request for one that is none, such as Python's ``(?P<name>``.
    """
    if _NOT_ECMA.search(text):
        return False
    try:
        # Unicode classes and named groups are written otherwise in Python.
        re.compile(_NAMED.sub("(?P<", _CLASS.sub(r"\\w", text)))
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _is_circular(name: str, read: Mapping[str, Schema]) -> bool:
    """Whether a definition says nothing but itself, over some steps; a hundred are too many."""
    waiting = [name]
    seen: set[str] = set()
    while waiting:
        if len(seen) > _MAX_STEPS:
            return True
        schema = read[waiting.pop()]
        # Where the same value has to pass: through properties and items a schema may contain itself.
        for inner in [schema, *(one for key in ("allOf", "anyOf", "oneOf") for one in schema.get(key, ()))]:
            target = inner.get("$ref", "").removeprefix("#/$defs/")
            if target == name:
                return True
            if target and target not in seen:
                seen.add(target)
                waiting.append(target)
    return False


def _of_today(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Keywords of older drafts and of OpenAPI as those of today."""
    changes: Schema = {}
    for exclusive, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(node.get(exclusive), bool):
            changes |= {exclusive: node[limit], limit: None} if node[exclusive] and limit in node else {}
    if isinstance(node.get("items"), list):
        changes |= {"prefixItems": node["items"], "items": node.get("additionalItems")}
    dependencies = node.get("dependencies")
    if isinstance(dependencies, Mapping):
        lists = {k: v for k, v in dependencies.items() if isinstance(v, list)}
        schemas = {k: v for k, v in dependencies.items() if isinstance(v, Mapping)}
        changes |= {"dependentRequired": lists} if lists else {}
        changes |= {"dependentSchemas": schemas} if schemas else {}
    if "example" in node and "examples" not in node:
        changes["examples"] = [node["example"]]
    return {**node, **changes} if changes else node


def _required(node: Mapping[str, Any]) -> list[str]:
    """The required properties; older catalogs say it in the property itself."""
    names = _names(node["required"]) if isinstance(node.get("required"), list) else []
    properties = node.get("properties")
    if isinstance(properties, Mapping):
        for name, inner in properties.items():
            if isinstance(inner, Mapping) and inner.get("required") is True and name not in names:
                names.append(name)
    return names


def _nullable(schema: Schema) -> Schema:
    kinds = schema.get("type")
    if kinds is None:
        alternatives = schema.get("anyOf") or schema.get("oneOf")
        if alternatives or "$ref" in schema:
            described: Schema = {name: schema[name] for name in ("title", "description") if name in schema}
            return {**described, "anyOf": [schema, {"type": "null"}]}
        return schema
    kinds = [kinds] if isinstance(kinds, str) else kinds
    choices = {"enum": [*schema["enum"], None]} if "enum" in schema and None not in schema["enum"] else {}
    return {**schema, "type": kinds if "null" in kinds else [*kinds, "null"], **choices}


def _names(values: list[Any]) -> list[str]:
    return list(dict.fromkeys(value for value in values if isinstance(value, str)))


def _refers(value: Any) -> bool:
    """Whether a value holds what looks like a reference; LangChain, for one, follows it."""
    if isinstance(value, Mapping):
        return "$ref" in value or any(map(_refers, value.values()))
    return isinstance(value, list) and any(map(_refers, value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
