"""The key that digests of requests and reporters are keyed with."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from toolshed.errors import ConfigurationError
from toolshed.shed.location import Location

_KEY_BYTES = 32
_PURPOSE = b"toolshed: digests of usage examples"


def digest_key(at: Location, secrets_key: str | None) -> bytes:
    """The key of the digests: in a file of its owner's beside the knowledge base.

    A Qdrant server would keep the key beside what it protects: there it is derived from the key of secrets.

    Raises:
        ConfigurationError: If there is no key of secrets for a server, or the file is not a key.
    """
    if at.is_memory:
        return secrets.token_bytes(_KEY_BYTES)
    if at.folder is None:
        return _derived_key(secrets_key)
    path = at.folder / "examples.key"
    if not path.exists():
        _make_key(path)
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(
            f"{str(path)!r} is damaged: a key has {_KEY_BYTES} bytes, it has {len(key)}. Restore it from a "
            "backup, or delete it: a new one is made, and reports of before are not recognised as the same"
        )
    return key


def _derived_key(secrets_key: str | None) -> bytes:
    if secrets_key is None:
        raise ConfigurationError(
            "a knowledge base on a Qdrant server keys what it learns from use with TOOLSHED_SECRETS_KEY: set "
            "it to what toolshed credentials new-key prints, the same for every process, and report again"
        )
    # Cryptography, which few knowledge bases in folders need.
    from toolshed.safety.sealing import SecretKeys

    keys = SecretKeys.parse(secrets_key)
    return hmac.new(keys.keys[keys.first], _PURPOSE, hashlib.sha256).digest()


def _make_key(path: Path) -> None:
    """Write a new key as a whole, unless another process was first."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)
        except FileExistsError:
            return
        except OSError:
            # A file system without links; the folder is locked, so that no other process makes one.
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
