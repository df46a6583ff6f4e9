"""Schemas of any draft, OpenAPI or Swagger as JSON Schema 2020-12, with their references written out.

What is read: drafts 3 to 2020-12 as they occur in API descriptions, and the dialects of OpenAPI 2 to 3.2.
What is written: keywords of 2020-12 alone. ``allOf`` becomes one schema, what only the other side may say
(``readOnly`` in requests, ``writeOnly`` in responses) is left out, and a schema that refers to itself or to
half of the document is cut where its type, title and description are enough.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from toolshed.catalog.json_schema_dialects import (
    NULLABLE,
    is_short,
    of_type,
    told_by,
    values_of_alternative,
    with_note,
    with_null,
)
from toolshed.catalog.json_schema_keywords import (
    ANNOTATIONS,
    LISTED_SCHEMAS,
    NAMED_SCHEMAS,
    ONE_SCHEMA,
    Schema,
    can_be_said,
    is_pattern,
    merge_into,
    names_in,
    number,
    plain_keyword,
    type_keywords,
)
from toolshed.catalog.schema_references import References
from toolshed.errors import InvalidToolError

# Lists of choices hold hundreds of values, in an operation that can be described to a model.
_MAX_VALUES = 50_000
_MAX_EXAMPLES = 3


class Direction(StrEnum):
    """Whose schema it is; the value is the flag of the properties that have no place in it."""

    REQUEST = "readOnly"
    RESPONSE = "writeOnly"


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a schema is written out.

    Attributes:
        depths: Levels of schemas within schemas; each is tried while the one before comes to too much, so
            that all fields are shortened alike.
        n_schemas: Schemas in all.
    """

    depths: tuple[int, ...]
    n_schemas: int


class Written(NamedTuple):
    """A schema that was written out without a cut, to be used again wherever it is referred to."""

    schema: Schema
    n_schemas: int
    n_values: int
    n_characters: int
    height: int


class _TooLargeError(Exception):
    """More schemas than there is room for at this depth."""


class SchemaWriter:
    """Writes the schemas of one document; what is referred to often is converted once.

    Args:
        references: The document's.
        direction: Which side sends what the schemas describe.
        keeps_siblings: Whether everything beside a ``$ref`` counts, as since OpenAPI 3.1, or annotations
            alone.
    """

    def __init__(self, references: References, direction: Direction, *, keeps_siblings: bool) -> None:
        self.references, self.direction, self.keeps_siblings = references, direction, keeps_siblings
        self.written: dict[int, Written] = {}

    def write(self, schemas: Iterable[Any], room: Room) -> list[Schema]:
        """The schemas of one tool, which share the room; what is no schema becomes an empty one.

        Raises:
            InvalidToolError: If a reference leads nowhere, or the tool or its document holds too much.
        """
        given = list(schemas)
        for depth in room.depths[:-1]:
            try:
                return self._write(given, depth, room.n_schemas, is_last=False)
            except _TooLargeError:
                continue
        return self._write(given, room.depths[-1], room.n_schemas, is_last=True)

    def _write(self, schemas: list[Any], depth: int, n_schemas: int, *, is_last: bool) -> list[Schema]:
        one = _Writing(self, depth, n_schemas, is_last=is_last)
        return [one.schema(schema) for schema in schemas]


