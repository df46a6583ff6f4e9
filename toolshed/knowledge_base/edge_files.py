"""The files of an embedded engine: whether they are those that it closed, and whether it can open them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from xxhash import xxh3_64

from toolshed.errors import KnowledgeBaseError

_NAME = "files.json"
# Up to here all that is in the files is compared, in some 20 ms; beyond, their sizes and the small ones.
_COMPARED_BYTES = 64 * 2**20
_SMALL_BYTES = 4 * 2**20
_BLOCK = 2**16
# Compared with, which ends at the first byte that differs; counting reads them all, and slowly.
_EMPTY = bytes(_BLOCK)
# Half a million points open in some two seconds; what is damaged may never.
_TRIAL_SECONDS = 60
_TRIAL = "import sys, qdrant_edge; qdrant_edge.EdgeShard.load(sys.argv[1]).close()"

# Size and checksum by path; the checksum is empty where only the size is compared.
Fingerprint = dict[str, tuple[int, str]]


class EdgeFiles:
    """The files in the shard of a folder.

    A damaged file can make the engine abort the process. Files that are not as the engine closed them, after
    a kill or after damage, are therefore opened in a process of their own first.

    Args:
        folder: Where the fingerprint is kept.
        shard: The files.
    """

    def __init__(self, folder: Path, shard: Path) -> None:
        self._kept, self._shard = folder / _NAME, shard
        self._seen: dict[str, tuple[int, int]] | None = None

    def are_as_closed(self) -> bool:
        """Whether they are what was closed. Files without a fingerprint are not known to be."""
        try:
            known = {name: tuple(one) for name, one in json.loads(self._kept.read_text("utf-8")).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return False
        if known != self._fingerprint():
            return False
        self._seen = self._stats()
        return True

    def try_to_open(self, shard: Path) -> None:
        """Open them, or a copy, in a process of their own.

        Raises:
            KnowledgeBaseError: If that fails.
        """
        # In an application that was frozen into one file there is no interpreter to call.
        if getattr(sys, "frozen", False):
            return
        command = [sys.executable, "-c", _TRIAL, str(shard)]
        try:
            done = subprocess.run(  # noqa: S603  # our own interpreter and a folder of ours
                command, capture_output=True, text=True, timeout=_TRIAL_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            told = f"it did not within {_TRIAL_SECONDS} s"
        else:
            told = done.stderr.strip() or f"status {done.returncode}" if done.returncode else ""
        # What is busy is told as such by the one who asked.
        if told and "WouldBlock" not in told:
            raise KnowledgeBaseError(
                f"the files in {str(self._shard)!r} are damaged, the engine cannot open them "
                f"({told.splitlines()[0][:200]}); restore the folder from a backup, or delete it and index "
                "again"
            )

    def closed(self) -> None:
        """Keep what they are now, unless nothing changed. A fingerprint that is lost costs a trial."""
        if self._seen is None or self._seen != self._stats():
            with suppress(OSError):
                self._kept.write_text(json.dumps(self._fingerprint()), "utf-8")

    def _files(self) -> Iterator[tuple[str, Path]]:
        for path in sorted(self._shard.rglob("*")):
            if path.is_file():
                yield path.relative_to(self._shard).as_posix(), path

    def _stats(self) -> dict[str, tuple[int, int]]:
        return {name: (path.stat().st_size, path.stat().st_mtime_ns) for name, path in self._files()}

    def _fingerprint(self) -> Fingerprint:
        files = [(name, path, _used_bytes(path)) for name, path in self._files()]
        most = _COMPARED_BYTES if sum(used for _, _, used in files) <= _COMPARED_BYTES else _SMALL_BYTES
        return {
            name: (path.stat().st_size, _checksum(path) if used <= most else "") for name, path, used in files
        }


def _used_bytes(path: Path) -> int:
    """What a file takes on the disk: most of the engine's are empty space."""
    stat = path.stat()
    return min(stat.st_size, getattr(stat, "st_blocks", stat.st_size) * 512)


def _checksum(path: Path) -> str:
    digest = xxh3_64()
    with path.open("rb") as file:
        for start, end in _extents(file.fileno(), path.stat().st_size):
            file.seek(start)
            while start < end and (block := file.read(min(_BLOCK, end - start))):
                # Empty space counts for nothing, whether the file system keeps it or not.
                if block != _EMPTY[: len(block)]:
                    digest.update(start.to_bytes(8, "little"))
                    digest.update(block)
                start += len(block)
    return str(digest.hexdigest())


def _extents(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Where a file has data, in whole blocks, so that it does not matter where its holes begin."""
    end = 0
    while end < size:
        try:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
        except (AttributeError, OSError):
            # Nothing but a hole follows; or there are no holes to ask for.
            start = size if hasattr(os, "SEEK_DATA") else end
        if start >= size:
            return
        start = max(end, start // _BLOCK * _BLOCK)
        end = min(size, start + _BLOCK)
        yield start, end


def copy_data(source: str | Path, target: str | Path) -> None:
    """Copy a file without its holes: the engine's are mostly empty space."""
    size = Path(source).stat().st_size
    with Path(source).open("rb") as read, Path(target).open("wb") as write:
        for start, end in _extents(read.fileno(), size):
            read.seek(start)
            block = read.read(end - start)
            if block != _EMPTY[: len(block)]:
                write.seek(start)
                write.write(block)
        write.truncate(size)
