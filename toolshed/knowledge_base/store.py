"""A store of one kind of record: a layout of channels on an engine."""

import json
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from xxhash import xxh3_64_hexdigest

from toolshed.errors import KnowledgeBaseError, KnowledgeBaseMismatchError
from toolshed.kept_arrays import KeptArrays
from toolshed.knowledge_base.engine import (
    Engine,
    FieldKind,
    Filter,
    Hit,
    NamedVectors,
    Point,
    Schema,
    VectorKind,
    VectorQuery,
    VectorSpec,
)
from toolshed.knowledge_base.manifest import Manifest
from toolshed.vectors import SparseVector, Vectors

Record = TypeVar("Record")

logger = logging.getLogger(__name__)

# Payload fields with the checksums of a record.
_PAYLOAD_HASH, VECTORS_HASH = "payload_hash", "vectors_hash"
# Values of each indexed field that a check asks for, in some seconds.
_CHECKED_VALUES = 500


@dataclass(frozen=True, slots=True)
class Channel:
    """One way in which records are compared with a query.

    Attributes:
        name: Its name, in presets and results.
        kind: What its vectors are.
        encoding: Which encoding of a query it is compared with: that of the encoder ``static`` or ``dense``,
            ``words``, or the ``ngrams`` of words that no record has.
        whole: The channel of the whole record, which several vectors only add to: the best match counts. A
            record may then be without vectors of its own on this channel.
        since: The version of the layout that brought it; stores of older ones are without.
    """

    name: str
    kind: VectorKind
    encoding: str
    whole: str | None = None
    since: int = 1


@dataclass(frozen=True, slots=True)
class Layout:
    """How one kind of record is kept.

    Attributes:
        name: What the records are called; their folder beside others, and their collection on a server.
        noun: What one of them is called, in messages.
        key: Payload field with the id that a record is known by.
        channels: How they are searched, the channel of a whole record before those that add to it.
        indexes: Payload fields that are filtered by.
        version: Raised when a channel is added, which older stores stay without.
    """

    name: str
    noun: str
    key: str
    channels: Sequence[Channel]
    indexes: Mapping[str, FieldKind]
    version: int

    def channel(self, name: str) -> Channel:
        """The channel of this name."""
        return next(channel for channel in self.channels if channel.name == name)

    def manifest(self, encoders: Manifest) -> Manifest:
        """The manifest of these records, written with these encoders."""
        return replace(encoders, schema_version=self.version)

    def schema(self, encoders: Manifest) -> Schema:
        """What the points are; without an encoder its channels are left out."""
        sizes = {
            "static": encoders.static_dimension,
            "dense": encoders.dimension,
            "multilingual": encoders.multilingual_dimension,
        }
        # What no encoder of the knowledge base makes is left out.
        made = {name for name, size in sizes.items() if size}
        vectors = {
            channel.name: VectorSpec(channel.kind, sizes.get(channel.encoding, 0))
            for channel in self.channels
            if channel.since <= encoders.schema_version
            and (channel.kind == "sparse" or channel.encoding in made)
        }
        return Schema(self.key, vectors, self.indexes)


