"""Tool documents in the knowledge base: a definition and its vectors."""

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolshed.backbones.lexical import TERMS_VERSION
from toolshed.knowledge_base.engine import Filter, NamedVectors, Point
from toolshed.knowledge_base.store import Channel, Layout, Store
from toolshed.types import ToolDefinition

_NAMESPACE = uuid.UUID("6f0a4dc4-5c5f-5f0e-9d39-3a1f6a1c6f55")

# Tools that were stored before it was recorded have none: the first.
_TERMS = "terms_version"
_LOCATION = "location"

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
    ),
    indexes={"source": "text"},
    version=1,
)


@dataclass(frozen=True, slots=True)
class ToolRecord:
    """A tool document.

    Attributes:
        definition: The tool as its source gave it.
        vectors: By channel of :data:`TOOL_LAYOUT`: the whole document, and one row for each key topic where
            a tool has several.
        terms_version: The rules by which its words were read.
    """

    definition: ToolDefinition
    vectors: NamedVectors
    terms_version: int = TERMS_VERSION

    @property
    def tool_id(self) -> str:
        """Id of the tool."""
        return self.definition.tool_id


@dataclass(frozen=True, slots=True)
class StoredTool:
    """What a sync needs to read of a stored tool: identity, origin, content hash and terms version.

    Attributes:
        location: Where its source was read; empty of tools that were stored before it was recorded.
    """

    tool_id: str
    source: str
    content_hash: str
    terms_version: int
    location: str = ""


class ToolStore(Store[ToolRecord]):
    """The tool documents of a knowledge base."""

    layout = TOOL_LAYOUT

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
            # One string: engines change JSON numbers (integers above 2^64, 1.0 and 1).
            "definition": json.dumps(tool.to_json()),
        }
        if tool.location:
            payload[_LOCATION] = tool.location
        return Point(self.point_id(tool.tool_id), payload, record.vectors)

    def _record(self, point: Point) -> ToolRecord:
        definition = ToolDefinition.from_json(json.loads(point.payload["definition"]))
        return ToolRecord(definition, self._vectors(point), point.payload.get(_TERMS, 1))

    def stored_tools(self) -> list[StoredTool]:
        """What a sync needs of every tool, ordered by tool id."""
        payloads = self._payloads(["tool_id", "source", "content_hash"], optional=[_TERMS, _LOCATION])
        stored = [
            StoredTool(p["tool_id"], p["source"], p["content_hash"], p.get(_TERMS, 1), p.get(_LOCATION) or "")
            for p in payloads
        ]
        return sorted(stored, key=lambda tool: tool.tool_id)

    def fetch(self, tool_ids: Sequence[str]) -> list[ToolRecord]:
        """The records of these ids, in this order; ids that are not there are left out."""
        return [self._record(point) for point in self._retrieve(tool_ids, vectors=True)]

    def scan(self, only: Filter | None = None) -> Iterator[ToolRecord]:
        """Every record, or those that pass a filter; the first ones are a random sample."""
        # Points are ordered by their UUIDs, which are hashes.
        found = self._engine.scroll(only=only, vectors=True)
        return (self._record(self._verified(point)) for point in found)

    def sources(self) -> frozenset[str]:
        """The sources that tools came from."""
        return frozenset(payload["source"] for payload in self._payloads(["source"]))
