"""The embedded engine: Qdrant's own, in this process (``qdrant-edge-py``), in a folder."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import qdrant_edge as qe

from toolshed.errors import KnowledgeBaseBusyError, KnowledgeBaseError, StorageFullError
from toolshed.kept_arrays import KeptArrays
from toolshed.knowledge_base.edge_folder import EdgeFolder
from toolshed.knowledge_base.engine import (
    Filter,
    Hit,
    Point,
    Schema,
    SchemaOf,
    VectorQuery,
    asked,
    hit,
    read,
    stored_values,
    written,
)
from toolshed.knowledge_base.manifest import Manifest
from toolshed.knowledge_base.revisions import Revisions

# The engine holds the GIL during a call; 200 points keep that near three milliseconds.
_BATCH = 200
_PAGE = 500
# What the engine says where it cannot write.
_NO_WRITING = ("No space left", "Read-only file system", "Permission denied")
_INDEXES = {"text": qe.PayloadSchemaType.Keyword, "number": qe.PayloadSchemaType.Integer}


class EdgeEngine:
    """One folder, one process at a time; every method is durable when it returns.

    Args:
        folder: Where it is kept; created when it does not exist.
        schema: What the points are, by what they are written with.
        manifest: What they are to be written with; an existing one must agree.
        shard: Name of the folder inside it that the engine fills.
        revisions: Counts what is written.

    Raises:
        KnowledgeBaseBusyError: If another process, or another handle, has the folder open.
        KnowledgeBaseMismatchError: If it was written with another encoder or schema.
        KnowledgeBaseError: If the folder holds something else, or is damaged.
    """

    is_shared = False
    # Whether its files were not as they had been closed: after a kill, or damage.
    is_suspect = False

    def __init__(
        self,
        folder: str | Path,
        schema: SchemaOf,
        manifest: Manifest,
        *,
        shard: str = "shard",
        revisions: Revisions | None = None,
    ) -> None:
        self._folder = EdgeFolder(Path(folder), shard)
        self.location = str(folder)
        self._revisions = revisions or Revisions()
        self._lock = threading.RLock()
        self._shard: qe.EdgeShard | None = None
        self._is_closed = False
        # How many there are; None while some are being written.
        self._n_points: int | None = None
        try:
            stored = self._folder.manifest()
            self.manifest = manifest if stored is None else stored.accept(manifest, location=self.location)
            self.schema = schema(self.manifest)
            known = None if stored is None else self._folder.acknowledged()
            self.is_suspect = stored is not None and not self._folder.files.are_as_closed()
            if known and known.is_exact and self._folder.has_room() and not self.is_suspect:
                # Searches read matrices: of files that are as they were closed, the engine can wait.
                n_points = known.at_least
            else:
                self._shard = self._create() if stored is None else self._load()
                n_points = self.count()
            self._n_points = n_points
            self._folder.check_count(n_points, known)
            if not (self._folder.version or self._folder.is_read_only):
                self._folder.acknowledge(n_points, n_points)
        except BaseException:
            self.close()
            raise

    def _load(self) -> qe.EdgeShard:
        # The engine writes when it opens, and a full disk then is a bus error: it gets a copy to write to.
        path = self._folder.shard if self._folder.has_room() else self._folder.copied_shard()
        if self.is_suspect:
            self._folder.files.try_to_open(path)
        with self._translated_errors():
            return qe.EdgeShard.load(str(path))

    def _create(self) -> qe.EdgeShard:
        """Make the shard first and the manifest last: a folder without one was never written to."""
        path = self._folder.fresh_shard()
        with self._translated_errors():
            shard = qe.EdgeShard.create(str(path), _config(self.schema))
            for field, kind in self.schema.indexes.items():
                shard.update(qe.UpdateOperation.create_field_index(field, _INDEXES[kind]))
            shard.flush()
        self._folder.acknowledge(0, 0)
        self._folder.write_manifest(self.manifest)
        return shard

    @property
    def revision(self) -> int:
        return self._revisions.now

    def trust(self) -> None:
        self.is_suspect = False

    def upsert(self, points: Sequence[Point]) -> None:
        with self._writing(n_added=len(points)) as shard:
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
        with self._writing(n_removed=len(point_ids)) as shard:
            shard.update(qe.UpdateOperation.delete_points([*point_ids]))

    def retrieve(self, point_ids: Sequence[str], *, vectors: bool | Sequence[str] = True) -> list[Point]:
        wanted = vectors if isinstance(vectors, bool) else [*vectors]
        found: list[qe.Record] = []
        with self._reading() as shard:
            for start in range(0, len(point_ids), _BATCH):
                ids: list[qe.PointId] = [*point_ids[start : start + _BATCH]]
                found += shard.retrieve(ids, with_payload=True, with_vector=wanted)
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
        return [[hit(p.payload, p.score, self.schema) for p in points] for points in answers]

    def count(self, only: Filter | None = None) -> int:
        with self._lock:
            # Counting a million points takes the engine a tenth of a second; nobody else writes here.
            if not (only or self._is_closed) and self._n_points is not None:
                return self._n_points
        with self._reading() as shard:
            return int(shard.count(qe.CountRequest(exact=True, filter=_filter(only))))

    def kept(self) -> KeptArrays | None:
        return self._folder.kept()

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._shard is not None:
                self._shard.close()
                self._shard = None
                if not (self.is_suspect or self._folder.is_read_only):
                    self._folder.files.closed()
            self._folder.release()

    @contextmanager
    def _reading(self) -> Iterator[qe.EdgeShard]:
        with self._lock, self._translated_errors():
            if self._is_closed:
                raise KnowledgeBaseError(f"the knowledge base {self.location!r} is closed; open it again")
            if self._shard is None:
                self._shard = self._load()
            yield self._shard

    @contextmanager
    def _writing(self, *, n_added: int = 0, n_removed: int = 0) -> Iterator[qe.EdgeShard]:
        with self._reading() as shard:
            self._folder.check_space(n_added)
            before, self._n_points = self.count(), None
            # A run that is killed leaves the bounds between which it was.
            self._folder.acknowledge(max(0, before - n_removed), before + n_added)
            yield shard
            shard.flush()
            self._n_points = after = self.count()
            self._folder.acknowledge(after, after)
            self._revisions.add()

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Give the engine's bare exceptions a name; it raises nothing more specific, and panics."""
        try:
            yield
        except KnowledgeBaseError:
            raise
        except BaseException as error:
            # A panic of the engine is no Exception, so that nothing handles it by chance.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            message = str(error)
            if "WouldBlock" in message:
                raise KnowledgeBaseBusyError(
                    f"the knowledge base {self.location!r} is open in another process; close that one"
                ) from error
            if any(text in message for text in _NO_WRITING):
                raise StorageFullError(
                    f"the disk of {self.location!r} is full or cannot be written to; free some space or "
                    "allow writing, and run the same command again"
                ) from error
            raise KnowledgeBaseError(
                f"the knowledge base {self.location!r} failed: {message}. If its files are damaged, restore "
                "them from a backup, or delete the folder and index again"
            ) from error


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
    return qe.Filter(
        must=[qe.FieldCondition(f, match=qe.MatchAny(stored_values(values))) for f, values in only.items()]
    )


def _point(record: qe.Record) -> Point:
    return Point(str(record.id), record.payload or {}, read(record.vector))
