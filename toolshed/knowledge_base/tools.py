"""Tool documents in the knowledge base: a definition and its vectors."""

import json
import threading
import uuid
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from toolshed.backbones.lexical import TERMS_VERSION
from toolshed.half_characters import without_half_characters
from toolshed.kept_arrays import KeptArrays
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
# What the table of stored tools is kept as beside the knowledge base.
_TABLE = "stored"
# Writes of which it is known what they changed.
_KNOWN_CHANGES = 256

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
        # For requests that are not in English, where there is an encoder that reads them.
        Channel("meaning", "dense", "multilingual"),
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
        self._table_lock = threading.Lock()
        # What is stored, by tool id and in order; None until it is read.
        self._table: dict[str, StoredTool] | None = None
        self._sorted: tuple[StoredTool, ...] = ()
        # The ids that each of the last writes changed, and those of writes that failed since.
        self._changes: deque[tuple[int, frozenset[str]]] = deque(maxlen=_KNOWN_CHANGES)
        self._unsure: set[str] = set()

    @staticmethod
    def point_id(key: str) -> str:
        """The UUID of a tool: writing it twice writes it once."""
        return str(uuid.uuid5(_NAMESPACE, without_half_characters(key)))

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

    def upsert(self, records: Sequence[ToolRecord]) -> None:
        """See :meth:`Store.upsert`."""
        with self._renewing([record.tool_id for record in records]) as table:
            super().upsert(records)
            if table is not None:
                table |= {record.tool_id: _stored(record) for record in records}

    def delete(self, keys: Sequence[str]) -> None:
        """See :meth:`Store.delete`."""
        with self._renewing(keys) as table:
            super().delete(keys)
            if table is not None:
                for key in keys:
                    table.pop(key, None)

    @contextmanager
    def _renewing(self, tool_ids: Sequence[str]) -> Iterator[dict[str, StoredTool] | None]:
        """Write, and renew the table by what was written; a write that fails may have written a part."""
        with self._table_lock:
            table, self._table, self._sorted = self._table, None, ()
            self._unsure.update(tool_ids)
            yield table
            self._table = table
            self._changes.append((self.revision, frozenset(self._unsure)))
            self._unsure = set()

    def changed_since(self, revision: int) -> frozenset[str] | None:
        """The ids of the tools that were written or removed since; None where that is not known."""
        with self._table_lock:
            changes = [tool_ids for at, tool_ids in self._changes if at > revision]
            if self.is_shared or len(changes) != self.revision - revision:
                return None
            return frozenset().union(*changes)

    def stored_tools(self) -> Sequence[StoredTool]:
        """What a sync needs of every tool, ordered by tool id; read once, unless others may write."""
        if self.is_shared:
            return self._scan_table()
        with self._table_lock:
            if self._table is None:
                self._sorted = self._read_table()
                self._table = {tool.tool_id: tool for tool in self._sorted}
            elif not self._sorted:
                self._sorted = tuple(sorted(self._table.values(), key=lambda tool: tool.tool_id))
            return self._sorted

    def _read_table(self) -> tuple[StoredTool, ...]:
        """The table that is kept, or that is read from the tools themselves."""
        kept, revision = self.kept(), self.revision
        arrays = kept.read(_TABLE) if kept else None
        if arrays is not None:
            return tuple(StoredTool(*row) for row in json.loads(arrays["rows"].tobytes()))
        table = self._scan_table()
        if kept and revision == self.revision:
            _keep(kept, table)
        return table

    def close(self) -> None:
        """Release files and connections, and keep the table of what is stored; again it does nothing."""
        with self._table_lock:
            kept = self.kept()
            if kept and self._table is not None and not kept.holds(_TABLE):
                _keep(kept, sorted(self._table.values(), key=lambda tool: tool.tool_id))
            self._table, self._sorted = None, ()
        super().close()

    def _scan_table(self) -> tuple[StoredTool, ...]:
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
        return tuple(sorted(stored, key=lambda tool: tool.tool_id))

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
        return frozenset(tool.source for tool in self.stored_tools())


def _keep(kept: KeptArrays, table: Sequence[StoredTool]) -> None:
    text = json.dumps([[getattr(tool, name) for name in StoredTool.__slots__] for tool in table])
    kept.write(_TABLE, {"rows": np.frombuffer(text.encode(), np.uint8)})


def _stored(record: ToolRecord) -> StoredTool:
    tool, enhancement = record.definition, record.enhancement
    return StoredTool(
        tool.tool_id,
        tool.source,
        tool.content_hash,
        record.terms_version,
        tool.location,
        tool.exported_name,
        "" if enhancement is None else enhancement.text_hash,
    )


def definition_of(text: str) -> ToolDefinition:
    """A definition as it is stored."""
    return ToolDefinition.from_json(json.loads(text))


def _definition(payload: Mapping[str, Any]) -> ToolDefinition:
    return definition_of(payload["definition"])
