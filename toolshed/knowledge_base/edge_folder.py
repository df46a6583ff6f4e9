"""The folder of an embedded engine: whose it is, what was acknowledged, whether there is room."""

import json
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from filelock import FileLock, Timeout

from toolshed.errors import KnowledgeBaseBusyError, KnowledgeBaseError, StorageFullError
from toolshed.kept_arrays import KeptArrays
from toolshed.knowledge_base.edge_files import EdgeFiles, copy_data
from toolshed.knowledge_base.manifest import Manifest

_MANIFEST = "manifest.json"
_LOCK = ".lock"
_ACKNOWLEDGED = "acknowledged.json"
MATRICES = "matrices"
# Keys may be made before tools are indexed.
_STATE = "state."
# The engine maps its files: a full disk would be a bus error, not an exception.
_MIN_FREE_BYTES = 128 * 2**20
_BYTES_PER_POINT = 16 * 2**10


class Acknowledged(NamedTuple):
    """How many points there are; between two bounds while a write is under way.

    ``version`` is another text after every write; empty while one is under way, and before there were any.
    """

    at_least: int
    at_most: int
    version: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether no write was under way."""
        return bool(self.version) and self.at_least == self.at_most


class EdgeFolder:
    """One folder of one engine. It is locked from the first look into it until it is released.

    Args:
        folder: Where it is; created when it does not exist.
        shard: Name of the folder inside it that the engine fills.

    Raises:
        KnowledgeBaseBusyError: If another process, or another handle, has it open.
        KnowledgeBaseError: If it cannot be used, or holds something else.
    """

    def __init__(self, folder: Path, shard: str) -> None:
        self.path, self.shard = folder, folder / shard
        self.files = EdgeFiles(folder, self.shard)
        self._lock = FileLock(folder / _LOCK, mode=0o600, thread_local=False)
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        # See ``Acknowledged``.
        self.version = ""
        # Whether it is read from a copy, because nothing can be written here.
        self.is_read_only = False
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._refuse_foreign()
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise KnowledgeBaseBusyError(
                f"the knowledge base {str(folder)!r} is open in another process; close that one, or "
                "use a Qdrant server (--kb http://host:6333) when several processes must share it"
            ) from error
        except OSError as error:
            # Where nobody may write, nobody needs to be kept out.
            if not (folder / _MANIFEST).exists():
                raise KnowledgeBaseError(
                    f"the folder {str(folder)!r} cannot be used: {error.strerror}; choose another one"
                ) from error
            self.is_read_only = True

    def _refuse_foreign(self) -> None:
        if (self.path / _MANIFEST).exists():
            return
        own = (self.shard.name, _LOCK, _ACKNOWLEDGED, _MANIFEST)
        # Other kinds of records lie beside it, each with a manifest of its own, and the service's state.
        for entry in self.path.iterdir():
            if entry.name.startswith(_STATE) or (entry / _MANIFEST).exists():
                continue
            if entry.name.removesuffix(_PARTIAL) not in own:
                raise KnowledgeBaseError(
                    f"the folder {str(self.path)!r} holds other files ({entry.name!r}); "
                    "give a new or empty folder"
                )

    def release(self) -> None:
        """Let others open it; calling it again does nothing."""
        self._lock.release()
        if self._copy is not None:
            self._copy.cleanup()
            self._copy = None

    def manifest(self) -> Manifest | None:
        """What was written here, or None where nothing was yet.

        Raises:
            KnowledgeBaseError: If it cannot be read.
        """
        path = self.path / _MANIFEST
        try:
            return Manifest(**json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, TypeError) as error:
            raise KnowledgeBaseError(
                f"{str(path)!r} is not the manifest of a knowledge base ({error}); "
                "restore it from a backup or index into a new folder"
            ) from error

    def fresh_shard(self) -> Path:
        """An empty folder for the engine. A shard without a manifest was never acknowledged: it goes."""
        self.check_space(0)
        shutil.rmtree(self.shard, ignore_errors=True)
        self.shard.mkdir(mode=0o700)
        return self.shard

    def write_manifest(self, manifest: Manifest) -> None:
        """Say what is written here: the last step of making it."""
        _write_durably(self.path / _MANIFEST, json.dumps(manifest.to_json(), indent=2))

    def has_room(self) -> bool:
        """Whether the engine can write here at all."""
        return not self.is_read_only and _free(self.path) >= _MIN_FREE_BYTES

    def copied_shard(self) -> Path:
        """A copy of the shard where there is room, to be searched and not written to.

        Raises:
            StorageFullError: If there is no room anywhere.
        """
        self.is_read_only = True
        size = sum(file.stat().st_size for file in self.shard.rglob("*"))
        for place in map(Path, (tempfile.gettempdir(), "/dev/shm")):  # noqa: S108  # a folder of our own in it
            if place.is_dir() and _free(place) > size + _MIN_FREE_BYTES:
                self._copy = tempfile.TemporaryDirectory(prefix="toolshed-", dir=place)
                copy = Path(self._copy.name) / self.shard.name
                shutil.copytree(self.shard, copy, copy_function=copy_data)
                return copy
        raise StorageFullError(
            f"{str(self.path)!r} cannot be written to, and there is no room for a copy to search, "
            f"{(size + _MIN_FREE_BYTES) // 2**20} MB; free some space, here or in the folder for temporary "
            "files (TMPDIR)"
        )

    def check_space(self, n_points: int) -> None:
        """Refuse a write for which there is no room.

        Raises:
            StorageFullError: If there is none; nothing was written.
        """
        if self.is_read_only:
            raise StorageFullError(
                f"{str(self.path)!r} is open for reading only, because it could not be written to; "
                "free some space or allow writing, and open it again"
            )
        free = _free(self.path)
        needed = _MIN_FREE_BYTES + n_points * _BYTES_PER_POINT
        if free < needed:
            raise StorageFullError(
                f"the disk of {str(self.path)!r} has {free // 2**20} MB left, {needed // 2**20} MB are "
                "needed; nothing was written. Free some space or choose another folder"
            )

    def acknowledge(self, at_least: int, at_most: int) -> None:
        """Keep how many points there are."""
        self.version = uuid4().hex if at_least == at_most else ""
        kept = Acknowledged(at_least, at_most, self.version)
        _write_durably(self.path / _ACKNOWLEDGED, json.dumps(kept._asdict()))

    def kept(self) -> KeptArrays | None:
        """What was made of the points as they are now; None while some are being written."""
        version = self.version
        if not version:
            return None
        return KeptArrays(
            self.path / MATRICES,
            version,
            is_read_only=self.is_read_only,
            is_current=lambda: self.version == version,
        )

    def acknowledged(self) -> Acknowledged | None:
        """How many points were stored, and the version of what is kept of them; None where nobody counted.

        Raises:
            KnowledgeBaseError: If that cannot be read.
        """
        path = self.path / _ACKNOWLEDGED
        try:
            known = Acknowledged(**json.loads(path.read_text(encoding="utf-8")))
            if not (type(known.at_least) is type(known.at_most) is int):
                raise TypeError("it counts by whole numbers")
            is_version = isinstance(known.version, str) and known.version.isalnum()
            self.version = known.version if is_version else ""
            return known._replace(version=self.version)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise KnowledgeBaseError(
                f"{str(path)!r} cannot be read ({error}); restore the folder from a backup, or delete this "
                "file if nothing seems to be missing (toolshed doctor --deep)"
            ) from error

    def check_count(self, n_points: int, known: Acknowledged | None) -> None:
        """Compare the points that are found with those that were acknowledged.

        Raises:
            KnowledgeBaseError: If some are gone, or more than were ever written.
        """
        if known is not None and not known.at_least <= n_points <= known.at_most:
            raise KnowledgeBaseError(
                f"the knowledge base {str(self.path)!r} is damaged: it has {n_points:,} of the "
                f"{known.at_least:,} records that were stored; restore it from a backup, or delete the "
                "folder and index again. If an older Toolshed, which does not count, wrote to it since, "
                f"delete {_ACKNOWLEDGED!r} in it"
            )


_PARTIAL = ".partial"


def _free(path: Path) -> int:
    return shutil.disk_usage(path).free


def _write_durably(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + _PARTIAL)
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    # Windows cannot open a folder; there the rename is durable by itself.
    with suppress(PermissionError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