class Store(ABC, Generic[Record]):
    """Keeps records and finds the nearest of them, channel by channel, on any engine.

    Safe to call from several threads; writes are durable when the method returns.
    """

    layout: ClassVar[Layout]

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._without_rows = {
            name: np.empty((0, spec.size), np.float32)
            for name, spec in engine.schema.vectors.items()
            if spec.kind == "multi"
        }

    @staticmethod
    @abstractmethod
    def point_id(key: str) -> str:
        """The UUID of the record that is known by a key."""

    @abstractmethod
    def _point(self, record: Record) -> Point: ...

    @property
    def engine(self) -> Engine:
        """What keeps the records."""
        return self._engine

    @property
    def location(self) -> str:
        """Where it is, for messages."""
        return self._engine.location

    @property
    def is_shared(self) -> bool:
        """Whether other processes may write to it while it is open."""
        return self._engine.is_shared

    @property
    def manifest(self) -> Manifest:
        """What it was written with."""
        return self._engine.manifest

    @property
    def revision(self) -> int:
        """Grows with every write of this process; readers reload when it does."""
        return self._engine.revision

    def upsert(self, records: Sequence[Record]) -> None:
        """Insert records, replacing those of the same key.

        Raises:
            KnowledgeBaseMismatchError: If a vector is missing, of another shape, or not finite; nothing is
                written then.
        """
        points = [self._kept(self._point(record)) for record in records]
        for point in points:
            self._check(point)
        self._engine.upsert([replace(p, payload={**p.payload, **_hashes(p)}) for p in points])

    def _kept(self, point: Point) -> Point:
        """A point without the vectors of channels that came after this store was made."""
        version = self.manifest.schema_version
        newer = {channel.name for channel in self.layout.channels if channel.since > version}
        kept = {name: vector for name, vector in point.vectors.items() if name not in newer}
        return replace(point, vectors=kept)

    def delete(self, keys: Sequence[str]) -> None:
        """Remove records; keys that are not there are passed over."""
        self._engine.delete([self.point_id(key) for key in keys])

    def search(
        self, queries: Sequence[VectorQuery], *, limit: int, only: Filter | None = None
    ) -> list[list[Hit]]:
        """The ``limit`` nearest records for each query, best first; ties ordered by key."""
        found = self._engine.query(queries, limit=limit, only=only)
        return [sorted(hits, key=lambda hit: (-hit.score, hit.key)) for hits in found]

    def points(self) -> Iterator[Point]:
        """Every record as it is stored, checked against its checksums."""
        return map(self._verified, self._engine.scroll(vectors=True))

    def put(self, points: Sequence[Point]) -> None:
        """Write points that :meth:`points` of another store gave, checked against their checksums."""
        self._engine.upsert([self._verified(point) for point in points])

    def count(self, only: Filter | None = None) -> int:
        """How many records there are, or pass a filter."""
        return self._engine.count(only)

    def kept(self) -> KeptArrays | None:
        """Where arrays made of what is stored now are kept; None where they cannot be."""
        return self._engine.kept()

    def close(self) -> None:
        """Release files and connections; calling it again does nothing."""
        self._engine.close()

    def present(self, keys: Sequence[str]) -> list[str]:
        """Those of these keys that are there, damaged or not."""
        ids = {self.point_id(key): key for key in keys}
        return [ids[point.point_id] for point in self._engine.retrieve([*ids], vectors=False)]

    def check_if_suspect(self) -> None:
        """After a kill, or damage: read everything once, and say so where it is not as it was written."""
        if self._engine.is_suspect:
            n_damaged = sum(1 for _ in self.check())
            if not n_damaged:
                self._engine.trust()
            else:
                logger.warning(
                    "%d records of %r are damaged; toolshed doctor --deep names them",
                    n_damaged,
                    self.location,
                )

    def check(self) -> Iterator[str]:
        """Read everything; yields what is wrong with each record that is not as it was written.

        Filters are asked too: an index that is damaged hides records from them.
        """
        held: dict[str, Counter[Any]] = {field: Counter() for field in self.layout.indexes}
        is_whole = True
        for point in self._engine.scroll(vectors=True):
            try:
                self._verified(point)
            except KnowledgeBaseError as damage:
                is_whole = False
                yield str(damage)
                continue
            for field, values in held.items():
                value = point.payload.get(field)
                values.update(set(value) if isinstance(value, list) else [] if value is None else [value])
        # Others may write to a shared one meanwhile.
        if is_whole and not self.is_shared:
            yield from self._damaged_indexes(held)

    def _damaged_indexes(self, held: Mapping[str, Counter[Any]]) -> Iterator[str]:
        for field, values in held.items():
            # The most frequent ones: an index may have as many values as there are records.
            for value, n_records in values.most_common(_CHECKED_VALUES):
                found = self._engine.count({field: [value]})
                if found != n_records:
                    yield (
                        f"the index of {field!r} of {self.location!r} is damaged: it finds {found:,} of the "
                        f"{n_records:,} {self.layout.noun}s with {value!r}. Restore a backup, or delete the "
                        "folder and index again"
                    )
                    break

    def _payloads(
        self, fields: Sequence[str], *, optional: Sequence[str] = ()
    ) -> Iterator[Mapping[str, Any]]:
        """Some fields of every record."""
        for point in self._engine.scroll(fields=[*fields, *optional]):
            if not point.payload.keys() >= {*fields}:
                raise self._damage(point, "payload")
            yield point.payload

    def _damage(self, point: Point, part: str) -> KnowledgeBaseError:
        return KnowledgeBaseError(
            f"the {self.layout.noun} {self._called(point)!r} of {self.location!r} is damaged ({part}). "
            "Delete it and index it again, or restore a backup"
        )

    def _retrieve(self, keys: Sequence[str], *, vectors: bool) -> list[Point]:
        """The points of these keys, in this order; keys that are not there are left out."""
        ids = [self.point_id(key) for key in keys]
        found = {point.point_id: point for point in self._engine.retrieve(ids, vectors=vectors)}
        return [self._verified(found[i]) for i in ids if i in found]

    def _verified(self, point: Point) -> Point:
        """A point that was read whole, or without its vectors, if it is what was written, and where.

        What was written before there were checksums has none.

        Raises:
            KnowledgeBaseError: If its payload or its vectors are others.
        """
        if self.layout.key not in point.payload:
            raise self._damage(point, "payload")
        if self.point_id(point.payload[self.layout.key]) != point.point_id:
            raise self._damage(point, "id")
        for name, found in _hashes(point).items():
            if point.payload.get(name, found) != found:
                raise self._damage(point, name.partition("_")[0])
        return point

    def _vectors(self, point: Point) -> NamedVectors:
        """The vectors of a stored point, with those of no rows that engines do not keep."""
        return {**self._without_rows, **point.vectors}

    def _check(self, point: Point) -> None:
        """Refuse vectors that an engine would accept and never find again."""
        may_lack = {channel.name for channel in self.layout.channels if channel.whole}
        for name, spec in self._engine.schema.vectors.items():
            vector = point.vectors.get(name)
            if vector is None:
                problem = f"has no {name} vector, which the knowledge base was made with"
            elif isinstance(vector, SparseVector):
                problem = "" if np.isfinite(vector.values).all() else f"has NaN or infinity among its {name}"
            else:
                problem = _problem(name, vector, spec, may_be_empty=name in may_lack)
            if problem:
                raise KnowledgeBaseMismatchError(
                    f"the {self.layout.noun} {self._called(point)!r} {problem}; nothing was written. "
                    "Index with the encoder and pipeline that made it"
                )

    def _called(self, point: Point) -> str:
        """What the record of a point is called in messages."""
        return str(point.payload.get(self.layout.key, point.point_id))


