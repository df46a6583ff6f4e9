"""A schema without references: each is replaced by what it points to."""

from collections.abc import Mapping
from typing import Any

from toolshed.post_retrieval.equip.normal_schema import Schema

# Schemas that are written out at most, how often one may stand within itself, and within others; what is
# left is open.
_MAX_SCHEMAS, _MAX_REPEATS, _MAX_DEPTH = 5_000, 1, 24
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS = ("properties", "patternProperties", "dependentSchemas")
_SCHEMAS = "additionalProperties contains else if items not propertyNames then".split()


def inlined(schema: Schema) -> Schema:
    """A normal schema with its references written out; one within itself ends in an open schema."""
    if "$defs" not in schema:
        return schema
    rest = {name: value for name, value in schema.items() if name != "$defs"}
    return _Inliner(schema["$defs"]).written(rest, ())


class _Inliner:
    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions
        self._left = _MAX_SCHEMAS

    def written(self, schema: Schema, within: tuple[str, ...]) -> Schema:
        self._left -= 1
        if "$ref" in schema:
            target = schema["$ref"].removeprefix("#/$defs/")
            rest = {name: value for name, value in schema.items() if name != "$ref"}
            is_last = within.count(target) > _MAX_REPEATS or len(within) == _MAX_DEPTH or self._left < 0
            if is_last:
                return self.written({**_opened(self._definitions[target]), **rest}, within)
            return self.written({**self._definitions[target], **rest}, (*within, target))
        return {name: self._value(name, value, within) for name, value in schema.items()}

    def _value(self, name: str, value: Any, within: tuple[str, ...]) -> Any:
        if name in _MAPS:
            return {key: self.written(inner, within) for key, inner in value.items()}
        if name in _LISTS:
            return [self.written(inner, within) for inner in value]
        if name in _SCHEMAS and isinstance(value, dict):
            return self.written(value, within)
        return value


def _opened(schema: Schema) -> Schema:
    """What is left of a schema that is not written out again: what it is, not what is in it."""
    opened: Schema = {name: schema[name] for name in ("type", "title", "description") if name in schema}
    if "array" in opened.get("type", ()):
        opened["items"] = {}
    return opened
