"""The embedded engine: Qdrant's own, in this process (``qdrant-edge-py``), in a folder."""

import json
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import qdrant_edge as qe

from toolshed.errors import KnowledgeBaseBusyError, KnowledgeBaseError, StorageFullError
from toolshed.knowledge_base.engine import (
    Filter,
    Hit,
    Point,
    Schema,
    SchemaOf,
    VectorQuery,
    asked,
    read,
    written,
)
from toolshed.knowledge_base.manifest import Manifest

_MANIFEST = "manifest.json"
# The engine holds the GIL during a call; 200 points keep that near three milliseconds.
_BATCH = 200
_PAGE = 500
# The engine maps its write-ahead log: a full disk would be a bus error, not an exception.
_MIN_FREE_BYTES = 128 * 2**20
_BYTES_PER_POINT = 16 * 2**10
_INDEXES = {"text": qe.PayloadSchemaType.Keyword, "number": qe.PayloadSchemaType.Integer}


class EdgeEngine:
    """One folder, one process at a time; every method is durable when it returns.

    Args:
        folder: Where it is kept; created when it does not exist.
        schema: What the points are, by what they are written with.
        manifest: What they are to be written with; an existing one must agree.
        shard: Name of the folder inside it that the engine fills.

    Raises:
        KnowledgeBaseBusyError: If another process, or another handle, has the folder open.
        KnowledgeBaseMismatchError: If it was written with another encoder or schema.
        KnowledgeBaseError: If the folder holds something else, or is damaged.
    """

    is_shared = False

    def __init__(
        self, folder: str | Path, schema: SchemaOf, manifest: Manifest, *, shard: str = "shard"
    ) -> None:
        self._folder, self._path = Path(folder), Path(folder) / shard
        self.revision = 0
        self._lock = threading.RLock()
        stored = read_manifest(self._folder)
        self.manifest = manifest if stored is None else stored.accept(manifest, location=self.location)
        self.schema = schema(self.manifest)
        self._shard: qe.EdgeShard | None = self._create() if stored is None else self._load()

    @property
    def location(self) -> str:
        return str(self._folder)

    def _load(self) -> qe.EdgeShard:
        with self._translated_errors():
            return qe.EdgeShard.load(str(self._path))

    def _create(self) -> qe.EdgeShard:
        """Make the shard first and the manifest last: a folder without one was never written to."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # Other kinds of records lie beside it, each with a manifest of its own.
            foreign = [
                entry.name
                for entry in self._folder.iterdir()
                if entry != self._path and not (entry / _MANIFEST).exists()
            ]
        except OSError as error:
            raise KnowledgeBaseError(
                f"the folder {self.location!r} cannot be used: {error.strerror}; choose another one"
            ) from error
        if foreign:
            raise KnowledgeBaseError(
                f"the folder {self.location!r} holds other files ({foreign[0]!r}); give a new or empty folder"
            )
        self._check_free_space(0)
        shutil.rmtree(self._path, ignore_errors=True)
        self._path.mkdir()
        with self._translated_errors():
            shard = qe.EdgeShard.create(str(self._path), _config(self.schema))
            for field, kind in self.schema.indexes.items():
                shard.update(qe.UpdateOperation.create_field_index(field, _INDEXES[kind]))
            shard.flush()
        _write_durably(self._folder / _MANIFEST, json.dumps(self.manifest.to_json(), indent=2))
        return shard

    def upsert(self, points: Sequence[Point]) -> None:
        self._check_free_space(len(points))
        with self._writing() as shard:
            for start in range(0, len(points), _BATCH):
                batch = [
                    qe.Point(
                        id=point.point_id,
                        vector=written(point.vectors, qe.SparseVector),
                        payload=dict(point.payload),
                    )
                    for point in points[start : start + _BATCH]
                ]
                shard.update(qe.UpdateOperation.upsert_points(batch))

    def delete(self, point_ids: Sequence[str]) -> None:
        with self._writing() as shard:
            shard.update(qe.UpdateOperation.delete_points([*point_ids]))

    def retrieve(self, point_ids: Sequence[str], *, vectors: bool = True) -> list[Point]:
        found: list[qe.Record] = []
        with self._reading() as shard:
            for start in range(0, len(point_ids), _BATCH):
                ids: list[qe.PointId] = [*point_ids[start : start + _BATCH]]
                found += shard.retrieve(ids, with_payload=True, with_vector=vectors)
        return [_point(record) for record in found]

    def scroll(
        self, *, only: Filter | None = None, fields: Sequence[str] | None = None, vectors: bool = False
    ) -> Iterator[Point]:
        payload = True if fields is None else [*fields]
        offset: Any = None  # Any: the engine's point id
        while True:
            request = qe.ScrollRequest(
                limit=_PAGE, offset=offset, filter=_filter(only), with_payload=payload, with_vector=vectors
            )
            with self._reading() as shard:
                page, offset = shard.scroll(request)
            yield from map(_point, page)
            if offset is None:
                return

    def query(
        self, queries: Sequence[VectorQuery], *, limit: int, only: Filter | None = None
    ) -> list[list[Hit]]:
        passing = _filter(only)
        # By itself a filter leaves what it keeps out in the document frequencies.
        params = qe.SearchParams(idf=qe.IdfParams(corpus=passing)) if passing else None
        requests = [
            qe.QueryRequest(
                limit=limit,
                query=qe.Query.Nearest(asked(query, self.schema, qe.SparseVector), using=query.channel),
                filter=passing,
                params=params if self.schema.vectors[query.channel].kind == "sparse" else None,
                with_payload=[self.schema.key],
                with_vector=False,
            )
            for query in queries
        ]
        with self._reading() as shard:
            answers = [shard.query(request) for request in requests]
        return [[Hit((p.payload or {})[self.schema.key], p.score) for p in points] for points in answers]

    def count(self, only: Filter | None = None) -> int:
        with self._reading() as shard:
            return int(shard.count(qe.CountRequest(exact=True, filter=_filter(only))))

    def close(self) -> None:
        with self._lock:
            if self._shard is not None:
                self._shard.close()
                self._shard = None

    @contextmanager
    def _reading(self) -> Iterator[qe.EdgeShard]:
        with self._lock, self._translated_errors():
            if self._shard is None:
                raise KnowledgeBaseError(f"the knowledge base {self.location!r} is closed; open it again")
            yield self._shard

    @contextmanager
    def _writing(self) -> Iterator[qe.EdgeShard]:
        with self._reading() as shard:
            yield shard
            shard.flush()
            self.revision += 1

    def _check_free_space(self, n_points: int) -> None:
        free = shutil.disk_usage(self._folder).free
        needed = _MIN_FREE_BYTES + n_points * _BYTES_PER_POINT
        if free < needed:
            raise StorageFullError(
                f"the disk of {self.location!r} has {free // 2**20} MB left, {needed // 2**20} MB are "
                "needed; nothing was written. Free some space or choose another folder"
            )

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Give the engine's bare exceptions a name; it raises nothing more specific."""
        try:
            yield
        except KnowledgeBaseError:
            raise
        except Exception as error:
            message = str(error)
            if "WouldBlock" in message:
                raise KnowledgeBaseBusyError(
                    f"the knowledge base {self.location!r} is open in another process; close that one, or "
                    "use a Qdrant server (--kb http://host:6333) when several processes must share it"
                ) from error
            if "No space left" in message:
                raise StorageFullError(
                    f"the disk of {self.location!r} is full; free some space and run the same command again"
                ) from error
            raise KnowledgeBaseError(f"the knowledge base {self.location!r} failed: {message}") from error


