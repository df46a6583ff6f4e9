"""Enhancements: files that anyone can review and edit, and which tools they are of.

A file is JSON Lines: ``tool``, ``tool_hash``, ``hypothetical_questions``, ``key_topics``, ``when_to_use``,
``when_not_to_use``, ``description``, ``model``, ``prompt_version``; all but ``tool`` may be left out.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from toolshed.catalog.json_values import parse_json
from toolshed.errors import ConfigurationError
from toolshed.knowledge_base.tools import ToolRecord
from toolshed.types import Enhancement, ToolDefinition

# More is a mistake: every question is encoded, and one tool of many would drown the others.
MAX_QUESTIONS, MAX_TOPICS, MAX_TEXT = 50, 50, 2_000
_MAX_LINE_CHARACTERS = 400_000
_LISTS = {"hypothetical_questions": MAX_QUESTIONS, "key_topics": MAX_TOPICS}
_NAMES = tuple(one.name for one in fields(Enhancement))


def read_enhancements(path: str | Path) -> list[Enhancement]:
    """Read a file of enhancements; the last one of a tool counts.

    Raises:
        ConfigurationError: If it cannot be read, or a line is none; names the line.
    """
    found: dict[str, Enhancement] = {}
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE_CHARACTERS), ""), start=1):
                if line.strip():
                    one = _line(line, f"{str(path)!r}, line {number}")
                    found[one.tool] = one
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{str(path)!r} cannot be read as enhancements: {error}") from error
    return list(found.values())


def enhancement_line(enhancement: Enhancement) -> str:
    """The line of a file."""
    return json.dumps(enhancement.to_json(), ensure_ascii=False) + "\n"


def _line(text: str, where: str) -> Enhancement:
    try:
        value = parse_json(text)
    except ValueError as error:
        raise ConfigurationError(f"{where} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where} is of type {type(value).__name__}; an object is expected")
    return checked_enhancement(value, where)


def checked_enhancement(value: Mapping[str, Any], where: str) -> Enhancement:
    """Build an enhancement of what a file or a model says.

    Raises:
        ConfigurationError: If a field is unknown, of another type, or too large.
    """
    unknown = sorted(value.keys() - {*_NAMES})
    if unknown:
        raise ConfigurationError(f"{where}: unknown field {unknown[0]!r}; the fields are {', '.join(_NAMES)}")
    read: dict[str, Any] = {}
    for name, given in value.items():
        if name in _LISTS:
            read[name] = _texts(given, _LISTS[name], f"{where}: {name}")
        elif name == "prompt_version":
            if isinstance(given, bool) or not isinstance(given, int):
                raise ConfigurationError(f"{where}: {name} is {given!r}; it must be a whole number")
            read[name] = given
        else:
            read[name] = _text(given, f"{where}: {name}")
    if not read.get("tool"):
        raise ConfigurationError(f"{where} names no tool; write its id or name as 'tool'")
    return Enhancement(**read)


def _texts(given: object, limit: int, what: str) -> tuple[str, ...]:
    if not isinstance(given, list) or len(given) > limit:
        raise ConfigurationError(f"{what} must be a list of at most {limit} texts")
    texts = (_text(one, what) for one in given)
    return tuple(text for text in texts if text)


def _text(given: object, what: str) -> str:
    if not isinstance(given, str) or len(given) > MAX_TEXT:
        raise ConfigurationError(f"{what} must be a text of at most {MAX_TEXT:,} characters")
    return " ".join(given.encode("utf-8", "replace").decode("utf-8").split())


@dataclass(slots=True)
class Matched:
    """The enhancements of tools.

    Attributes:
        by_tool: By tool id.
        warnings: Which were left out, and why.
    """

    by_tool: dict[str, Enhancement] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def keep(self, tools: Mapping[str, ToolDefinition], stored: Iterable[ToolRecord]) -> None:
        """Keep what is stored of tools that nothing was given for, as long as it is of their definition."""
        stale: list[str] = []
        for record in stored:
            one = record.enhancement
            if one is None or record.tool_id in self.by_tool:
                continue
            if one.tool_hash in ("", tools[record.tool_id].content_hash):
                self.by_tool[record.tool_id] = one
            else:
                stale.append(record.tool_id)
        if stale:
            self.warnings.append(_stale(stale))


def matched(enhancements: Sequence[Enhancement], tools: Sequence[ToolDefinition]) -> Matched:
    """Find which tools enhancements are of: by id, or by a name that one tool has."""
    found = Matched()
    if not enhancements:
        return found
    by_id = {tool.tool_id: tool for tool in tools}
    by_name: dict[str, list[ToolDefinition]] = {}
    for tool in tools:
        for name in {tool.name, tool.key} - {""}:
            by_name.setdefault(name, []).append(tool)
    unknown: list[str] = []
    stale: list[str] = []
    for one in enhancements:
        meant = by_id.get(one.tool) or _only(by_name.get(one.tool, []))
        if meant is None:
            unknown.append(one.tool)
        elif one.tool_hash not in ("", meant.content_hash):
            stale.append(meant.tool_id)
        else:
            found.by_tool[meant.tool_id] = one
    if unknown:
        found.warnings.append(
            f"{len(unknown):,} enhancements are of no tool that was given, or of several: {_some(unknown)}"
        )
    if stale:
        found.warnings.append(_stale(stale))
    return found


def _only(tools: Sequence[ToolDefinition]) -> ToolDefinition | None:
    return tools[0] if len(tools) == 1 else None


def _stale(tool_ids: Sequence[str]) -> str:
    return (
        f"the enhancements of {len(tool_ids):,} tools were left out, since their definitions have changed: "
        f"{_some(tool_ids)}; write them anew with toolshed enhance"
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
