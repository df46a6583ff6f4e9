"""Shortening: a definition within a number of tokens, its deep descriptions given up first, then deep fields.

What is left is a valid schema that says it was shortened. Required arguments always stay.
"""

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from toolshed.metering.token_counts import TokenCounter
from toolshed.post_retrieval.equip.inlined_schema import inlined
from toolshed.post_retrieval.equip.normal_schema import IN_LISTS, IN_MAPS, Schema, normal_schema
from toolshed.post_retrieval.equip.top_level import distinct
from toolshed.types import ToolDefinition

_NO_END = 1_000
_UNBOUNDED = 10**12
# More characters than this a token are in no text; what is longer need not be counted.
_MAX_CHARACTERS_PER_TOKEN = 10
_LONG_VALUE = 200
_LINE = 80
_SAID_SHORTENED = "(Shortened: descriptions and fields are left out that the tool takes nevertheless.)"
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Level:
    """How much of a definition is kept; arguments are at depth 1, their fields at 2.

    Attributes:
        described: Depth to which descriptions are whole.
        sketched: Depth to which those beyond are cut to a line.
        fields: Depth to which there are fields.
        characters: What a description is cut to that is whole otherwise; None for all of it.
        choices: How many choices are listed.
        is_bare: Whether arguments that are not required are left out where they do not fit.
    """

    described: int = _NO_END
    sketched: int = _NO_END
    fields: int = _NO_END
    characters: int | None = None
    choices: int = _NO_END
    is_bare: bool = False