class _Writing:
    """Writes the schemas of one tool down to one depth."""

    def __init__(self, writer: SchemaWriter, max_depth: int, max_schemas: int, *, is_last: bool) -> None:
        self._references, self._left_out = writer.references, writer.direction.value
        self._keeps_siblings, self._written = writer.keeps_siblings, writer.written
        self._max_depth, self._max_schemas, self._is_last = max_depth, max_schemas, is_last
        self._open: list[int] = []
        self._n_schemas = self._n_values = self._n_characters = self._n_cuts = self._highest = 0

    def schema(self, value: Any) -> Schema:
        """A schema in its place: with nothing left to be merged."""
        return self._finished(self._unfinished(value))

    def _unfinished(self, value: Any) -> Schema:
        if _is_reference(value):
            target = self._references.target(value)
            written = self._unfinished(target) if _is_reference(target) else self._referred(target)
            beside = self._beside(value)
            if not beside:
                return written
            merge_into(beside, written)
            return beside
        if value is False:
            return {"not": {}}
        return self._own(self._references.follow(value)) if isinstance(value, dict) else {}

    def _beside(self, value: Schema) -> Schema:
        """What stands beside a ``$ref``."""
        if len(value) == 1:
            return {}
        if id(value) in self._open or len(self._open) >= self._max_depth:
            self._n_cuts += 1
            return {}
        self._count_in(value)
        self._open.append(id(value))
        try:
            beside = self._keywords({key: part for key, part in value.items() if key != "$ref"})
        finally:
            self._open.pop()
        if self._keeps_siblings:
            return beside
        return {key: part for key, part in beside.items() if key in ANNOTATIONS or key == NULLABLE}

    def _referred(self, target: Any) -> Schema:
        if not isinstance(target, dict):
            return {}
        known = self._written.get(id(target))
        if known and len(self._open) + known.height <= self._max_depth:
            self._count(known.n_schemas, known.n_values, known.n_characters)
            self._highest = max(self._highest, len(self._open) + known.height)
            return known.schema
        before = (self._n_schemas, self._n_values, self._n_characters)
        n_cuts, highest, self._highest = self._n_cuts, self._highest, len(self._open)
        schema = self._own(target)
        if self._n_cuts == n_cuts:
            counts = (self._n_schemas, self._n_values, self._n_characters)
            n_schemas, n_values, n_characters = (now - then for now, then in zip(counts, before, strict=True))
            height = self._highest - len(self._open)
            self._written[id(target)] = Written(schema, n_schemas, n_values, n_characters, height)
        self._highest = max(highest, self._highest)
        return schema

    def _own(self, value: Schema) -> Schema:
        """What a schema says itself, parts of ``allOf`` included."""
        too_many = self._n_schemas >= self._max_schemas
        if too_many and not self._is_last:
            raise _TooLargeError
        if too_many or id(value) in self._open or len(self._open) >= self._max_depth:
            self._n_cuts += 1
            return self._summary(value)
        self._count_in(value)
        self._open.append(id(value))
        self._highest = max(self._highest, len(self._open))
        try:
            return self._keywords(value)
        finally:
            self._open.pop()

    def _summary(self, value: Schema) -> Schema:
        """What is left of a schema that is not written out."""
        summary = type_keywords(value.get("type"))
        if not summary and isinstance(value.get("properties"), dict):
            summary = {"type": "object"}
        for key in ("title", "description", "readOnly", "writeOnly"):
            said = plain_keyword(key, value.get(key))
            if said:
                summary[key] = said
        self._count(1, len(summary), sum(len(said) for said in summary.values() if isinstance(said, str)))
        return summary

    def _keywords(self, value: Schema) -> Schema:
        schema: Schema = {}
        for keyword, said in value.items():
            if keyword in ("default", "const"):
                if can_be_said(said):
                    schema[keyword] = said
            elif keyword in NAMED_SCHEMAS:
                self._named(schema, keyword, said)
            elif keyword in ONE_SCHEMA:
                if isinstance(said, dict | bool):
                    schema[keyword] = (
                        said if isinstance(said, bool) and keyword != "items" else self.schema(said)
                    )
            elif keyword in LISTED_SCHEMAS:
                self._listed(schema, keyword, said)
            elif (plain := plain_keyword(keyword, said)) is not None:
                self._count_in(plain)
                schema[keyword] = plain
        self._older_keywords(schema, value)
        self._discriminate(schema, value)
        self._merge_parts(schema, value)
        return schema

    def _named(self, schema: Schema, keyword: str, said: Any) -> None:
        if not isinstance(said, dict):
            return
        named = {}
        for name, part in self._references.checked(said).items():
            if keyword != "patternProperties" or is_pattern(str(name)):
                named[str(name)] = self.schema(part)
        schema[keyword] = named
        if keyword == "properties":
            # Draft 3 says so at the property.
            needed = [
                str(n) for n, part in said.items() if isinstance(part, dict) and part.get("required") is True
            ]
            if needed:
                schema["required"] = [*schema.get("required", ()), *needed]

    def _listed(self, schema: Schema, keyword: str, said: Any) -> None:
        if not isinstance(said, list) or not said:
            return
        self._count_in(said)
        schema[keyword] = [self.schema(part) for part in said]

    def _discriminate(self, schema: Schema, value: Schema) -> None:
        """Write into each alternative the value by which OpenAPI's ``discriminator`` tells it apart."""
        discriminator = value.get("discriminator")
        if not isinstance(discriminator, dict) or not isinstance(discriminator.get("propertyName"), str):
            return
        name, mapping = discriminator["propertyName"], discriminator.get("mapping")
        by_name = mapping if isinstance(mapping, dict) else {}
        for keyword in ("anyOf", "oneOf"):
            if len(schema.get(keyword, ())) > 1:
                schema[keyword] = [
                    told_by(written, name, values_of_alternative(alternative, by_name))
                    for alternative, written in zip(value[keyword], schema[keyword], strict=True)
                ]

    def _older_keywords(self, schema: Schema, value: Schema) -> None:
        """What other drafts and OpenAPI say in words of their own."""
        if "type" in value:
            for keyword, said in type_keywords(value["type"]).items():
                schema.setdefault(keyword, said)
        if "enum" in schema:
            schema["enum"] = of_type(schema["enum"], schema.get("type"))
        for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if value.get(exclusive) is True and number(value.get(bound)) is not None:
                schema[exclusive] = number(schema.pop(bound))
        if value.get("nullable") is True or value.get("x-nullable") is True:
            schema[NULLABLE] = True
        if isinstance(value.get("pattern"), str) and "pattern" not in schema:
            schema["description"] = with_note(
                schema.get("description", ""), f"Pattern: {value['pattern'][:500]}"
            )
        if isinstance(value.get("items"), list):
            self._tuple(schema, value)
        if isinstance(value.get("dependencies"), dict):
            self._dependencies(schema, value["dependencies"])
        self._examples(schema, value)

    def _tuple(self, schema: Schema, value: Schema) -> None:
        """Items one by one, as up to 2019-09."""
        self._listed(schema, "prefixItems", value["items"])
        if isinstance(value.get("additionalItems"), dict | bool):
            rest = value["additionalItems"]
            schema["items"] = rest if isinstance(rest, bool) else self.schema(rest)

    def _dependencies(self, schema: Schema, dependencies: Schema) -> None:
        for name, needed in self._references.checked(dependencies).items():
            if isinstance(needed, dict):
                schema.setdefault("dependentSchemas", {})[str(name)] = self.schema(needed)
            elif isinstance(needed, list | str):
                names = names_in([needed] if isinstance(needed, str) else needed)
                schema.setdefault("dependentRequired", {})[str(name)] = names

    def _examples(self, schema: Schema, value: Schema) -> None:
        given = value.get("examples")
        if isinstance(given, dict):
            given = [part["value"] for part in given.values() if isinstance(part, dict) and "value" in part]
        examples = [
            *([value["example"]] if "example" in value else []),
            *(given if isinstance(given, list) else []),
        ]
        schema.pop("examples", None)
        kept = [e for e in examples[:_MAX_EXAMPLES] if is_short(e) and can_be_said(e)]
        if kept:
            self._count_in(kept)
            schema["examples"] = kept

    def _merge_parts(self, schema: Schema, value: Schema) -> None:
        """``allOf`` and what has one choice only become part of the schema."""
        parts = [self._unfinished(part) for part in _listed(value.get("allOf"))]
        for keyword in ("anyOf", "oneOf"):
            if len(schema.get(keyword, ())) == 1:
                parts += schema.pop(keyword)
        if parts and NULLABLE not in value and not all(part.get(NULLABLE) for part in parts):
            parts = [{k: said for k, said in part.items() if k != NULLABLE} for part in parts]
        for part in parts:
            merge_into(schema, part)

    def _finished(self, schema: Schema) -> Schema:
        """A whole schema, without what is for the other side; the same object where nothing changes."""
        properties = schema.get("properties", {})
        left_out = {name for name, part in properties.items() if part.get(self._left_out)}
        if left_out:
            schema = {
                **schema,
                "properties": {name: part for name, part in properties.items() if name not in left_out},
            }
            if "required" in schema:
                schema["required"] = [name for name in schema["required"] if name not in left_out]
        if "required" in schema and not schema["required"]:
            schema = {key: said for key, said in schema.items() if key != "required"}
        return with_null(schema) if NULLABLE in schema else schema

    def _count_in(self, holder: Any) -> None:
        """Count what is in an object or a list, before it is written."""
        if isinstance(holder, dict | list):
            before = self._references.room
            self._references.spend_on(holder)
            self._n_characters += before - self._references.room
            self._add(1 if isinstance(holder, dict) else 0, len(holder))

    def _count(self, n_schemas: int, n_values: int, n_characters: int) -> None:
        self._references.spend(n_characters)
        self._n_characters += n_characters
        self._add(n_schemas, n_values)

    def _add(self, n_schemas: int, n_values: int) -> None:
        self._n_schemas += n_schemas
        self._n_values += n_values
        if self._n_values > _MAX_VALUES:
            raise InvalidToolError(f"its schemas hold more than {_MAX_VALUES:,} values; shorten them")
        if self._n_schemas > self._max_schemas and not self._is_last:
            raise _TooLargeError


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("$ref"), str)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
