"""Argument keys that providers take, and the way back to the names that the tool takes."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from toolshed.post_retrieval.equip.normal_schema import WRAPPED, NormalSchema, Schema, walked

# Anthropic's, which Bedrock passes on; OpenAI names none, and others behind its interface do.
DOTTED_KEYS = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
# Gemini's, which is legal everywhere.
PLAIN_KEYS = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,63}")
_ILLEGAL = re.compile(r"[^a-zA-Z0-9]+")
_MAX_KEY = 64


class ArgumentKeys:
    """Keys for the arguments of one tool, at every depth of its schema.

    A name that a provider refuses gets one replacement, which all providers take and nothing else in the
    schema is called. So the way back is the same for all of them, and what is called by its own name is
    left alone.

    Args:
        normal: The tool's arguments, whole: of a shortened schema the keys would be others.
    """

    def __init__(self, normal: NormalSchema) -> None:
        self._normal = normal

    @cached_property
    def _replacements(self) -> dict[str, str]:
        names = list(dict.fromkeys(_property_names(self._normal.schema)))
        taken = set(names)
        # Where to go on counting: thousands of names may come down to one.
        numbers: Counter[str] = Counter()
        replacements: dict[str, str] = {}
        for name in names:
            if not PLAIN_KEYS.fullmatch(name):
                replacements[name] = key = _free(_plain(name), taken, numbers)
                taken.add(key)
        return replacements

    @cached_property
    def _originals(self) -> dict[str, str]:
        return {key: name for name, key in self._replacements.items()}

    def renamed(self, schema: Schema, legal: re.Pattern[str]) -> Schema:
        """The schema, or a part of the one that the keys were made for, with legal keys only."""
        keys = {name: key for name, key in self._replacements.items() if not legal.fullmatch(name)}
        if not keys:
            return schema
        known: Schema = walked(schema, lambda node: _renamed(node, keys))
        return known

    def original(self, arguments: Mapping[str, Any]) -> Any:
        """Arguments as the tool takes them, from those that a model gave; unknown ones stay as they are."""
        schema = self._normal.schema
        found = self._back(dict(arguments), [schema]) if self._originals else dict(arguments)
        return found.get(WRAPPED) if self._normal.is_wrapped else found

    def _back(self, value: Any, schemas: list[Schema]) -> Any:
        schemas = list(self._applying(schemas))
        if isinstance(value, dict):
            return {
                name: self._back(inner, list(_of_property(schemas, name)))
                for key, inner in value.items()
                for name in [self._name(key, schemas)]
            }
        if isinstance(value, list):
            items = [
                inner
                for schema in schemas
                for inner in (schema.get("items"), *schema.get("prefixItems", ()))
                if isinstance(inner, dict)
            ]
            return [self._back(inner, items) for inner in value]
        return value

    def _name(self, key: str, schemas: list[Schema]) -> str:
        known = {name for schema in schemas for name in schema.get("properties", ())}
        original = self._originals.get(key)
        return original if key not in known and original in known and original is not None else key

    def _applying(self, schemas: list[Schema]) -> Iterator[Schema]:
        """The schemas, and those that they refer to or choose from."""
        definitions = self._normal.schema.get("$defs", {})
        waiting, seen = list(schemas), set()
        while waiting:
            schema = waiting.pop()
            if id(schema) in seen:
                continue
            seen.add(id(schema))
            yield schema
            if "$ref" in schema:
                waiting.append(definitions[schema["$ref"].removeprefix("#/$defs/")])
            for name in ("allOf", "anyOf", "oneOf"):
                waiting += schema.get(name, ())
            waiting += [schema[name] for name in ("then", "else") if isinstance(schema.get(name), dict)]
            waiting += schema.get("dependentSchemas", {}).values()


def _of_property(schemas: list[Schema], name: str) -> Iterator[Schema]:
    for schema in schemas:
        if name in schema.get("properties", ()):
            yield schema["properties"][name]
        else:
            others = [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
            yield from (inner for inner in others if isinstance(inner, dict))


def _property_names(schema: Schema) -> list[str]:
    names: list[str] = []

    def look(node: Schema) -> Schema:
        names.extend(node.get("properties", ()))
        # Named where nothing else is said of them.
        names.extend(node.get("dependentSchemas", ()))
        for name, others in node.get("dependentRequired", {}).items():
            names.extend((name, *others))
        return node

    walked(schema, look)
    return names


def _renamed(node: Schema, keys: Mapping[str, str]) -> Schema:
    changed = dict(node)
    if "properties" in node:
        changed["properties"] = {
            keys.get(name, name): _named(name, value) if name in keys else value
            for name, value in node["properties"].items()
        }
    if "required" in node:
        changed["required"] = [keys.get(name, name) for name in node["required"]]
    if "dependentRequired" in node:
        changed["dependentRequired"] = {
            keys.get(name, name): [keys.get(other, other) for other in others]
            for name, others in node["dependentRequired"].items()
        }
    if "dependentSchemas" in node:
        changed["dependentSchemas"] = {keys.get(n, n): v for n, v in node["dependentSchemas"].items()}
    for name in ("const", "default"):
        if name in node:
            changed[name] = _value(node[name], keys)
    for name in ("enum", "examples"):
        if name in node:
            changed[name] = [_value(value, keys) for value in node[name]]
    return changed


def _value(value: Any, keys: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {keys.get(name, name): _value(inner, keys) for name, inner in value.items()}
    return [_value(inner, keys) for inner in value] if isinstance(value, list) else value


def _plain(name: str) -> str:
    """A name in letters that all providers take, without its accents."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = _ILLEGAL.sub("_", letters).strip("_")
    if not words:
        return "argument"
    return (words if words[0].isalpha() else f"_{words}")[:_MAX_KEY]


def _free(key: str, taken: set[str], numbers: Counter[str]) -> str:
    candidate = key
    while candidate in taken:
        numbers[key] += 1
        suffix = f"_{numbers[key] + 1}"
        candidate = key[: _MAX_KEY - len(suffix)] + suffix
    return candidate


def _named(name: str, schema: Schema) -> Schema:
    """A renamed argument, which says its own name where the new one cannot."""
    if name.isascii():
        return schema
    return {**schema, "description": ": ".join(filter(None, (name, schema.get("description"))))}
