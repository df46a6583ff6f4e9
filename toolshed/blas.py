"""Threads of the linear algebra library under numpy: one while a search runs.

OpenBLAS splits even small products over all cores, and its threads wait by turning: twice the CPU time of a
search for no shorter wait (measured by ``toolshed bench``), and with several searches at once a longer one.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_lock = threading.Lock()
# How many searches hold it down, and what each library had before the first of them.
_n_holding = 0
_before: list[tuple[Any, int]] = []


@contextmanager
def few_blas_threads(most: int | None) -> Iterator[None]:
    """Let BLAS use at most so many threads in this process; any number of callers may overlap.

    Args:
        most: The number; None leaves BLAS as it is. Of callers that overlap, the first one's counts.
    """
    if most is None:
        yield
        return
    _hold(most)
    try:
        yield
    finally:
        _release()


def _hold(most: int) -> None:
    global _n_holding  # of the process, as the threads are
    with _lock:
        _n_holding += 1
        if _n_holding == 1:
            for library in _libraries():
                threads = library.get_num_threads()
                if threads is not None and threads > most:
                    _before.append((library, threads))
                    _set(library, most)


def _release() -> None:
    global _n_holding  # of the process, as the threads are
    with _lock:
        _n_holding -= 1
        if not _n_holding:
            while _before:
                library, threads = _before.pop()
                _set(library, threads)


def _set(library: Any, threads: int) -> None:
    # Newer releases of threadpoolctl let only the thread that asked first set it, lest threads fight over it;
    # here they take turns, and searches come from any.
    getattr(library, "_real_set_num_threads", library.set_num_threads)(threads)


@cache
def _libraries() -> tuple[Any, ...]:
    """What numpy calculates with; Any: threadpoolctl's controllers have no types."""
    # Loaded first, or it is not found.
    import numpy as np  # noqa: F401
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it has no types

    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)
