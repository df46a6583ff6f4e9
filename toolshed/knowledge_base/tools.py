"""Tool documents in the knowledge base: a definition and its vectors."""

import json
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from toolshed.backbones.lexical import TERMS_VERSION
from toolshed.knowledge_base.engine import Engine, Filter, NamedVectors, Point
from toolshed.knowledge_base.exported_names import NameRegister, named
from toolshed.knowledge_base.store import Channel, Layout, Store
from toolshed.types import Enhancement, ToolDefinition

_NAMESPACE = uuid.UUID("6f0a4dc4-5c5f-5f0e-9d39-3a1f6a1c6f55")

# Tools that were stored before it was recorded have none: the first.
_TERMS = "terms_version"
_LOCATION = "location"
# Tools that were stored before names were given have none; they get theirs when they are read.
_EXPORTED = "exported_name"
_ENHANCED = "enhancement_hash"

TOOL_LAYOUT = Layout(
    name="tools",
    noun="tool",
    key="tool_id",
    channels=(
        Channel("static", "dense", "static"),
        Channel("static_topics", "multi", "static", whole="static"),
        Channel("words", "sparse", "words"),
        Channel("ngrams", "sparse", "ngrams"),
        Channel("dense", "dense", "dense"),
        Channel("topics", "multi", "dense", whole="dense"),
        # Read for candidates only: they tell apart what the others put side by side.
        Channel("described", "dense", "dense", since=2),
        Channel("arguments", "dense", "dense", since=2),
    ),
    indexes={"source": "text"},
    version=2,
)


# Channels that candidates are looked at by, not searched by.
VIEWS = ("described", "arguments")


@dataclass(frozen=True, slots=True)
class ToolRecord:
    """A tool document.

    Attributes:
        definition: The tool as its source gave it.
        vectors: By channel of :data:`TOOL_LAYOUT`: the whole document, and one row for each key topic where
            a tool has several.
        terms_version: The rules by which its words were read.
        enhancement: What was written of it besides, where something was.
    """

    definition: ToolDefinition
    vectors: NamedVectors
    terms_version: int = TERMS_VERSION
    enhancement: Enhancement | None = None

    @property
    def tool_id(self) -> str:
        """Id of the tool."""
        return self.definition.tool_id


@dataclass(frozen=True, slots=True)
class StoredTool:
    """What a sync needs to read of a stored tool.

    Attributes:
        tool_id: Its id.
        source: Where it came from.
        content_hash: Hash of its definition.
        terms_version: The rules by which its words were read.
        location: Where its source was read; empty of tools that were stored before it was recorded.
        exported_name: What providers call it; empty of tools that were stored before names were given.
        enhancement_hash: Hash of what was written of it besides; empty where nothing was.
    """

    tool_id: str
    source: str
    content_hash: str
    terms_version: int
    location: str = ""
    exported_name: str = ""
    enhancement_hash: str = ""


class ToolStore(Store[ToolRecord]):
    """The tool documents of a knowledge base."""

    layout = TOOL_LAYOUT

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.names = NameRegister()
        self._unnamed_lock = threading.Lock()
        # Names of the tools that were stored without one.
        self._unnamed: Mapping[str, str] = {}

    @staticmethod
    def point_id(key: str) -> str:
        """The UUID of a tool: writing it twice writes it once."""
        return str(uuid.uuid5(_NAMESPACE, key))

    def _point(self, record: ToolRecord) -> Point:
        tool = record.definition
        payload = {
            "tool_id": tool.tool_id,
            "source": tool.source,
            "content_hash": tool.content_hash,
            _TERMS: record.terms_version,
            _EXPORTED: tool.exported_name,
            # One string: engines change JSON numbers (integers above 2^64, 1.0 and 1).
            "definition": json.dumps(tool.to_json()),
        }
        if tool.location:
            payload[_LOCATION] = tool.location
        if record.enhancement is not None:
            payload[_ENHANCED] = record.enhancement.text_hash
            payload["enhancement"] = json.dumps(record.enhancement.to_json())
        return Point(self.point_id(tool.tool_id), payload, record.vectors)

    def _record(self, point: Point) -> ToolRecord:
        definition = _definition(point.payload)
        if not definition.exported_name:
            name = self._names_of_unnamed([definition.tool_id])[definition.tool_id]
            definition = replace(definition, exported_name=name)
        written = point.payload.get("enhancement")
        enhancement = Enhancement.from_json(json.loads(written)) if written else None
        return ToolRecord(definition, self._vectors(point), point.payload.get(_TERMS, 1), enhancement)

    def stored_tools(self) -> list[StoredTool]:
        """What a sync needs of every tool, ordered by tool id."""
        payloads = self._payloads(
            ["tool_id", "source", "content_hash"], optional=[_TERMS, _LOCATION, _EXPORTED, _ENHANCED]
        )
        stored = [
            StoredTool(
                p["tool_id"],
                p["source"],
                p["content_hash"],
                p.get(_TERMS, 1),
                p.get(_LOCATION) or "",
                p.get(_EXPORTED) or "",
                p.get(_ENHANCED) or "",
            )
            for p in payloads
        ]
        return sorted(stored, key=lambda tool: tool.tool_id)

    def exported_names(self) -> dict[str, str]:
        """The exported name of every tool, by tool id."""
        stored = {tool.tool_id: tool.exported_name for tool in self.stored_tools()}
        unnamed = [tool_id for tool_id, name in stored.items() if not name]
        return {**stored, **self._names_of_unnamed(unnamed)} if unnamed else stored

    def _names_of_unnamed(self, tool_ids: Sequence[str]) -> dict[str, str]:
        """Names for tools that were stored without one: the same in every process that reads them."""
        with self._unnamed_lock:
            if not self._unnamed.keys() >= {*tool_ids}:
                payloads = [self._verified(point).payload for point in self._engine.scroll()]
                tools = sorted(map(_definition, payloads), key=lambda tool: tool.tool_id)
                given = {tool.tool_id: tool.exported_name for tool in tools if tool.exported_name}
                self._unnamed = {tool.tool_id: tool.exported_name for tool in named(tools, given)}
            # One that was deleted meanwhile has no name.
            return {tool_id: self._unnamed.get(tool_id, "") for tool_id in tool_ids}

    def fetch(self, tool_ids: Sequence[str]) -> list[ToolRecord]:
        """The records of these ids, in this order; ids that are not there are left out."""
        return [self._record(point) for point in self._retrieve(tool_ids, vectors=True)]

    def scan(self, only: Filter | None = None) -> Iterator[ToolRecord]:
        """Every record, or those that pass a filter; the first ones are a random sample."""
        # Points are ordered by their UUIDs, which are hashes.
        found = self._engine.scroll(only=only, vectors=True)
        return (self._record(self._verified(point)) for point in found)

    def definitions(self) -> Iterator[ToolDefinition]:
        """The definition of every tool, without reading vectors."""
        for payload in self._payloads(["definition"]):
            yield _definition(payload)

    def sources(self) -> frozenset[str]:
        """The sources that tools came from."""
        return frozenset(payload["source"] for payload in self._payloads(["source"]))


def _definition(payload: Mapping[str, Any]) -> ToolDefinition:
    return ToolDefinition.from_json(json.loads(payload["definition"]))
