"""Tools for OpenAI and everything that speaks its protocols."""

from collections.abc import Iterable
from typing import Any

from toolshed.post_retrieval.equip.argument_keys import DOTTED_KEYS
from toolshed.post_retrieval.equip.exported_tool import Exportable, ExportedTool, exported_tools
from toolshed.post_retrieval.equip.normal_schema import Schema, walked

# "Invalid 'tools[0].function.description': string too long." Descriptions within the schema are not bounded.
_MAX_DESCRIPTION = 1_024
# What strict mode refuses anywhere, and how much it takes (Structured Outputs, supported schemas).
_NOT_STRICT = frozenset(
    "allOf dependentRequired dependentSchemas else if not oneOf patternProperties prefixItems propertyNames "
    "then unevaluatedItems unevaluatedProperties contains minContains maxContains uniqueItems minProperties "
    "maxProperties default".split()
)
_MAX_STRICT_PROPERTIES, _MAX_STRICT_CHOICES, _MAX_STRICT_DEPTH = 5_000, 1_000, 10


def to_openai(tools: Iterable[Exportable]) -> list[dict[str, Any]]:
    """Tools for OpenAI's chat completions and everything compatible with them.

    ``strict`` stays where the source asks for it and the schema still allows it.
    """
    return [
        {"type": "function", "function": _function(tool) | ({"strict": True} if _is_strict(tool) else {})}
        for tool in exported_tools(tools, DOTTED_KEYS)
    ]


def to_openai_responses(tools: Iterable[Exportable]) -> list[dict[str, Any]]:
    """Tools for OpenAI's responses, where ``strict`` has to be said either way."""
    return [
        {"type": "function", **_function(tool), "strict": _is_strict(tool)}
        for tool in exported_tools(tools, DOTTED_KEYS)
    ]


def _function(tool: ExportedTool) -> dict[str, Any]:
    description, schema = tool.description, tool.schema
    if len(description) > _MAX_DESCRIPTION:
        cut = _cut(description)
        rest = "\n\n".join(text for text in (description[cut:].strip(), schema.get("description")) if text)
        description, schema = f"{description[:cut].rstrip()} …", {**schema, "description": f"… {rest}"}
    return {"name": tool.name, "description": description, "parameters": schema}


def _cut(text: str) -> int:
    """Where to break a text: behind a sentence, a word, or where it has to be."""
    head = text[: _MAX_DESCRIPTION - 2]
    for mark in ("\n", ". ", " "):
        found = head.rfind(mark)
        if found > len(head) // 2:
            return found + 1
    return len(head)


def _is_strict(tool: ExportedTool) -> bool:
    return tool.definition.extras.get("strict") is True and allows_strict(tool.schema)


def allows_strict(schema: Schema) -> bool:
    """Whether a schema satisfies OpenAI's strict mode: all properties required, and no others allowed."""
    fits: list[bool] = []
    counts = {"properties": 0, "choices": 0}

    def look(node: Schema) -> Schema:
        counts["properties"] += len(node.get("properties", ()))
        counts["choices"] += len(node.get("enum", ()))
        kinds = node.get("type", ())
        is_object = "object" in ([kinds] if isinstance(kinds, str) else kinds)
        says_what = bool(node.keys() & {"type", "enum", "const", "anyOf", "$ref"})
        is_closed = not is_object or (
            node.get("additionalProperties") is False
            and set(node.get("required", ())) == set(node.get("properties", ()))
        )
        fits.append(says_what and is_closed and not node.keys() & _NOT_STRICT)
        return node

    walked(schema, look)
    is_small = counts["properties"] <= _MAX_STRICT_PROPERTIES and counts["choices"] <= _MAX_STRICT_CHOICES
    return all(fits) and is_small and _depth(schema) <= _MAX_STRICT_DEPTH


def _depth(schema: Schema) -> int:
    """How many objects stand within each other, references not followed."""
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    inner += [schema[name] for name in ("items",) if isinstance(schema.get(name), dict)]
    inner += [one for name in ("anyOf",) for one in schema.get(name, ())]
    return ("properties" in schema) + max(map(_depth, inner), default=0)