# From the mildest to what is always left. Deep descriptions go before deep fields.
LEVELS = (
    Level(described=3, sketched=_NO_END),
    Level(described=2, sketched=3),
    Level(described=1, sketched=2),
    Level(described=1, sketched=1, choices=50),
    Level(described=1, sketched=2, fields=4, choices=30),
    Level(described=1, sketched=2, fields=3, choices=30),
    Level(described=1, sketched=1, fields=3, choices=20),
    Level(described=1, sketched=2, fields=2, choices=20),
    Level(described=1, sketched=1, fields=2, choices=20),
    Level(described=1, sketched=1, fields=1, choices=20),
    Level(described=1, sketched=1, fields=1, choices=10, characters=300),
    Level(described=1, sketched=1, fields=1, choices=10, characters=_LINE),
    Level(described=1, sketched=1, fields=1, choices=10, characters=_LINE, is_bare=True),
    Level(described=0, sketched=0, fields=1, choices=5, characters=_LINE // 2, is_bare=True),
)


def whole(tool: ToolDefinition) -> ToolDefinition:
    """A definition in the form whose tokens are counted: normal, and references written out."""
    normal = normal_schema(tool.parameters)
    description = "\n\n".join(text for text in (tool.description, normal.note) if text)
    return replace(tool, description=description, parameters=inlined(normal.schema))


def n_tokens(tool: ToolDefinition, counter: TokenCounter) -> int:
    """Tokens of a definition as it is handed on."""
    return counter.count(_text(tool))


def _text(tool: ToolDefinition) -> str:
    function = {
        "name": tool.exported_name or tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return json.dumps({"type": "function", "function": function}, ensure_ascii=False)


def shortest(tool: ToolDefinition) -> ToolDefinition:
    """The least that a definition can be cut to: what it is called, and its required arguments."""
    return _Cut(LEVELS[-1], _UNBOUNDED).definition(tool)


def shortened(tool: ToolDefinition, max_tokens: int, counter: TokenCounter) -> ToolDefinition:
    """The mildest cut of a whole definition that fits; the least there can be where none does."""
    for level in LEVELS:
        cutter = _Cut(level, max_tokens * _MAX_CHARACTERS_PER_TOKEN)
        try:
            cut = cutter.definition(tool)
        except _TooLongError:
            continue
        if n_tokens(cut, counter) <= max_tokens:
            return _with_optional(cut, tool, level, max_tokens, counter) if level.is_bare else cut
    return shortest(tool)


def _with_optional(
    bare: ToolDefinition, tool: ToolDefinition, level: Level, max_tokens: int, counter: TokenCounter
) -> ToolDefinition:
    """A cut with as many of the other arguments as fit, in their order."""
    room = max_tokens - n_tokens(bare, counter)
    properties = dict(bare.parameters["properties"])
    for name, schema in tool.parameters["properties"].items():
        if name not in properties:
            cut = _Cut(level, _UNBOUNDED).schema(schema, 1)
            room -= counter.count(json.dumps({name: cut}, ensure_ascii=False)) + 1
            if room < 0:
                break
            properties[name] = cut
    return replace(bare, parameters={**bare.parameters, "properties": properties})


class _TooLongError(Exception):
    """There are more characters than could fit."""


class _Cut:
    """Cuts a definition to a level."""

    def __init__(self, level: Level, max_characters: int) -> None:
        self._level = level
        self._left = max_characters

    def definition(self, tool: ToolDefinition) -> ToolDefinition:
        parameters = dict(tool.parameters)
        if self._level.is_bare:
            required = parameters.get("required", ())
            parameters["properties"] = {name: parameters["properties"][name] for name in required}
        cut = self.schema(parameters, 0)
        # Arguments that are left out are accepted.
        cut = cut if len(cut["properties"]) == len(tool.parameters["properties"]) else _open(cut)
        description = self._cut_text(tool.description, self._level.characters and 4 * self._level.characters)
        said = f"{description} {_SAID_SHORTENED}".lstrip()
        return replace(tool, description=said, parameters=cut)

    def schema(self, schema: Schema, depth: int) -> Schema:
        cut: Schema = {}
        for name, value in schema.items():
            kept = self._value(name, value, depth)
            if kept is not None:
                cut[name] = kept
        if depth >= self._level.fields and schema.get("properties"):
            cut = _without_fields(cut, len(schema["properties"]))
        self._spend(2)
        return self._with_fewer_choices(cut)

    def _value(self, name: str, value: Any, depth: int) -> Any:
        """What is left of a keyword; None where nothing is."""
        if name in IN_MAPS:
            return self._fields(name, value, depth)
        if name in (
            "items",
            "additionalProperties",
            "contains",
            "propertyNames",
            "not",
            "if",
            "then",
            "else",
        ):
            is_deeper = name == "additionalProperties"
            return self.schema(value, depth + is_deeper) if isinstance(value, dict) else value
        if name in IN_LISTS:
            return distinct([self.schema(branch, depth) for branch in value])
        if name == "description":
            return self._description(value, depth)
        if name in ("title", "examples", "$comment") and depth:
            return None
        size = len(json.dumps(value, ensure_ascii=False)) if name != "enum" else 0
        self._spend(len(name) + size)
        return None if name in ("default", "pattern", "const") and size > _LONG_VALUE else value

    def _fields(self, name: str, value: Schema, depth: int) -> Any:
        if depth >= self._level.fields:
            return None
        self._spend(sum(map(len, value)))
        return {key: self.schema(inner, depth + (name == "properties")) for key, inner in value.items()}

    def _description(self, text: str, depth: int) -> str | None:
        level = self._level
        if depth <= level.described:
            return self._cut_text(text, level.characters)
        return self._cut_text(text, _LINE) if depth <= level.sketched else None

    def _cut_text(self, text: str, characters: int | None) -> str:
        line = text if characters is None else cut_text(text, characters)
        self._spend(len(line))
        return line

    def _with_fewer_choices(self, cut: Schema) -> Schema:
        choices = cut.get("enum", ())
        self._spend(sum(len(str(choice)) for choice in choices[: self._level.choices]))
        if len(choices) <= self._level.choices:
            return cut
        told = ", ".join(str(choice) for choice in choices[: self._level.choices])
        rest = {name: value for name, value in cut.items() if name != "enum"}
        return _told(rest, f"One of {len(choices)}: {told}, …")

    def _spend(self, characters: int) -> None:
        self._left -= characters
        if self._left < 0:
            raise _TooLongError


def cut_text(text: str, characters: int) -> str:
    """A text within a number of characters: its first sentence, or whole words of it."""
    line = _SPACE.sub(" ", text).strip()
    if len(line) <= characters:
        return line
    head = line[:characters]
    sentence = max(head.rfind(". "), head.rfind("! "), head.rfind("? "))
    if sentence > characters // 3:
        return head[: sentence + 1]
    end = head.rfind(" ") if " " in head[characters // 2 :] else characters - 1
    return head[:end].rstrip(" ,;:") + "…"


def _without_fields(cut: Schema, n_fields: int) -> Schema:
    gone = ("required", "additionalProperties", "dependentRequired", "minProperties", "maxProperties")
    rest = {name: value for name, value in cut.items() if name not in gone}
    return _told(rest, f"({n_fields} fields, left out here.)")


def _told(schema: Schema, note: str) -> Schema:
    description = " ".join(text for text in (schema.get("description"), note) if text)
    return {**schema, "description": description}


def _open(schema: Schema) -> Schema:
    return {name: value for name, value in schema.items() if name != "additionalProperties"}
