"""Usage examples in the knowledge base: requests that tools were found to serve, as vectors."""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from toolshed.half_characters import without_half_characters
from toolshed.knowledge_base.engine import Filter, NamedVectors, Point
from toolshed.knowledge_base.store import Channel, Layout, Store

_NAMESPACE = uuid.UUID("0b1f6a62-9d0c-5a3f-8a55-5a2f7f7f3c11")

EXAMPLE_LAYOUT = Layout(
    name="examples",
    noun="usage example",
    key="example_id",
    channels=(Channel("static", "dense", "static"), Channel("dense", "dense", "dense")),
    indexes={"tool_id": "text", "reporter": "text"},
    version=1,
)


@dataclass(frozen=True, slots=True)
class UsageExample:
    """A request and a tool that served it.

    Attributes:
        example_id: Keyed digest of both: the same report twice is one example.
        tool_id: The tool.
        reporter: Keyed digest of who reported it.
        reported_at: Seconds since 1970, of the latest report.
        vectors: Those of the request, by encoder.
        ranked: The tools that the search ranked first and their scores, before anything was learnt from use.
        serves: Whether searches learn from it; until then it waits for :meth:`UsageLibrary.learn`.
        text: The request, where that may be kept; empty otherwise.
    """

    example_id: str
    tool_id: str
    reporter: str
    reported_at: int
    vectors: NamedVectors
    ranked: Mapping[str, float] = field(default_factory=dict)
    serves: bool = False
    text: str = ""


class ExampleStore(Store[UsageExample]):
    """The usage examples of a knowledge base."""

    layout = EXAMPLE_LAYOUT

    @staticmethod
    def point_id(key: str) -> str:
        """The UUID of an example: writing it twice writes it once."""
        return str(uuid.uuid5(_NAMESPACE, without_half_characters(key)))

    def _point(self, record: UsageExample) -> Point:
        payload: dict[str, Any] = {
            "example_id": record.example_id,
            "tool_id": record.tool_id,
            "reporter": record.reporter,
            "reported_at": record.reported_at,
            "serves": record.serves,
            # One string: engines change JSON numbers.
            "ranked": json.dumps(dict(record.ranked)),
        }
        if record.text:
            payload["text"] = record.text
        return Point(self.point_id(record.example_id), payload, record.vectors)

    def stored(self) -> Iterator[tuple[str, bool, int]]:
        """Id, whether it serves, and time of the latest report of every example, without reading vectors."""
        for payload in self._payloads(["example_id", "serves", "reported_at"]):
            yield payload["example_id"], bool(payload["serves"]), int(payload["reported_at"])

    def scan(self, only: Filter | None = None) -> Iterator[UsageExample]:
        """Every example, or those that pass a filter, in no particular order."""
        for point in self._engine.scroll(only=only, vectors=True):
            payload = self._verified(point).payload
            yield UsageExample(
                payload["example_id"],
                payload["tool_id"],
                payload["reporter"],
                int(payload["reported_at"]),
                self._vectors(point),
                json.loads(payload["ranked"]),
                bool(payload["serves"]),
                payload.get("text", ""),
            )
