"""Every text of a tool definition that a model may read, and where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from toolshed.types import ToolDefinition

# Of one definition; what is beyond is told as not scanned.
MAX_CHARACTERS = 400_000
_MAX_DEPTH = 64
# How it is called, and pictures: no model reads them.
_NOT_READ = frozenset({"icons"})


@dataclass(frozen=True, slots=True)
class Place:
    """A text of a definition.

    Attributes:
        path: Where it stands.
        text: What it says.
        is_name: Whether it is a name: of the tool or of an argument.
    """

    path: str
    text: str
    is_name: bool = False


def places_of(tool: ToolDefinition) -> Iterator[Place]:
    """The texts of a definition, in its order: names, descriptions, and all of its schemas and hints."""
    yield Place("name", tool.name, is_name=True)
    for field in ("title", "description", "service", "service_description"):
        yield from _texts(getattr(tool, field), field, 0)
    for tag in tool.tags:
        yield Place("tags", tag)
    for field in ("parameters", "output_schema", "annotations", "extras"):
        yield from _texts(getattr(tool, field), field, 0)


def _texts(value: Any, path: str, depth: int) -> Iterator[Place]:
    """Any: JSON of strangers."""
    if isinstance(value, str):
        if value:
            yield Place(path, value)
    elif depth >= _MAX_DEPTH:
        # Deeper than any reader goes: as one text.
        yield Place(path, str(value))
    elif isinstance(value, dict):
        for key, part in value.items():
            if depth == 0 and key in _NOT_READ:
                continue
            yield Place(f"{path}.{key}"[:500], str(key), is_name=True)
            yield from _texts(part, f"{path}.{key}"[:500], depth + 1)
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _texts(part, f"{path}[{number}]"[:500], depth + 1)
