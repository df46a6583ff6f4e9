"""Tools for Gemini, in the part of OpenAPI's schemas that its function declarations take."""

from collections.abc import Iterable
from typing import Any

from toolshed.post_retrieval.equip.argument_keys import PLAIN_KEYS
from toolshed.post_retrieval.equip.exported_tool import Exportable, ExportedTool, exported_tools
from toolshed.post_retrieval.equip.inlined_schema import inlined
from toolshed.post_retrieval.equip.normal_schema import Schema
from toolshed.post_retrieval.equip.top_level import both, distinct, merged

_LENGTHS = ("maxLength", "minLength")
# Formats that are taken for each type; others are refused.
_FORMATS = {
    "string": ("date-time", "enum"),
    "number": ("float", "double"),
    "integer": ("int32", "int64"),
}
_OF_TYPE = {
    "string": ("pattern", "format", "enum", *_LENGTHS),
    "number": ("format", "maximum", "minimum"),
    "integer": ("format", "maximum", "minimum"),
    "boolean": (),
    "array": ("items", "maxItems", "minItems"),
    "object": ("properties", "maxProperties", "minProperties"),
}
# What holds beside an either-or and is said in each of its branches.
_SMALL = ("type", "format", "enum", "const", "pattern", "minimum", "maximum", *_LENGTHS)
# Where a schema allows anything, a type has to be said nevertheless.
_ANYTHING = ("string", "number", "boolean", "object")


def to_gemini(tools: Iterable[Exportable]) -> list[dict[str, Any]]:
    """Function declarations for Gemini: ``{"tools": [{"function_declarations": found.to_gemini()}]}``.

    References are written out, types are single and in capitals, choices are strings; what the dialect
    cannot say is left to the descriptions.
    """
    return [_declaration(tool) for tool in exported_tools(tools, PLAIN_KEYS)]


def _declaration(tool: ExportedTool) -> dict[str, Any]:
    schema = inlined(tool.schema)
    return {
        "name": tool.name,
        **({"description": tool.description} if tool.description else {}),
        # A function without parameters has none; an object without properties is refused.
        **({"parameters": _object(schema)} if schema["properties"] else {}),
    }


def _object(schema: Schema) -> Schema:
    described = {name: schema[name] for name in ("description",) if name in schema}
    return {"type": "OBJECT", **described, **_properties(schema)}


def _properties(schema: Schema) -> Schema:
    properties = {name: _written(inner) for name, inner in schema.get("properties", {}).items()}
    required = [name for name in schema.get("required", ()) if name in properties]
    return {
        **({"properties": properties} if properties else {}),
        **({"required": required} if required else {}),
    }


def _written(schema: Schema) -> Schema:
    """One schema in Gemini's words."""
    schema = _without_all_of(schema)
    if schema.get("properties") and (schema.get("anyOf") or schema.get("oneOf")):
        schema = _one_object(schema)
    branches = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if branches:
        # What is large is not said once more in every branch.
        rest = {name: value for name, value in schema.items() if name in _SMALL}
        return _one_of([_written({**rest, **branch}) for branch in branches], schema)
    kinds = _types(schema)
    is_nullable = "null" in kinds
    kinds = [kind for kind in kinds if kind != "null"]
    if not kinds:
        # Nothing but null: there is no such type.
        kinds, is_nullable = ["string"], True
    written = [_of_type(schema, kind) | ({"nullable": True} if is_nullable else {}) for kind in kinds]
    return {**_described(schema), **written[0]} if len(written) == 1 else _one_of(written, schema)


def _one_object(schema: Schema) -> Schema:
    """An object with the fields of all its branches, which are told in words."""
    kinds = schema.get("type", ())
    one = merged(schema, {})
    described = " ".join(filter(None, (schema.get("description"), one.note)))
    return {
        **one.schema,
        **({"description": described} if described else {}),
        **({"type": ["object", "null"]} if "null" in kinds else {}),
    }


def _one_of(branches: list[Schema], schema: Schema) -> Schema:
    """An either-or, beside which nothing may stand: what is said of all is said of each."""
    flat: list[Schema] = []
    for branch in branches:
        flat += branch["anyOf"] if branch.keys() == {"anyOf"} else [branch]
    is_nullable = any(branch.get("nullable") for branch in flat)
    real = [branch for branch in flat if branch != {"type": "STRING", "nullable": True}] or flat
    nullable = {"nullable": True} if is_nullable else {}
    said = distinct({**_described(schema), **branch, **nullable} for branch in real)
    return said[0] if len(said) == 1 else {"anyOf": said}


def _described(schema: Schema) -> Schema:
    return {name: schema[name] for name in ("title", "description") if schema.get(name)}


def _types(schema: Schema) -> list[str]:
    kinds = schema.get("type")
    if kinds is not None:
        return [kinds] if isinstance(kinds, str) else list(kinds)
    choices = [schema["const"]] if "const" in schema else schema.get("enum", [])
    if choices:
        return ["string", "null"] if None in choices else ["string"]
    return list(_ANYTHING)


def _of_type(schema: Schema, kind: str) -> Schema:
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    written: Schema = {"type": kind.upper()}
    for name in _OF_TYPE[kind]:
        if name == "properties":
            written |= _properties(schema)
        elif name == "items":
            written["items"] = _items(schema)
        elif name == "enum" and choices:
            # An empty choice is refused.
            texts = [choice for choice in choices if isinstance(choice, str) and choice]
            written |= {"enum": texts, "format": "enum"} if texts else {}
        elif name == "format":
            written |= {"format": schema["format"]} if schema.get("format") in _FORMATS[kind] else {}
        elif name in schema:
            written[name] = schema[name]
    return written


def _items(schema: Schema) -> Schema:
    prefix = schema.get("prefixItems")
    if prefix:
        return _written({"anyOf": prefix})
    items = schema.get("items")
    # Of lists of anything, lists of texts are what is taken everywhere.
    return _written(items) if isinstance(items, dict) and items else {"type": "STRING"}


def _without_all_of(schema: Schema) -> Schema:
    merged = {name: value for name, value in schema.items() if name != "allOf"}
    for part in schema.get("allOf", ()):
        merged = both(_without_all_of(part), merged)
    return merged
