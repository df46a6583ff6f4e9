"""How a definition changed, graded by what could harm: where it leads, what it orders, what it takes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from toolshed.catalog.locations import origin_of
from toolshed.safety.findings import SafetyFinding, shown
from toolshed.safety.scanner import scan
from toolshed.types import ToolDefinition

# The worst first.
Grade = Literal["destination", "instructions", "hint", "schema", "wording"]
GRADES: Sequence[Grade] = ("destination", "instructions", "hint", "schema", "wording")
_WORDS = frozenset({"description", "title", "examples", "example", "$comment"})
_NAMED = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"})
# Each is worse than what it stands for.
_WORSE_HINTS = {
    "readOnlyHint": False,
    "idempotentHint": False,
    "destructiveHint": True,
    "openWorldHint": True,
}
_MAX_DIFFERENCES = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that changed, as one line for people; None where there is none."""

    place: str
    before: str | None
    after: str | None

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return {"place": self.place, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class Change:
    """How a definition differs from the one that is pinned.

    Attributes:
        grade: The worst of what changed.
        grades: All of it.
        differences: What changed, by place.
        findings: What the scanner finds now and did not find before.
    """

    grade: Grade
    grades: tuple[Grade, ...]
    differences: Sequence[Difference]
    findings: Sequence[SafetyFinding]

    @property
    def is_dangerous(self) -> bool:
        """Whether more than wording changed."""
        return self.grade != "wording"


def change_of(before: ToolDefinition | None, after: ToolDefinition) -> Change:
    """Grade a change.

    Args:
        before: What is pinned; None for a new tool, which is dangerous only for what the scanner finds.
        after: What its source says now.
    """
    known = {(one.rule, one.text_hash) for one in scan(before)} if before else set()
    findings = [
        one for one in scan(after) if one.severity == "error" and (one.rule, one.text_hash) not in known
    ]
    holds: Mapping[Grade, bool] = {
        "destination": before is not None
        and (_destination(before) != _destination(after) or _is_moved(before, after)),
        "instructions": bool(findings),
        "hint": before is not None and _is_hint_worse(before.annotations, after.annotations),
        "schema": before is not None and _takes(before) != _takes(after),
        "wording": True,
    }
    grades = tuple(grade for grade in GRADES if holds[grade])
    return Change(grades[0], grades, _differences(before, after), findings)


def _destination(tool: ToolDefinition) -> Any:
    return {**(tool.binding or {}), "arguments": None}


def _is_moved(before: ToolDefinition, after: ToolDefinition) -> bool:
    """Whether the server is another one; what an OpenAPI document names stands in its binding."""
    if not before.location or before.location == after.location:
        return False
    if (after.binding or {}).get("kind") == "mcp":
        return origin_of(before.location) != origin_of(after.location)
    servers = (after.binding or {}).get("servers")
    named = [one.get("url") for one in servers if isinstance(one, dict)] if isinstance(servers, list) else []
    # Without one of its own, an operation is called where its document was read.
    is_own = bool(named) and str(named[0]).startswith(("http://", "https://"))
    is_called_there = (after.binding or {}).get("kind") == "openapi" and not is_own
    return is_called_there and origin_of(before.location) != origin_of(after.location)


def _is_hint_worse(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    # What is not said counts as the protocol says: writing, destructive, open.
    unsaid = {name: name in ("destructiveHint", "openWorldHint") for name in _WORSE_HINTS}
    return any(
        after.get(name, unsaid[name]) is worse and before.get(name, unsaid[name]) is not worse
        for name, worse in _WORSE_HINTS.items()
    )


def _takes(tool: ToolDefinition) -> Any:
    arguments = (tool.binding or {}).get("arguments")
    return _without_words(tool.parameters), _without_words(tool.output_schema or {}), arguments


def _without_words(schema: Any, *, is_names: bool = False) -> Any:
    """A schema without what only describes; properties may be called like a keyword."""
    if isinstance(schema, dict):
        return {
            key: _without_words(value, is_names=not is_names and key in _NAMED)
            for key, value in schema.items()
            if is_names or key not in _WORDS
        }
    return [_without_words(one) for one in schema] if isinstance(schema, list) else schema


def _differences(before: ToolDefinition | None, after: ToolDefinition) -> Sequence[Difference]:
    old = dict(_leaves(before.to_json(), "")) if before else {}
    new = dict(_leaves(after.to_json(), ""))
    places = [place for place in dict.fromkeys([*new, *old]) if old.get(place) != new.get(place)]
    is_moved = before is not None and _is_moved(before, after)
    told = [place for place in places if place != "exported_name" and (is_moved or place != "location")]
    return [
        Difference(place, *(shown(side[place]) if place in side else None for side in (old, new)))
        for place in told[:_MAX_DIFFERENCES]
    ]


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Any: JSON of strangers."""
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from _leaves(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for number, part in enumerate(value):
            yield from _leaves(part, f"{path}[{number}]")
    else:
        yield path, value if isinstance(value, str) else str(value)