def _hashes(point: Point) -> dict[str, str]:
    """Checksums under the names that they are stored with; of the vectors where they were read."""
    payload = {f: value for f, value in point.payload.items() if f not in (_PAYLOAD_HASH, VECTORS_HASH)}
    hashes = {_PAYLOAD_HASH: xxh3_64_hexdigest(json.dumps(payload, sort_keys=True).encode())}
    if point.vectors:
        hashes[VECTORS_HASH] = xxh3_64_hexdigest(b"".join(_bytes(point.vectors)))
    return hashes


def _bytes(vectors: NamedVectors) -> Iterator[bytes]:
    """Every vector that an engine keeps, whatever order it gives them back in."""
    for name, vector in sorted(vectors.items()):
        if isinstance(vector, SparseVector):
            yield from (name.encode(), vector.indices.tobytes(), vector.values.tobytes())
        elif vector.size:
            yield from (name.encode(), np.ascontiguousarray(vector, np.float32).tobytes())


def _problem(name: str, vector: Vectors, spec: VectorSpec, *, may_be_empty: bool) -> str:
    n_axes = 2 if spec.kind == "multi" else 1
    if vector.ndim != n_axes or vector.shape[-1] != spec.size or not (vector.size or may_be_empty):
        return f"has a {name} vector of shape {vector.shape} instead of length {spec.size}"
    return "" if np.isfinite(vector).all() else f"has NaN or infinity in its {name} vector"
