"""Numbers in a file that processes of one machine have mapped: what one writes, the others read at once."""

import mmap
from collections.abc import Iterator
from pathlib import Path

_BYTES = 8


class SharedNumbers:
    """Some 64-bit numbers, all 0 at first. Each has one process that writes it; any may read it.

    Args:
        path: The file, made where it is not there.
        n: How many numbers it holds.
    """

    def __init__(self, path: Path, n: int = 1) -> None:
        with path.open("a+b") as file:
            if file.tell() < n * _BYTES:
                file.truncate(n * _BYTES)
            mapped = mmap.mmap(file.fileno(), n * _BYTES)
        # Eight aligned bytes are read and written at once.
        self._numbers = memoryview(mapped).cast("q")

    def __getitem__(self, place: int) -> int:
        return self._numbers[place]

    def __setitem__(self, place: int, number: int) -> None:
        self._numbers[place] = number

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)
