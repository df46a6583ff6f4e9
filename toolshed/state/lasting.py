"""Waiting for the disk: one wait for all who committed to a SQLite file meanwhile."""

import os
import threading
from pathlib import Path

# What is needed to read the data again; the time of its last change is not.
_sync = getattr(os, "fdatasync", os.fsync)


class WrittenLog:
    """Brings the write-ahead log of a SQLite file to disk. Threads share it.

    SQLite waits for the disk within a commit, where it is ``synchronous=FULL``, and whoever wants to write
    waits for that. Here commits do not wait (``NORMAL``), and whoever needs his to last waits afterwards,
    when others may write already: a wait that begins after several commits is one for all of them (group
    commit, DeWitt et al., SIGMOD 1984).

    Args:
        file: The database; its log lies beside it.
    """

    def __init__(self, file: Path) -> None:
        self._log = file.with_name(f"{file.name}-wal")
        self._has_changed = threading.Condition()
        self._is_waiting = False
        # Waits for the disk, by their numbers.
        self._begun = self._done = 0

    def wait(self) -> None:
        """Return when all that this thread has committed is on disk.

        Raises:
            OSError: If the disk refuses.
        """
        with self._has_changed:
            # One that goes on already may have begun before the commit.
            needed = self._begun + 1
            while self._is_waiting:
                self._has_changed.wait()
            if self._done >= needed:
                return
            self._is_waiting = True
            self._begun += 1
            number = self._begun
        is_done = False
        try:
            self._bring_to_disk()
            is_done = True
        finally:
            with self._has_changed:
                self._is_waiting = False
                if is_done:
                    self._done = number
                self._has_changed.notify_all()

    def _bring_to_disk(self) -> None:
        try:
            log = os.open(self._log, os.O_RDWR)
        except FileNotFoundError:
            # The last connection was closed, which has put all of it into the database, and waited for that.
            return
        try:
            _sync(log)
        finally:
            os.close(log)
