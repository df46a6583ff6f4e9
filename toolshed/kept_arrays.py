"""Arrays made of what a knowledge base holds, kept beside it so that no process has to make them again."""

import json
import logging
import mmap
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64

logger = logging.getLogger(__name__)

# Raise when what is kept under a name changes: it is then made again.
_FORMAT = 1
_BLOCK = 2**20
# A file is its checksum, the length of its header, the header as JSON, and the arrays, each at a multiple of
# this.
_ALIGNED = 64
_CHECKSUM_BYTES, _LENGTH_BYTES = 8, 8
# Leave room for what cannot be made again.
_MIN_FREE_BYTES = 256 * 2**20

# Any: each array says what its numbers are.
Arrays = Mapping[str, NDArray[Any]]


class KeptArrays:
    """Arrays in files, mapped into memory where they lie: processes share them, unread parts cost nothing.

    What is missing, damaged or of another version is as if it had never been kept. Safe to use from several
    threads and processes: a file is replaced as a whole, and who reads the one before goes on with it.

    Args:
        folder: Where they are.
        version: What the knowledge base held when they were made; another text whenever it holds others.
        is_read_only: Whether nothing may be written there.
        is_current: Whether the knowledge base still holds this version: nothing is kept of an earlier one.
    """

    def __init__(
        self,
        folder: Path,
        version: str,
        *,
        is_read_only: bool = False,
        is_current: Callable[[], bool] = lambda: True,
    ) -> None:
        self._folder, self.version, self._is_read_only = folder, version, is_read_only
        self._is_current = is_current

    def holds(self, part: str) -> bool:
        """Whether a part is kept, damaged or not."""
        return self._path(part).exists()

    def read(self, part: str) -> Arrays | None:
        """The arrays of one part, or None where they have to be made."""
        return _read_from(self._path(part))

    def read_last(self, part: str) -> Arrays | None:
        """The arrays of one part as they were kept last, whatever the version; None where none are left."""
        kept = self._folder.glob(f"*.{part}")
        last = max(kept, key=lambda path: path.stat().st_mtime_ns, default=None)
        return _read_from(last) if last else None

    def write(self, part: str, arrays: Arrays) -> None:
        """Keep the arrays of one part, and remove those of other versions. What cannot be kept is not."""
        if self._is_read_only or not self._is_current():
            return
        path = self._path(part)
        partial = path.with_name(f"{path.name}.{uuid4().hex}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            n_bytes = sum(array.nbytes for array in arrays.values())
            if shutil.disk_usage(self._folder).free < n_bytes + _MIN_FREE_BYTES:
                raise OSError("the disk has no room for it")
            with partial.open("w+b") as file:
                _write(file, arrays)
            # Others may have changed it meanwhile, and kept what they made.
            if not self._is_current():
                _remove(partial)
                return
            partial.replace(path)
            self._remove_others()
        except OSError as error:
            logger.warning("%s is not kept: %s", str(path), error)
            _remove(partial)

    def _path(self, part: str) -> Path:
        return self._folder / f"{self.version}.{part}"

    def _remove_others(self) -> None:
        for entry in self._folder.iterdir():
            if not entry.name.startswith(f"{self.version}."):
                _remove(entry)


def _read_from(path: Path) -> Arrays | None:
    try:
        with path.open("rb") as file:
            return _read(file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        logger.warning("%s is made again: %s", str(path), error)
        return None


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        # Windows keeps what another process has mapped; the next write tries again.
        logger.info("%s stays: %s", str(path), error)


def _write(file: BinaryIO, arrays: Arrays) -> None:
    placed, offset = {}, 0
    for name, array in arrays.items():
        placed[name] = [array.dtype.str, list(array.shape), offset]
        offset += -(-array.nbytes // _ALIGNED) * _ALIGNED
    header = json.dumps({"format": _FORMAT, "arrays": placed}).encode()
    header += b" " * (-(len(header) + _CHECKSUM_BYTES + _LENGTH_BYTES) % _ALIGNED)
    file.write(bytes(_CHECKSUM_BYTES) + len(header).to_bytes(_LENGTH_BYTES, "little") + header)
    for array in arrays.values():
        file.write(np.ascontiguousarray(array).data)
        file.write(bytes(-array.nbytes % _ALIGNED))
    checksum = _checksum(file)
    file.seek(0)
    file.write(checksum)


def _read(file: BinaryIO) -> Arrays:
    if file.read(_CHECKSUM_BYTES) != _checksum(file):
        raise ValueError("it is damaged")
    file.seek(_CHECKSUM_BYTES)
    length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    header = json.loads(file.read(length))
    if header["format"] != _FORMAT:
        raise ValueError("another release wrote it")
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    begin = _CHECKSUM_BYTES + _LENGTH_BYTES + length
    return {
        name: np.ndarray(shape, kind, mapped, begin + offset)
        for name, (kind, shape, offset) in header["arrays"].items()
    }


def _checksum(file: BinaryIO) -> bytes:
    """Of everything behind it."""
    digest = xxh3_64()
    file.seek(_CHECKSUM_BYTES)
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.digest()
