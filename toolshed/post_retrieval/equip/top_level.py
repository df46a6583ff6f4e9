"""The top of an exported schema: one object, with the arguments of all branches of an either-or.

OpenAI and Anthropic refuse a whole request when one of its tools has ``oneOf``, ``anyOf``, ``allOf``, ``not``
or ``enum`` there. Which arguments belong together is said in words instead.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

_KEPT = (
    "additionalProperties dependentRequired description maxProperties minProperties patternProperties title "
    "default examples"
).split()
_MAX_NAMED = 12
_MAX_SHOWN = 60
_MAX_BRANCHES = 2_000
# References that lead to the next one.
_MAX_STEPS = 50


@dataclass(frozen=True, slots=True)
class Merged:
    """One object schema, and which of its arguments are alternatives, in words."""

    schema: Schema
    note: str = ""


def merged(root: Schema, definitions: Mapping[str, Schema]) -> Merged:
    """The top of a schema as one object; required is only what all branches require."""
    flat = _Merger(definitions).flat(root, frozenset())
    properties = dict(flat.get("properties", {}))
    required = flat.get("required", [])
    for name in required:
        properties.setdefault(name, {})
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    extensions = {name: value for name, value in flat.items() if name in _KEPT or name.startswith("x-")}
    return Merged(schema | extensions, " ".join(dict.fromkeys(flat.get("", []))))


class _Merger:
    """Writes schemas without references and branches; their notes stand under the empty name."""

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions
        self._left = _MAX_BRANCHES

    def flat(self, schema: Schema, seen: frozenset[str]) -> Schema:
        self._left -= 1
        flat = {name: value for name, value in schema.items() if name not in _BRANCHING}
        # Definitions that refer to each other twice double with every step.
        if self._left < 0:
            return flat
        target = schema.get("$ref", "").removeprefix("#/$defs/")
        if target and target not in seen and len(seen) < _MAX_STEPS:
            flat = _both(self.flat(self._definitions[target], seen | {target}), flat)
        for part in schema.get("allOf", ()):
            flat = _both(self.flat(part, seen), flat)
        for name in ("oneOf", "anyOf"):
            branches = [self.flat(branch, seen) for branch in schema.get(name, ())]
            # Arguments are an object, whatever else a branch would allow.
            branches = [branch for branch in branches if _may_be_object(branch)]
            if branches:
                flat = _with_branches(flat, branches, name)
        conditional = [schema[name] for name in ("then", "else") if isinstance(schema.get(name), dict)]
        for part in [*conditional, *schema.get("dependentSchemas", {}).values()]:
            optional = self.flat(part, seen).get("properties", {})
            flat = {**flat, "properties": {**optional, **flat.get("properties", {})}}
        excluded = schema.get("not", {}).get("required", ())
        if len(excluded) > 1:
            flat = {**flat, "": [*flat.get("", []), f"Do not give {' and '.join(excluded)} together."]}
        return flat


_BRANCHING = frozenset("$ref allOf anyOf oneOf if then else not enum const dependentSchemas".split())


def _may_be_object(schema: Schema) -> bool:
    kinds = schema.get("type", "object")
    return "object" in ([kinds] if isinstance(kinds, str) else kinds)


def both(first: Schema, second: Schema) -> Schema:
    """What holds where both hold, as one schema: all arguments of both, at every depth."""
    result = {**first, **second}
    if first.get("properties") and second.get("properties"):
        properties = dict(first["properties"])
        for name, value in second["properties"].items():
            properties[name] = both(properties[name], value) if name in properties else value
        result["properties"] = properties
    if first.get("required") and second.get("required"):
        result["required"] = list(dict.fromkeys([*first["required"], *second["required"]]))
    return result


def _both(first: Schema, second: Schema) -> Schema:
    """As :func:`both`, with the notes of both."""
    return {**both(first, second), "": [*first.get("", []), *second.get("", [])]}


def _with_branches(base: Schema, branches: Sequence[Schema], kind: str) -> Schema:
    """The arguments of all branches beside those of the base."""
    own = base.get("properties", {})
    properties = dict(own)
    for branch in branches:
        for name, value in branch.get("properties", {}).items():
            if name in own:
                # A branch may say more of an argument; none of it holds in all branches.
                properties[name] = own[name] or value
            else:
                properties[name] = _either(properties[name], value) if name in properties else value
    common = set(branches[0].get("required", [])).intersection(*(b.get("required", []) for b in branches))
    required = [*base.get("required", []), *(n for n in branches[0].get("required", []) if n in common)]
    notes = [*base.get("", []), *(note for branch in branches for note in branch.get("", []))]
    note = _note(branches, {*required}, kind)
    result = {**base, "properties": properties, "": [*notes, note] if note else notes}
    if base.get("additionalProperties") is False and any(b.get("properties") for b in branches):
        del result["additionalProperties"]
    return result | ({"required": list(dict.fromkeys(required))} if required else {})


def _either(first: Schema, second: Schema) -> Schema:
    """What one of two branches says of an argument."""
    if first == second:
        return first
    choices = [_choices(one) for one in (first, second)]
    if choices[0] and choices[1] and first.get("type") == second.get("type"):
        rest = {name: value for name, value in first.items() if name != "const"}
        return {**rest, "enum": distinct([*choices[0], *choices[1]])}
    known = first["anyOf"] if first.keys() == {"anyOf"} else [first]
    return first if second in known else {"anyOf": [*known, second]}


def distinct(values: Iterable[Any]) -> list[Any]:
    """Each JSON value once, the first ones first; True is another value than 1."""
    return list({repr(value): value for value in values}.values())


def _choices(schema: Schema) -> list[Any]:
    return [schema["const"]] if "const" in schema else schema.get("enum", [])


def _note(branches: Sequence[Schema], required: set[str], kind: str) -> str:
    """Which arguments are alternatives, in words; empty where the branches do not say."""
    sets = [_branch_words(branch, required) for branch in branches]
    named = list(dict.fromkeys(words for words in sets if words))
    if len(named) < 2:
        return ""
    count = "exactly one" if kind == "oneOf" else "at least one"
    more = f"; and {len(named) - _MAX_NAMED} more" if len(named) > _MAX_NAMED else ""
    return f"Give {count} of these: {'; '.join(named[:_MAX_NAMED])}{more}."


def _branch_words(branch: Schema, required: set[str]) -> str:
    properties = branch.get("properties", {})
    told = [name for name in branch.get("required", []) if name not in required]
    fixed = [name for name, value in properties.items() if isinstance(value, dict) and "const" in value]
    names: Iterable[str] = dict.fromkeys([*fixed, *(told or () if fixed or told else properties)])
    words = [
        f"{name} = {json.dumps(properties[name]['const'], ensure_ascii=False)[:_MAX_SHOWN]}"
        if name in fixed
        else name
        for name in names
    ]
    return " with ".join([words[0], " and ".join(words[1:])]) if len(words) > 1 else "".join(words)
