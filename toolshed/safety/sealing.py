"""Secrets at rest: AES-256-GCM under a key of the environment, which may be changed."""

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from toolshed.errors import ConfigurationError, missing_extra

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES, _NONCE_BYTES = 32, 12
_HOW = "make one with: toolshed credentials new-key"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret that only its key opens.

    Attributes:
        key_id: Which key.
        nonce: Used once with it.
        content: The secret, encrypted, and what shows that nobody changed it.
    """

    key_id: str
    nonce: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class SecretKeys:
    """The keys by their ids; what is new is sealed with the first.

    Attributes:
        first: Id of the first.
        keys: All of them.
    """

    first: str
    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``TOOLSHED_SECRETS_KEY``: keys in Base64, separated by commas, the newest first.

        Raises:
            ConfigurationError: If one is none; it is not shown.
        """
        keys: dict[str, bytes] = {}
        for number, part in enumerate(text.split(","), start=1):
            try:
                key = base64.b64decode(part.strip(), altchars=b"-_", validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if len(key) != _KEY_BYTES:
                raise ConfigurationError(
                    f"key {number} of TOOLSHED_SECRETS_KEY is not {_KEY_BYTES} bytes in Base64; {_HOW}"
                )
            keys[hashlib.sha256(key).hexdigest()[:12]] = key
        return cls(next(iter(keys)), keys)

    def seal(self, secret: str, about: str) -> Sealed:
        """Encrypt a secret.

        Args:
            secret: It.
            about: What it is for; it opens for nothing else.
        """
        nonce = os.urandom(_NONCE_BYTES)
        cipher = _cipher(self.keys[self.first])
        return Sealed(self.first, nonce, cipher.encrypt(nonce, secret.encode(), about.encode()))

    def open(self, sealed: Sealed, about: str) -> str:
        """Decrypt a secret.

        Raises:
            ConfigurationError: If its key is not among these, or it was changed or moved.
        """
        from cryptography.exceptions import InvalidTag

        key = self.keys.get(sealed.key_id)
        if key is None:
            raise ConfigurationError(
                f"a credential is sealed with the key {sealed.key_id}, which TOOLSHED_SECRETS_KEY does not "
                "have; add that key behind the new one, separated by a comma, or set the credential anew"
            )
        try:
            return bytes(_cipher(key).decrypt(sealed.nonce, sealed.content, about.encode())).decode()
        except InvalidTag:
            raise ConfigurationError("a credential was changed in the database; set it anew") from None


def new_key() -> str:
    """A key at random, in Base64."""
    return base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)).decode()


def _cipher(key: bytes) -> "AESGCM":
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ModuleNotFoundError as error:
        raise missing_extra("cryptography", "api") from error
    return AESGCM(key)
