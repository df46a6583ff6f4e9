"""The port that engines stand behind: points with named vectors and a payload, filtered and searched."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from toolshed.errors import KnowledgeBaseError
from toolshed.half_characters import without_half_characters
from toolshed.kept_arrays import KeptArrays
from toolshed.knowledge_base.manifest import Manifest
from toolshed.vectors import SparseVector, Vectors

# One vector; several, of which the best match counts (MaxSim); or sparse weights, which searching
# multiplies with their inverse document frequency.
VectorKind = Literal["dense", "multi", "sparse"]
FieldKind = Literal["text", "number"]
# Every value of a field is an alternative; all fields must match.
Filter = Mapping[str, Sequence[str] | Sequence[int]]
# By name: float32 [size], [n, size] of a multivector, or sparse.
NamedVectors = Mapping[str, Vectors | SparseVector]


# Any: texts, or numbers, of one kind.
def stored_values(values: Sequence[Any]) -> list[Any]:
    """The values of a filter as engines written in Rust take them; what is stored has no half characters."""
    return [without_half_characters(value) if isinstance(value, str) else value for value in values]


@dataclass(frozen=True, slots=True)
class VectorSpec:
    """What vectors of a name are: their kind, and their length unless they are sparse."""

    kind: VectorKind
    size: int = 0


@dataclass(frozen=True, slots=True)
class Schema:
    """What the points of an engine are.

    Attributes:
        key: Payload field with the id that a record is known by.
        vectors: The vectors, by name.
        indexes: Payload fields that are filtered by, with the kind of their values.
    """

    key: str
    vectors: Mapping[str, VectorSpec]
    indexes: Mapping[str, FieldKind]


# An engine is made with this: what was stored may have been written with more encoders than are wanted.
SchemaOf = Callable[[Manifest], Schema]


@dataclass(frozen=True, slots=True)
class Point:
    """A point.

    Attributes:
        point_id: A UUID.
        payload: JSON values by field; a list has each of its values.
        vectors: Its vectors; what is read without its vectors has none, and a multivector without rows is
            not kept.
    """

    point_id: str
    payload: Mapping[str, Any]
    vectors: NamedVectors


@dataclass(frozen=True, slots=True)
class VectorQuery:
    """One nearest-neighbour query on the vectors of one channel."""

    channel: str
    vector: Vectors | SparseVector


@dataclass(frozen=True, slots=True)
class Hit:
    """A record by its key, and its similarity to the query; that of sparse vectors includes the IDF."""

    key: str
    score: float


class Engine(Protocol):
    """Keeps points and finds the nearest of them.

    Implementations are safe to call from several threads. Every write is durable when the method returns,
    and one point is always written whole or not at all. What a filter leaves out is never scored, never
    counted, and has no part in document frequencies.

    ``toolshed.testing.engine_contract`` holds the tests that every engine passes.
    """

    @property
    def location(self) -> str:
        """Where it is, for messages."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes may write to it while it is open."""

    @property
    def manifest(self) -> Manifest:
        """What it was written with."""

    @property
    def schema(self) -> Schema:
        """What its points are."""

    @property
    def is_suspect(self) -> bool:
        """Whether it may be damaged: its files are not as it closed them."""

    def trust(self) -> None:
        """Take what is there for what was written: it was read and found undamaged."""

    @property
    def revision(self) -> int:
        """Grows with every write of this process; readers reload when it does."""

    def upsert(self, points: Sequence[Point]) -> None:
        """Insert points, replacing those of the same id."""

    def delete(self, point_ids: Sequence[str]) -> None:
        """Remove points; ids that are not there are passed over."""

    def retrieve(self, point_ids: Sequence[str], *, vectors: bool | Sequence[str] = True) -> list[Point]:
        """The points of these ids, in no particular order; ids that are not there are left out.

        Args:
            point_ids: The ids.
            vectors: Whether with their vectors, or with those of which names.
        """

    def scroll(
        self, *, only: Filter | None = None, fields: Sequence[str] | None = None, vectors: bool = False
    ) -> Iterator[Point]:
        """The points that pass the filter, ordered by id, with some fields of their payload or all."""

    def query(
        self, queries: Sequence[VectorQuery], *, limit: int, only: Filter | None = None
    ) -> list[list[Hit]]:
        """The ``limit`` nearest points for each query, best first; ties in no particular order."""

    def count(self, only: Filter | None = None) -> int:
        """How many points there are, or pass the filter."""

    def kept(self) -> KeptArrays | None:
        """Where arrays made of what is stored now are kept; None where they cannot be."""

    def close(self) -> None:
        """Release files and connections; calling it again does nothing."""


# Each library of Qdrant has its own class of sparse vectors; both take indices= and values=.
SparseClass = Callable[..., Any]


def hit(payload: Mapping[str, Any] | None, score: float, schema: Schema) -> Hit:
    """A hit, as Qdrant's libraries give it.

    Raises:
        KnowledgeBaseError: If the record has lost its key.
    """
    key = (payload or {}).get(schema.key)
    if key is None:
        raise KnowledgeBaseError(
            "a stored record is damaged, it has lost its id; toolshed doctor --deep tells more. Restore a "
            "backup, or index again into a new location"
        )
    return Hit(key, score)


def written(vectors: NamedVectors, sparse: SparseClass) -> dict[str, Any]:
    """Vectors as Qdrant's libraries take them; they refuse a multivector without rows, so it is left out."""
    return {name: _plain(v, sparse) for name, v in vectors.items() if isinstance(v, SparseVector) or v.size}


def asked(query: VectorQuery, schema: Schema, sparse: SparseClass) -> Any:
    """The vector of a query as Qdrant's libraries take it; multivectors want a list of vectors."""
    plain = _plain(query.vector, sparse)
    return [plain] if schema.vectors[query.channel].kind == "multi" else plain


def read(vectors: Any) -> NamedVectors:
    """Vectors as Qdrant's libraries give them."""
    return {
        name: SparseVector(np.array(v.indices, np.uint32), np.array(v.values, np.float32))
        if hasattr(v, "indices")
        else np.array(v, np.float32)
        for name, v in (vectors or {}).items()
    }


def _plain(vector: Vectors | SparseVector, sparse: SparseClass) -> Any:
    if isinstance(vector, SparseVector):
        return sparse(indices=vector.indices.tolist(), values=vector.values.tolist())
    return vector.tolist()
