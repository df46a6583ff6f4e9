"""Digests of requests and reporters, and the keys that they are keyed with."""

import hmac
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from toolshed.errors import ConfigurationError
from toolshed.shed.location import Location

_KEY_BYTES = 32
_PURPOSE = b"toolshed: digests of usage examples"


@dataclass(frozen=True, slots=True)
class Digests:
    """Keyed digests: the first of each is what is written now, the others are by keys of before.

    Attributes:
        keys: The keys, the newest first.
    """

    keys: Sequence[bytes] = field(repr=False)

    def of_reporter(self, name: str) -> list[str]:
        """The digests of a reporter."""
        return [_digest(key, f"reporter:{name}") for key in self.keys]

    def of_example(self, text: str, tool_id: str, reporter: str) -> list[str]:
        """The ids of the example of a request and a tool that a reporter gives."""
        request = " ".join(text.split()).lower()
        return [
            f"{_digest(key, request)}-{_digest(key, tool_id + who)}"
            for key, who in zip(self.keys, self.of_reporter(reporter), strict=True)
        ]


def _digest(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode("utf-8", "replace"), "sha256").hex()[:32]


def digest_keys(at: Location, secrets_key: str | None, collection: str) -> Sequence[bytes]:
    """The keys of the digests, the newest first: one, in a file of its owner's beside the knowledge base.

    A Qdrant server would keep the key beside what it protects: there the keys of secrets give them.

    Args:
        at: Where the knowledge base is.
        secrets_key: The keys of secrets, as :meth:`~toolshed.safety.sealing.SecretKeys.parse` reads them.
        collection: The collection on a server; digests of two collections have nothing in common.

    Raises:
        ConfigurationError: If there is no key of secrets for a server, or the file is not a key.
    """
    if at.is_memory:
        return [secrets.token_bytes(_KEY_BYTES)]
    if at.folder is None:
        return _derived_keys(secrets_key, collection)
    path = at.folder / "examples.key"
    if not path.exists():
        _make_key(path)
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(
            f"{str(path)!r} is damaged: a key has {_KEY_BYTES} bytes, it has {len(key)}. Restore it from a "
            "backup, or delete it: a new one is made, and reports of before are not recognised as the same"
        )
    return [key]


def _derived_keys(secrets_key: str | None, collection: str) -> Sequence[bytes]:
    if secrets_key is None:
        raise ConfigurationError(
            "a knowledge base on a Qdrant server keys what it learns from use with TOOLSHED_SECRETS_KEY: set "
            "it to what toolshed credentials new-key prints, the same for every process, and report again"
        )
    # Cryptography, which few knowledge bases in folders need.
    from toolshed.safety.sealing import SecretKeys

    purpose = b"%b\0%b" % (_PURPOSE, collection.encode())
    return [hmac.digest(key, purpose, "sha256") for key in SecretKeys.parse(secrets_key).keys.values()]


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
