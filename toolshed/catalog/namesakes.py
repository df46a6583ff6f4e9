"""Tools of one id in one source, told apart by what they say, whatever order they come in."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from hashlib import sha256

from toolshed.types import ToolDefinition

# What is said of namesakes one by one; a catalog of nothing else would fill a screen.
_MAX_WARNINGS = 20
_N_SHOWN = 4


_Key = Callable[[ToolDefinition], str]


class Namesakes:
    """Collects the tools of a source, of which several may have one id."""

    def __init__(self) -> None:
        self._only: dict[str, ToolDefinition] = {}
        self._groups: dict[str, dict[str, ToolDefinition]] = {}
        self._n_repeated: dict[str, int] = {}
        self.n_tools = 0

    def add(self, tool: ToolDefinition) -> None:
        """Take a tool in; one that says exactly what another says is that other."""
        first = self._only.setdefault(tool.tool_id, tool)
        if first is tool:
            self.n_tools += 1
            return
        group = self._groups.setdefault(tool.tool_id, {first.content_hash: first})
        if tool.content_hash in group:
            self._n_repeated[tool.tool_id] = self._n_repeated.get(tool.tool_id, 1) + 1
        else:
            group[tool.content_hash] = tool
            self.n_tools += 1

    def tools(self) -> tuple[ToolDefinition, ...]:
        """All of them, in their order, under ids of their own."""
        return tuple(
            tool for tool_id, first in self._only.items() for tool in self._apart.get(tool_id, (first,))
        )

    @cached_property
    def _apart(self) -> dict[str, list[ToolDefinition]]:
        taken = {tool_id for tool_id in self._only if len(self._groups.get(tool_id, ())) < 2}
        return {
            tool_id: _told_apart([*group.values()], taken)
            for tool_id, group in self._groups.items()
            if len(group) > 1
        }

    def warnings(self) -> tuple[str, ...]:
        """What to say of them."""
        said = [*self._said()]
        more = len(said) - _MAX_WARNINGS
        return (*said[:_MAX_WARNINGS], f"and {more:,} more names like these") if more > 0 else tuple(said)

    def _said(self) -> Iterator[str]:
        for tool_id, tools in self._apart.items():
            ids = sorted(tool.tool_id for tool in tools)
            shown = ", ".join(ids[:_N_SHOWN]) + (", ..." if len(ids) > _N_SHOWN else "")
            yield f"{len(ids):,} tools have the id {tool_id!r} and are told apart as {shown}"
        for tool_id, n_times in self._n_repeated.items():
            yield (
                f"{tool_id!r} is listed {n_times:,} times with the same definition, and is there once; tools "
                "that differ need names that do"
            )


def _told_apart(namesakes: Sequence[ToolDefinition], taken: set[str]) -> list[ToolDefinition]:
    """Tools of one id with keys of their own: none of them keeps the id, since any could come first."""
    for key_of in _KEYS:
        renamed = [replace(tool, key=key_of(tool)) for tool in namesakes]
        ids = {tool.tool_id for tool in renamed}
        if all(tool.key for tool in renamed) and len(ids) == len(renamed) and not ids & taken:
            taken |= ids
            return renamed
    return renamed


def _operation(tool: ToolDefinition) -> str:
    """Method and path, by which one document tells its operations apart."""
    said = {**tool.annotations, **(tool.binding or {})}
    method, path = said.get("method"), said.get("path")
    return f"{method.upper()} {path}" if isinstance(method, str) and isinstance(path, str) else ""


def _of_service(tool: ToolDefinition) -> str:
    return f"{tool.service}.{tool.key or tool.name}" if tool.service else ""


def _of_words(tool: ToolDefinition) -> str:
    """By what a model reads, so that an icon or a title that changes does not change the id."""
    said = json.dumps([tool.description, tool.parameters], sort_keys=True)
    return f"{tool.key or tool.name}-{sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _of_content(tool: ToolDefinition) -> str:
    return f"{tool.key or tool.name}-{tool.content_hash[:16]}"


# The most telling and most stable first.
_KEYS: Sequence[_Key] = (_operation, _of_service, _of_words, _of_content)


def apart(tool: ToolDefinition, among: Mapping[str, ToolDefinition]) -> ToolDefinition:
    """What became of a tool among the tools of its source by id, once they were told apart."""
    candidates = [tool, *(replace(tool, key=key) for key_of in _KEYS if (key := key_of(tool)))]
    return next((one for one in candidates if among.get(one.tool_id) == one), tool)
