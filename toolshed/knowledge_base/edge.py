"""The embedded knowledge base: Qdrant's own engine in this process (``qdrant-edge-py``)."""

import json
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import qdrant_edge as qe

from toolshed.errors import (
    KnowledgeBaseBusyError,
    KnowledgeBaseError,
    StorageFullError,
)
from toolshed.knowledge_base.points import (
    SYNC_FIELDS,
    dense_channels,
    named_vectors,
    payload,
    query_vector,
    record_from,
)
from toolshed.knowledge_base.protocol import (
    MULTI_VECTOR_CHANNELS,
    ChannelQuery,
    Hit,
    Manifest,
    StoredTool,
    ToolRecord,
    check_records,
    ordered_hits,
    point_id,
)

_MANIFEST = "manifest.json"
_SHARD = "tools"
# The engine holds the GIL during a call; 200 points keep that near three milliseconds.
_BATCH = 200
_PAGE = 500
# The engine maps its write-ahead log: a full disk would be a bus error, not an exception.
_MIN_FREE_BYTES = 128 * 2**20
_BYTES_PER_TOOL = 16 * 2**10


class EdgeKnowledgeBase:
    """One folder, one process at a time; every method is durable when it returns.

    Args:
        folder: Where it is kept; created when it does not exist.
        manifest: What it is to be written with; an existing one must agree.

    Raises:
        KnowledgeBaseBusyError: If another process, or another handle, has the folder open.
        KnowledgeBaseMismatchError: If it was written with another encoder or schema.
        KnowledgeBaseError: If the folder holds something else, or is damaged.
    """

    is_shared = False

    def __init__(self, folder: str | Path, manifest: Manifest) -> None:
        self._folder = Path(folder)
        self.manifest = manifest
        self.revision = 0
        self._lock = threading.RLock()
        self._shard: qe.EdgeShard | None = self._open()

    @property
    def location(self) -> str:
        return str(self._folder)

    def _open(self) -> qe.EdgeShard:
        stored = read_manifest(self._folder)
        if stored is not None:
            self.manifest = stored.accept(self.manifest, location=self.location)
            with self._translated_errors():
                return qe.EdgeShard.load(str(self._folder / _SHARD))
        return self._create()

    def _create(self) -> qe.EdgeShard:
        """Make the shard first and the manifest last: a folder without one was never written to."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            foreign = [entry.name for entry in self._folder.iterdir() if entry.name != _SHARD]
        except OSError as error:
            raise KnowledgeBaseError(
                f"the folder {self.location!r} cannot be used: {error.strerror}; choose another one"
            ) from error
        if foreign:
            raise KnowledgeBaseError(
                f"the folder {self.location!r} holds other files ({foreign[0]!r}); give a new or empty folder"
            )
        self._check_free_space(0)
        shutil.rmtree(self._folder / _SHARD, ignore_errors=True)
        (self._folder / _SHARD).mkdir()
        with self._translated_errors():
            shard = qe.EdgeShard.create(str(self._folder / _SHARD), _config(self.manifest))
            shard.update(_keyword_index("source"))
            shard.flush()
        _write_durably(self._folder / _MANIFEST, json.dumps(self.manifest.to_json(), indent=2))
        return shard

    def upsert(self, records: Sequence[ToolRecord]) -> None:
        check_records(records, self.manifest)
        points = [
            qe.Point(
                id=point_id(record.tool_id),
                vector=named_vectors(record, qe.SparseVector),
                payload=payload(record.definition),
            )
            for record in records
        ]
        self._check_free_space(len(records))
        with self._lock, self._translated_errors():
            for start in range(0, len(points), _BATCH):
                self._open_shard.update(qe.UpdateOperation.upsert_points(points[start : start + _BATCH]))
            self._open_shard.flush()
            self.revision += 1

    def delete(self, tool_ids: Sequence[str]) -> None:
        with self._lock, self._translated_errors():
            ids: list[qe.PointId] = [point_id(i) for i in tool_ids]
            self._open_shard.update(qe.UpdateOperation.delete_points(ids))
            self._open_shard.flush()
            self.revision += 1

    def stored_tools(self) -> list[StoredTool]:
        payloads = (record.payload or {} for record in self._scroll(SYNC_FIELDS, False))
        stored = [StoredTool(p["tool_id"], p["source"], p["content_hash"]) for p in payloads]
        return sorted(stored, key=lambda tool: tool.tool_id)

    def fetch(self, tool_ids: Sequence[str]) -> list[ToolRecord]:
        found: dict[str, ToolRecord] = {}
        with self._lock, self._translated_errors():
            for start in range(0, len(tool_ids), _BATCH):
                ids: list[qe.PointId] = [point_id(i) for i in tool_ids[start : start + _BATCH]]
                for point in self._open_shard.retrieve(ids, with_payload=True, with_vector=True):
                    record = record_from(point.payload, point.vector)
                    found[record.tool_id] = record
        return [found[i] for i in tool_ids if i in found]

    def scan(self) -> Iterator[ToolRecord]:
        for point in self._scroll(True, True):
            yield record_from(point.payload, point.vector)

    def _scroll(self, payload: bool | list[str], vectors: bool) -> Iterator[qe.Record]:
        offset: Any = None  # Any: the engine's point id
        while True:
            request = qe.ScrollRequest(limit=_PAGE, offset=offset, with_payload=payload, with_vector=vectors)
            with self._lock, self._translated_errors():
                page, offset = self._open_shard.scroll(request)
            yield from page
            if offset is None:
                return

    def search(self, queries: Sequence[ChannelQuery], *, limit: int) -> list[list[Hit]]:
        requests = [
            qe.QueryRequest(
                limit=limit,
                query=qe.Query.Nearest(query_vector(query, qe.SparseVector), using=query.channel),
                with_payload=["tool_id"],
                with_vector=False,
            )
            for query in queries
        ]
        with self._lock, self._translated_errors():
            answers = [self._open_shard.query(request) for request in requests]
        return [
            ordered_hits([Hit((p.payload or {})["tool_id"], p.score) for p in points]) for points in answers
        ]

    def count(self) -> int:
        with self._lock, self._translated_errors():
            return int(self._open_shard.count(qe.CountRequest(exact=True)))

    def close(self) -> None:
        with self._lock:
            if self._shard is not None:
                self._shard.close()
                self._shard = None

    @property
    def _open_shard(self) -> qe.EdgeShard:
        if self._shard is None:
            raise KnowledgeBaseError(f"the knowledge base {self.location!r} is closed; open it again")
        return self._shard

    def _check_free_space(self, n_tools: int) -> None:
        free = shutil.disk_usage(self._folder).free
        needed = _MIN_FREE_BYTES + n_tools * _BYTES_PER_TOOL
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


def _config(manifest: Manifest) -> qe.EdgeConfig:
    max_sim = qe.MultiVectorConfig(qe.MultiVectorComparator.MaxSim)
    vectors: dict[str, qe.EdgeVectorParams] = {
        channel: qe.EdgeVectorParams(
            size=size,
            distance=qe.Distance.Dot,
            multivector_config=max_sim if channel in MULTI_VECTOR_CHANNELS else None,
        )
        for channel, size in dense_channels(manifest)
    }
    idf = qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)
    return qe.EdgeConfig(vectors=vectors, sparse_vectors={"words": idf, "ngrams": idf})


def _keyword_index(field: str) -> qe.UpdateOperation:
    return qe.UpdateOperation.create_field_index(field, qe.PayloadSchemaType.Keyword)
