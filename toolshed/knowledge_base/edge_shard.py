"""A folder with one shard of the embedded Qdrant engine: opening, writing, reading, errors."""

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qdrant_edge as qe

from toolshed.errors import KnowledgeBaseBusyError, KnowledgeBaseError, StorageFullError
from toolshed.knowledge_base.protocol import Manifest

_MANIFEST = "manifest.json"
# The engine holds the GIL during a call; 200 points keep that near three milliseconds.
_BATCH = 200
_PAGE = 500
# The engine maps its write-ahead log: a full disk would be a bus error, not an exception.
_MIN_FREE_BYTES = 128 * 2**20
_BYTES_PER_POINT = 16 * 2**10


@dataclass(frozen=True, slots=True)
class ShardLayout:
    """What a shard holds.

    Attributes:
        name: Name of its folder, inside the knowledge base's.
        config: The engine's configuration for a manifest.
        indexes: Payload fields that are filtered by, with the kind of their index.
        beside: What else may lie in the folder.
    """

    name: str
    config: Callable[[Manifest], qe.EdgeConfig]
    indexes: Mapping[str, qe.PayloadSchemaType]
    beside: frozenset[str] = frozenset()


class EdgeShard:
    """One folder, one process at a time; every method is durable when it returns.

    Args:
        folder: Where it is kept; created when it does not exist.
        manifest: What it is to be written with; an existing one must agree.
        layout: What it holds.

    Raises:
        KnowledgeBaseBusyError: If another process, or another handle, has the folder open.
        KnowledgeBaseMismatchError: If it was written with another encoder or schema.
        KnowledgeBaseError: If the folder holds something else, or is damaged.
    """

    def __init__(self, folder: str | Path, manifest: Manifest, layout: ShardLayout) -> None:
        self._folder = Path(folder)
        self._layout = layout
        self.manifest = manifest
        self.revision = 0
        self._lock = threading.RLock()
        self._shard: qe.EdgeShard | None = self._open()

    @property
    def location(self) -> str:
        """Where it is, for messages."""
        return str(self._folder)

    def _open(self) -> qe.EdgeShard:
        stored = read_manifest(self._folder)
        if stored is not None:
            self.manifest = stored.accept(self.manifest, location=self.location)
            with self._translated_errors():
                return qe.EdgeShard.load(str(self._folder / self._layout.name))
        return self._create()

    def _create(self) -> qe.EdgeShard:
        """Make the shard first and the manifest last: a folder without one was never written to."""
        name, expected = self._layout.name, {self._layout.name, *self._layout.beside}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            foreign = [entry.name for entry in self._folder.iterdir() if entry.name not in expected]
        except OSError as error:
            raise KnowledgeBaseError(
                f"the folder {self.location!r} cannot be used: {error.strerror}; choose another one"
            ) from error
        if foreign:
            raise KnowledgeBaseError(
                f"the folder {self.location!r} holds other files ({foreign[0]!r}); give a new or empty folder"
            )
        self._check_free_space(0)
        shutil.rmtree(self._folder / name, ignore_errors=True)
        (self._folder / name).mkdir()
        with self._translated_errors():
            shard = qe.EdgeShard.create(str(self._folder / name), self._layout.config(self.manifest))
            for field, kind in self._layout.indexes.items():
                shard.update(qe.UpdateOperation.create_field_index(field, kind))
            shard.flush()
        _write_durably(self._folder / _MANIFEST, json.dumps(self.manifest.to_json(), indent=2))
        return shard

    def upsert(self, points: Sequence[qe.Point]) -> None:
        """Insert points, replacing those of the same id."""
        self._check_free_space(len(points))
        with self._lock, self._translated_errors():
            for start in range(0, len(points), _BATCH):
                self._open_shard.update(
                    qe.UpdateOperation.upsert_points(list(points[start : start + _BATCH]))
                )
            self._open_shard.flush()
            self.revision += 1

    def delete(self, point_ids: Sequence[str]) -> None:
        """Remove points; ids that are not there are passed over."""
        with self._lock, self._translated_errors():
            ids: list[qe.PointId] = [*point_ids]
            self._open_shard.update(qe.UpdateOperation.delete_points(ids))
            self._open_shard.flush()
            self.revision += 1

    def retrieve(self, point_ids: Sequence[str], *, vectors: bool = True) -> list[qe.Record]:
        """The points of these ids, in no particular order; ids that are not there are left out."""
        found: list[qe.Record] = []
        with self._lock, self._translated_errors():
            for start in range(0, len(point_ids), _BATCH):
                ids: list[qe.PointId] = [*point_ids[start : start + _BATCH]]
                found += self._open_shard.retrieve(ids, with_payload=True, with_vector=vectors)
        return found

    def scroll(
        self, *, payload: bool | list[str], vectors: bool, only: qe.Filter | None = None
    ) -> Iterator[qe.Record]:
        """Every point, or those that pass a filter."""
        offset: Any = None  # Any: the engine's point id
        while True:
            request = qe.ScrollRequest(
                limit=_PAGE, offset=offset, filter=only, with_payload=payload, with_vector=vectors
            )
            with self._lock, self._translated_errors():
                page, offset = self._open_shard.scroll(request)
            yield from page
            if offset is None:
                return

    def query(self, requests: Sequence[qe.QueryRequest]) -> list[list[qe.ScoredPoint]]:
        """The answer to each request."""
        with self._lock, self._translated_errors():
            return [self._open_shard.query(request) for request in requests]

    def count(self) -> int:
        """How many points there are."""
        with self._lock, self._translated_errors():
            return int(self._open_shard.count(qe.CountRequest(exact=True)))

    def close(self) -> None:
        """Release the folder; calling it again does nothing."""
        with self._lock:
            if self._shard is not None:
                self._shard.close()
                self._shard = None

    @property
    def _open_shard(self) -> qe.EdgeShard:
        if self._shard is None:
            raise KnowledgeBaseError(f"the knowledge base {self.location!r} is closed; open it again")
        return self._shard

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
