"""How often a store was written to, also as other processes see it."""

import time
from pathlib import Path

from toolshed.shared_numbers import SharedNumbers


class Revisions:
    """Counts writes. Where a file is given, those of the one process that writes are seen by all others.

    Args:
        path: The file; None counts for this process only.
        writes: Whether this is the process that writes.
    """

    def __init__(self, path: Path | None = None, *, writes: bool = True) -> None:
        self._numbers = [0] if path is None else SharedNumbers(path)
        if path is not None and writes:
            # A process that was started again must not count where the one before had been.
            self._numbers[0] = time.time_ns() // 1_000

    @property
    def now(self) -> int:
        """Another number, a greater one, after every write."""
        return self._numbers[0]

    def add(self) -> None:
        """Count a write; one at a time."""
        self._numbers[0] += 1
