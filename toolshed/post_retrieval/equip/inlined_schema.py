"""A schema without references: each is replaced by what it points to."""

from collections.abc import Mapping
from typing import Any

from toolshed.post_retrieval.equip.normal_schema import IN_LISTS, IN_MAPS, IN_ONE, Schema
from toolshed.post_retrieval.equip.top_level import both

# Schemas that are written out at most, how often one may stand within itself, and how deep; what is left is
# open. Definitions nest up to a hundred levels themselves, and each takes some calls of whoever walks it.
_MAX_SCHEMAS, _MAX_REPEATS, _MAX_DEPTH = 5_000, 1, 30


def inlined(schema: Schema) -> Schema:
    """A normal schema with its references written out; one within itself ends in an open schema."""
    if "$defs" not in schema:
        return schema
    rest = {name: value for name, value in schema.items() if name != "$defs"}
    return _Inliner(schema["$defs"]).written(rest, (), 0)


class _Inliner:
    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions
        self._left = _MAX_SCHEMAS

    def written(self, schema: Schema, within: tuple[str, ...], depth: int) -> Schema:
        self._left -= 1
        while "$ref" in schema:
            target = schema["$ref"].removeprefix("#/$defs/")
            rest = {name: value for name, value in schema.items() if name != "$ref"}
            is_last = within.count(target) > _MAX_REPEATS or depth > _MAX_DEPTH or self._left < 0
            found = self._definitions[target]
            schema = both(_opened(found) if is_last else found, rest)
            within = (*within, target)
        return {name: self._value(name, value, within, depth + 1) for name, value in schema.items()}

    def _value(self, name: str, value: Any, within: tuple[str, ...], depth: int) -> Any:
        if name in IN_MAPS:
            return {key: self.written(inner, within, depth) for key, inner in value.items()}
        if name in IN_LISTS:
            return [self.written(inner, within, depth) for inner in value]
        if name in IN_ONE and isinstance(value, dict):
            return self.written(value, within, depth)
        return value


def _opened(schema: Schema) -> Schema:
    """What is left of a schema that is not written out again: what it is, not what is in it."""
    opened: Schema = {name: schema[name] for name in ("type", "title", "description") if name in schema}
    if "array" in opened.get("type", ()):
        opened["items"] = {}
    return opened