def _config(schema: Schema) -> qe.EdgeConfig:
    max_sim = qe.MultiVectorConfig(qe.MultiVectorComparator.MaxSim)
    idf = qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)
    return qe.EdgeConfig(
        vectors={
            name: qe.EdgeVectorParams(
                size=spec.size,
                # Vectors are normalised by us: Dot then gives the same numbers in every engine.
                distance=qe.Distance.Dot,
                # Most catalogs are read into memory once; cached, empty space of the files is mapped in too.
                memory=qe.Memory.Cold,
                multivector_config=max_sim if spec.kind == "multi" else None,
            )
            for name, spec in schema.vectors.items()
            if spec.kind != "sparse"
        },
        sparse_vectors={name: idf for name, spec in schema.vectors.items() if spec.kind == "sparse"},
    )


def _filter(only: Filter | None) -> qe.Filter | None:
    if not only:
        return None
    return qe.Filter(must=[qe.FieldCondition(f, match=qe.MatchAny([*values])) for f, values in only.items()])


def _point(record: qe.Record) -> Point:
    return Point(str(record.id), record.payload or {}, read(record.vector))


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of an embedded knowledge base, or None where there is none yet.

    Raises:
        KnowledgeBaseError: If there is one that cannot be read.
    """
    path = folder / _MANIFEST
    try:
        return Manifest(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise KnowledgeBaseError(
            f"{str(path)!r} is not the manifest of a knowledge base ({error}); "
            "restore it from a backup or index into a new folder"
        ) from error


def _write_durably(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
