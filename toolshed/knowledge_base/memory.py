"""The engine in memory: exact and simple, the oracle of the contract suite."""

import threading
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from toolshed.errors import KnowledgeBaseError
from toolshed.knowledge_base.engine import Filter, Hit, Point, SchemaOf, VectorQuery, stored_values
from toolshed.knowledge_base.manifest import Manifest
from toolshed.vectors import SparseVector, Vectors


class MemoryEngine:
    """Keeps points in a dictionary and scores all that pass the filter for every query.

    Args:
        schema: What the points are, by what they are written with.
        manifest: What they are written with.
    """

    location = "memory:"
    is_suspect = False
    is_shared = False

    def __init__(self, schema: SchemaOf, manifest: Manifest) -> None:
        self.schema, self.manifest = schema(manifest), manifest
        self.revision = 0
        self._lock = threading.Lock()
        # Replaced, never changed: readers go on with what they have.
        self._points: Mapping[str, Point] | None = {}

    def trust(self) -> None:
        """Nothing of it can be damaged unnoticed."""

    def upsert(self, points: Sequence[Point]) -> None:
        with self._lock:
            self._replace({**self._open_points, **{point.point_id: point for point in points}})

    def delete(self, point_ids: Sequence[str]) -> None:
        gone = set(point_ids)
        with self._lock:
            self._replace({i: point for i, point in self._open_points.items() if i not in gone})

    def _replace(self, points: Mapping[str, Point]) -> None:
        self._points = points
        self.revision += 1

    def retrieve(self, point_ids: Sequence[str], *, vectors: bool | Sequence[str] = True) -> list[Point]:
        points = self._open_points
        found = [points[i] for i in dict.fromkeys(point_ids) if i in points]
        return [_copied(point, None, vectors=vectors) for point in found]

    def scroll(
        self, *, only: Filter | None = None, fields: Sequence[str] | None = None, vectors: bool = False
    ) -> Iterator[Point]:
        for point in sorted(self._passing(only), key=lambda point: point.point_id):
            yield _copied(point, fields, vectors=vectors)

    def query(
        self, queries: Sequence[VectorQuery], *, limit: int, only: Filter | None = None
    ) -> list[list[Hit]]:
        passing = self._passing(only)
        return [self._nearest(query, passing)[:limit] for query in queries]

    def _nearest(self, query: VectorQuery, points: Sequence[Point]) -> list[Hit]:
        stored = {p.payload[self.schema.key]: p.vectors[query.channel] for p in points if _has(p, query)}
        if isinstance(query.vector, SparseVector):
            sparse = {key: vector for key, vector in stored.items() if isinstance(vector, SparseVector)}
            hits = [hit for hit in _sparse_hits(sparse, query.vector, len(points)) if hit.score > 0]
        else:
            dense = {key: vector for key, vector in stored.items() if not isinstance(vector, SparseVector)}
            hits = _dense_hits(dense, query.vector)
        return sorted(hits, key=lambda hit: -hit.score)

    def count(self, only: Filter | None = None) -> int:
        return len(self._passing(only))

    def kept(self) -> None:
        return None

    def close(self) -> None:
        self._points = None

    @property
    def _open_points(self) -> Mapping[str, Point]:
        if self._points is None:
            raise KnowledgeBaseError("the knowledge base 'memory:' is closed, and what it held is gone")
        return self._points

    def _passing(self, only: Filter | None) -> list[Point]:
        points = self._open_points.values()
        return [
            p
            for p in points
            if not only or all(_passes(p, field, stored_values(only[field])) for field in only)
        ]


def _copied(point: Point, fields: Sequence[str] | None, *, vectors: bool | Sequence[str]) -> Point:
    payload = {f: value for f, value in point.payload.items() if fields is None or f in fields}
    wanted = ([*point.vectors] if vectors else []) if isinstance(vectors, bool) else vectors
    return Point(point.point_id, payload, {n: own for n, own in point.vectors.items() if n in wanted})


def _passes(point: Point, field: str, values: Sequence[str] | Sequence[int]) -> bool:
    has = point.payload.get(field, [])
    return not set(has if isinstance(has, list) else [has]).isdisjoint(values)


def _has(point: Point, query: VectorQuery) -> bool:
    vector = point.vectors.get(query.channel)
    return isinstance(vector, SparseVector) or (vector is not None and vector.size > 0)


def _dense_hits(stored: Mapping[str, Vectors], vector: Vectors) -> list[Hit]:
    return [Hit(key, float(np.max(np.atleast_2d(own) @ vector))) for key, own in stored.items()]


def _sparse_hits(stored: Mapping[str, SparseVector], vector: SparseVector, n_points: int) -> Iterator[Hit]:
    """Inner products, each term weighed by ln(1 + (n - df + 0.5) / (df + 0.5)), Qdrant's ``Modifier.IDF``."""
    weights = dict(zip(vector.indices.tolist(), vector.values.tolist(), strict=True))
    frequency = {i: sum(bool((own.indices == i).any()) for own in stored.values()) for i in weights}
    for i, df in frequency.items():
        weights[i] *= np.log(1 + (n_points - df + 0.5) / (df + 0.5))
    for key, own in stored.items():
        terms = zip(own.indices.tolist(), own.values.tolist(), strict=True)
        yield Hit(key, float(sum(weights[i] * value for i, value in terms if i in weights)))
