"""Exported names: what providers call a tool, one name a tool and knowledge base.

A name that was given stays: the first tool of a name keeps it bare, the next one gets its source before it,
and one that is still taken a digest of its id behind it. Every name is legal for all providers at once.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock

from toolshed.types import ToolDefinition

MAX_EXPORTED_NAME = 64
# OpenAI, Anthropic and Bedrock take letters, digits, _ and -; Gemini wants a letter or _ first.
_LEGAL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}")
_ILLEGAL = re.compile(r"[^a-zA-Z0-9_-]+")
_DIGEST_CHARACTERS = 6


def legal_name(name: str) -> str:
    """A name that every provider takes: it stays as it is where it can, and loses its accents first."""
    if _LEGAL.fullmatch(name):
        return name
    plain = unicodedata.normalize("NFKD", name)
    bare = _ILLEGAL.sub("_", "".join(c for c in plain if not unicodedata.combining(c))).strip("_-")
    if not bare:
        return "tool"
    return (bare if bare[0].isalpha() else f"_{bare}")[:MAX_EXPORTED_NAME]


def exported_name(tool: ToolDefinition, taken: Container[str]) -> str:
    """The first name of a tool that is free: its own, with its source before it, with a digest behind it."""
    own = legal_name(tool.name)
    of_source = legal_name(f"{tool.source}__{tool.key or tool.name}")
    for name in (own, of_source):
        if name not in taken:
            return name
    digest = hashlib.sha256(tool.tool_id.encode("utf-8", "surrogatepass")).hexdigest()
    for length in range(_DIGEST_CHARACTERS, len(digest)):
        name = f"{own[: MAX_EXPORTED_NAME - length - 1]}_{digest[:length]}"
        if name not in taken:
            return name
    raise AssertionError("a digest that is taken at every length")


def named(tools: Sequence[ToolDefinition], given: Mapping[str, str]) -> list[ToolDefinition]:
    """The tools with their exported names.

    Args:
        tools: What to name.
        given: Names by tool id that were given before: they stay, and nobody else gets them.
    """
    taken = set(given.values())
    with_names = []
    for tool in tools:
        name = given.get(tool.tool_id) or exported_name(tool, taken)
        taken.add(name)
        with_names.append(tool if tool.exported_name == name else replace(tool, exported_name=name))
    return with_names


class NameRegister:
    """Gives exported names to tools that are about to be written, no name to two of them.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._reserved: dict[str, str] = {}
        self._holders: Counter[str] = Counter()

    @contextmanager
    def naming(
        self, tools: Sequence[ToolDefinition], stored: Callable[[], Mapping[str, str]]
    ) -> Iterator[list[ToolDefinition]]:
        """The tools with their names, which nobody else gets while they are written.

        Args:
            tools: What is about to be written.
            stored: Reads the names of what is stored, by tool id.
        """
        with self._lock:
            with_names = named(tools, {**self._reserved, **stored()})
            own = {tool.tool_id: tool.exported_name for tool in with_names}
            self._reserved |= own
            self._holders.update(own.keys())
        try:
            yield with_names
        finally:
            with self._lock:
                self._holders.subtract(own.keys())
                for tool_id in own:
                    if not self._holders[tool_id]:
                        del self._holders[tool_id]
                        self._reserved.pop(tool_id, None)
