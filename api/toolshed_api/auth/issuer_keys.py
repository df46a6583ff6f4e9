"""The public keys of an issuer: found by its discovery document, kept, and fetched anew when they change."""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from toolshed.issuers import OidcIssuer, check_fetchable
from toolshed_api.problems import IssuerError

logger = logging.getLogger(__name__)

# Issuers publish a new key long before they sign with it.
_FRESH_SECONDS = 600.0
# For so long keys that could not be fetched anew are still believed.
_KEPT_SECONDS = 3600.0
# A flood of tokens that name unknown keys asks the issuer no more often.
_PAUSE_SECONDS = 10.0
_FETCH_SECONDS = 5.0
_MAX_BYTES = 2**20
_MAX_KEYS = 100
_KINDS = ("RSA", "EC", "OKP")
_MIN_RSA_BITS = 2048
_WELL_KNOWN = (".well-known/openid-configuration", ".well-known/oauth-authorization-server")


class IssuerKeys:
    """Keys of one issuer. Requests that need them at once wait for one fetch.

    Args:
        issuer: Whose.
        transport: How they are fetched, where it is not over the network.
    """

    def __init__(self, issuer: OidcIssuer, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._issuer, self._transport = issuer, transport
        self._keys: Mapping[str, Key] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def key(self, key_id: str | None) -> Key | None:
        """The key that a token names, or the only one, if it names none.

        Raises:
            IssuerError: If the issuer does not tell its keys, and none are known.
        """
        if self._age() > _FRESH_SECONDS or self._named(key_id) is None:
            await self._refresh(key_id)
        if self._age() > _KEPT_SECONDS:
            raise IssuerError(f"the issuer {self._issuer.issuer!r} does not tell its keys; try again later")
        return self._named(key_id)

    def _age(self) -> float:
        return time.monotonic() - self._fetched_at

    def _named(self, key_id: str | None) -> Key | None:
        if key_id is not None:
            return self._keys.get(key_id)
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    async def _refresh(self, key_id: str | None) -> None:
        async with self._lock:
            now = time.monotonic()
            if now - self._tried_at < _PAUSE_SECONDS:
                return
            if self._age() <= _FRESH_SECONDS and self._named(key_id) is not None:
                return
            self._tried_at = now
            try:
                async with asyncio.timeout(_FETCH_SECONDS):
                    self._keys = await self._fetch()
                self._fetched_at = time.monotonic()
            except (OSError, TimeoutError, ValueError, httpx.HTTPError) as error:
                reason = str(error) or type(error).__name__
                logger.warning("the keys of %r cannot be fetched: %s", self._issuer.issuer, reason)

    async def _fetch(self) -> Mapping[str, Key]:
        async with httpx.AsyncClient(timeout=_FETCH_SECONDS, transport=self._transport) as client:
            document = await self._discovery(client)
            # Whoever answers for the issuer must be the issuer.
            if document.get("issuer") != self._issuer.issuer:
                raise ValueError(f"its discovery document is that of {str(document.get('issuer'))[:200]!r}")
            address = str(document.get("jwks_uri"))
            check_fetchable(address)
            found = await _json(client, address)
        listed = found.get("keys")
        if not isinstance(listed, list) or len(listed) > _MAX_KEYS:
            raise ValueError(f"{address!r} is no set of at most {_MAX_KEYS} keys")
        keys = [key for key in map(_usable, listed) if key is not None]
        return {key.kid or f"#{place}": key for place, key in enumerate(keys)}

    async def _discovery(self, client: httpx.AsyncClient) -> Mapping[str, Any]:
        # Any: JSON of others.
        base = httpx.URL(self._issuer.issuer)
        path = base.path.rstrip("/")
        openid = base.copy_with(path=f"{path}/{_WELL_KNOWN[0]}", query=None)
        try:
            return await _json(client, str(openid))
        except httpx.HTTPStatusError:
            # RFC 8414 puts it between the host and the path.
            oauth = base.copy_with(path=f"/{_WELL_KNOWN[1]}{path}", query=None)
            return await _json(client, str(oauth))


async def _json(client: httpx.AsyncClient, url: str) -> Mapping[str, Any]:
    """A JSON object; redirects are not followed."""
    content = bytearray()
    async with client.stream("GET", url, headers={"accept-encoding": "identity"}) as response:
        response.raise_for_status()
        async for part in response.aiter_raw():
            content += part
            if len(content) > _MAX_BYTES:
                raise ValueError(f"{url!r} sends more than {_MAX_BYTES:,} bytes")
    try:
        value = json.loads(bytes(content))
    except RecursionError as error:
        raise ValueError(f"{url!r} nests too deep") from error
    if not isinstance(value, dict):
        raise ValueError(f"{url!r} is no JSON object")
    return value


def _usable(given: Any) -> Key | None:
    """A public key that verifies signatures; None for what is for something else, weak, or no key."""
    # Any: JSON of others.
    if not isinstance(given, dict) or given.get("kty") not in _KINDS or given.get("use", "sig") != "sig":
        return None
    if given["kty"] == "RSA" and len(str(given.get("n"))) * 6 < _MIN_RSA_BITS:
        return None
    public = {name: value for name, value in given.items() if name not in ("d", "p", "q", "dp", "dq", "qi")}
    try:
        key = JWKRegistry.import_key(public)
        size = getattr(key.get_op_key("verify"), "key_size", _MIN_RSA_BITS)
    except (JoseError, ValueError, TypeError, AttributeError) as error:
        logger.warning("a key of an issuer cannot be used: %s", error)
        return None
    return None if given["kty"] == "RSA" and size < _MIN_RSA_BITS else key
