"""The secret that handles are signed with: the same after a restart, where that can be had."""

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from toolshed.settings import Settings
from toolshed.shed.location import Location

_FILE = "mcp.key"
_BYTES = 32


def signing_secret(settings: Settings) -> bytes:
    """What handles are signed with.

    Made of the pepper, or of the API keys, where there are such, so that all replicas have it. An embedded
    knowledge base keeps one in its folder, readable by its owner only. Otherwise it lives as long as the
    process.
    """
    known = [settings.pepper] if settings.pepper else settings.api_keys
    if known:
        keys = "\0".join(sorted(key.get_secret_value() for key in known))
        return hashlib.sha256(b"toolshed mcp\0" + keys.encode()).digest()
    folder = Location.of(settings.kb).folder
    if folder is None or not folder.is_dir():
        return secrets.token_bytes(_BYTES)
    return _kept(folder / _FILE)


def _kept(path: Path) -> bytes:
    """What stands in a file; written first where it does not."""
    made = secrets.token_bytes(_BYTES)
    # A folder that cannot be written to costs only that handles end with the process.
    with contextlib.suppress(OSError):
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(made)
        except FileExistsError:
            found = path.read_bytes()
            return found if len(found) == _BYTES else made
    return made
