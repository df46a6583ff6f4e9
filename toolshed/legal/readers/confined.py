"""Parsers of whole formats in a process of their own, which is ended when it takes too long or too much.

No size of a PDF or a Word file tells what it unpacks to, and no thread that parses one can be stopped.
The process is started once and serves until its parent ends.
"""

import atexit
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from toolshed.errors import SourceError, ToolshedError
from toolshed.legal.readers.files import Content

# An honest page takes a few milliseconds and a few times its size; a file gets more the larger it is.
_SECONDS, _SECONDS_PER_MEGABYTE = 20, 3
_MEGABYTES, _MEGABYTES_PER_MEGABYTE = 200, 20
_lock = threading.Lock()
_children: dict[int, subprocess.Popen[bytes]] = {}


def read(reader: str, data: bytes, path: Path, given: Mapping[str, str] | None = None) -> Content:
    """Let a reader read a file elsewhere, with the options that are given for it.

    Raises:
        SourceError: If it cannot be read, or not with what a file of its size gets.
        ConfigurationError: If the package that reads its kind is not installed.
    """
    seconds = _SECONDS + _SECONDS_PER_MEGABYTE * len(data) // 2**20
    # One file at a time and process; a fork has a process of its own.
    with _lock:
        child = _children.get(os.getpid())
        if child is None or child.poll() is not None:
            child = _children[os.getpid()] = _started()
        timer = threading.Timer(seconds, child.kill)
        timer.start()
        try:
            found = _asked(child, (reader, data, path, dict(given or {})))
        # Whatever comes between, half an answer would be taken for the next one.
        except BaseException as error:
            _end()
            if not isinstance(error, EOFError | OSError | pickle.UnpicklingError):
                raise
            raise SourceError(
                f"{str(path)!r} takes more than {seconds} seconds or {_megabytes(data)} MB to read, "
                "far more than its size asks for; save it again, or convert it to plain text"
            ) from error
        finally:
            timer.cancel()
    if isinstance(found, Exception):
        raise found
    return found


def _megabytes(data: bytes) -> int:
    return _MEGABYTES + _MEGABYTES_PER_MEGABYTE * len(data) // 2**20


@atexit.register
def _end() -> None:
    child = _children.pop(os.getpid(), None)
    if child is not None:
        child.kill()
        child.communicate()


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-c", "from toolshed.legal.readers.confined import serve; serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def _asked(
    child: subprocess.Popen[bytes], asked: tuple[str, bytes, Path, dict[str, str]]
) -> Content | Exception:
    assert child.stdin is not None
    assert child.stdout is not None
    pickle.dump(asked, child.stdin, pickle.HIGHEST_PROTOCOL)
    child.stdin.flush()
    found: Content | Exception = pickle.load(child.stdout)  # noqa: S301  # from our own process
    return found


def serve() -> None:
    """Read what is asked for on standard input until it ends."""
    answers = os.fdopen(os.dup(1), "wb")
    # What a parser prints is no answer.
    os.dup2(2, 1)
    while True:
        try:
            reader, data, path, given = pickle.load(sys.stdin.buffer)  # noqa: S301  # from our own parent
        except EOFError:
            return
        with _limited_memory(_megabytes(data) * 2**20):
            found = _read(reader, data, path, given)
        pickle.dump(found, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


@contextmanager
def _limited_memory(n_bytes: int) -> Iterator[None]:
    if sys.platform == "win32":
        yield
        return
    import resource

    before, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (n_bytes if hard < 0 else min(n_bytes, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_DATA, (before, hard))


def _read(reader: str, data: bytes, path: Path, given: dict[str, str]) -> Content | Exception:
    try:
        content: Content = import_module(f"toolshed.legal.readers.{reader}").read(data, path, **given)
    except (ToolshedError, ImportError) as error:
        return error
    except MemoryError:
        # What a parser holds then is not worth keeping; the parent starts another process.
        os._exit(1)
    # Whatever a parser does not foresee: it may be of a kind that does not travel.
    except Exception as error:
        return SourceError(f"{str(path)!r} is damaged, or of a form that cannot be read ({error!r})")
    return content
