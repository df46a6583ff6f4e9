"""The pepper: a secret that is not in the database, without which nothing in it lets anyone in."""

import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from toolshed.errors import ConfigurationError, StateError
from toolshed.settings import Settings

_MIN_CHARACTERS = 32


def find_pepper(settings: Settings, state: str) -> bytes | None:
    """The pepper of the environment, or the one beside the state, made there by whoever comes first.

    Args:
        settings: Where TOOLSHED_PEPPER may be.
        state: A file, a SQLAlchemy URL, or ``memory:``.

    Returns:
        None where the state is on a server, which has no place beside it.

    Raises:
        ConfigurationError: If the one that is set is too short.
        StateError: If the file beside the state can be neither read nor made.
    """
    if settings.pepper is not None:
        given = settings.pepper.get_secret_value()
        if len(given) < _MIN_CHARACTERS:
            raise ConfigurationError(
                f"TOOLSHED_PEPPER has {len(given)} characters; give at least {_MIN_CHARACTERS} at random, "
                "such as: openssl rand -hex 32"
            )
        return given.encode()
    if state == "memory:":
        return secrets.token_bytes(32)
    if "://" in state and not state.startswith("sqlite:///"):
        return None
    return _kept_at(Path(state.removeprefix("sqlite:///")).with_suffix(".pepper"))


def derived(pepper: bytes, purpose: str) -> bytes:
    """A key for one purpose, so that what is made for one is of no use for another."""
    return hmac.digest(pepper, purpose.encode(), hashlib.sha256)


def _kept_at(path: Path) -> bytes:
    try:
        with suppress(FileNotFoundError):
            return _read(path)
        # Whole before it has its name, and the first to link it wins, whoever else is starting.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            Path(temporary).unlink()
        return _read(path)
    except OSError as error:
        raise StateError(
            f"the pepper {str(path)!r} can be neither read nor made ({error.strerror}); "
            "set TOOLSHED_PEPPER, or choose another place with TOOLSHED_STATE"
        ) from error


def _read(path: Path) -> bytes:
    content = path.read_bytes().strip()
    if len(content) < _MIN_CHARACTERS:
        raise StateError(f"{str(path)!r} holds no pepper; restore it from a backup, or set TOOLSHED_PEPPER")
    return content
