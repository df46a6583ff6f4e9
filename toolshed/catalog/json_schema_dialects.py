"""What OpenAPI and older drafts say in words of their own, said in those of JSON Schema 2020-12."""

from typing import Any

from toolshed.catalog.json_schema_keywords import Schema, number

# OpenAPI 3.0's word, which is needed until all parts of a schema are merged.
NULLABLE = "nullable"
_MAX_EXAMPLE_CHARACTERS = 500


def values_of_alternative(alternative: Any, mapping: dict[str, Any]) -> list[str]:
    """The values that stand for an alternative: those mapped to it, or its name."""
    reference = alternative.get("$ref") if isinstance(alternative, dict) else None
    if not isinstance(reference, str):
        return []
    name = reference.rpartition("/")[2]
    return [value for value, target in mapping.items() if target in (reference, name)] or [name]


def told_by(alternative: Schema, name: str, values: list[str]) -> Schema:
    """An alternative whose field has one of these values, unless it says so itself."""
    field = alternative.get("properties", {}).get(name)
    if not values or not isinstance(field, dict) or "const" in field or len(field.get("enum", ())) == 1:
        return alternative
    told = {"const": values[0]} if len(values) == 1 else {"enum": values}
    properties = {**alternative["properties"], name: {**field, **told}}
    required = list(dict.fromkeys((*alternative.get("required", ()), name)))
    return {**alternative, "properties": properties, "required": required}


def with_note(text: str, note: str) -> str:
    """A description with a note behind it."""
    return f"{text} ({note})" if text else note


def is_short(example: Any) -> bool:
    """Whether an example tells more than it costs; long ones repeat what the schema says."""
    if isinstance(example, str):
        return len(example) <= _MAX_EXAMPLE_CHARACTERS
    if isinstance(example, dict | list):
        parts = example.values() if isinstance(example, dict) else example
        return len(example) <= 10 and all(
            not isinstance(part, dict | list) and is_short(part) for part in parts
        )
    return True


def with_null(schema: Schema) -> Schema:
    """A schema that allows null besides, as ``nullable`` of OpenAPI 3.0 does."""
    schema = {key: said for key, said in schema.items() if key != NULLABLE}
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema and "type" not in schema:
            return {**schema, keyword: [*schema[keyword], {"type": "null"}]}
    types = schema.get("type")
    if types is not None:
        types = types if isinstance(types, list) else [types]
        schema["type"] = [*types, *(["null"] if "null" not in types else [])]
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    return schema


def of_type(choices: list[Any], types: Any) -> list[Any]:
    """Choices of the type that a schema asks for: YAML makes a number of ``1.0``, and some write ``"1"``."""
    if types == "string":
        return [_as_text(choice) for choice in choices]
    if types in ("integer", "number"):
        return [
            number(choice) if isinstance(choice, str) and number(choice) is not None else choice
            for choice in choices
        ]
    return choices


def _as_text(choice: Any) -> Any:
    if isinstance(choice, bool):
        return "true" if choice else "false"
    return str(choice) if isinstance(choice, int | float) else choice
