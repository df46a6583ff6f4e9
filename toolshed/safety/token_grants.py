"""Tokens for upstream servers, got from their issuers with a grant of OAuth 2.0 that the vault keeps.

``client_credentials`` and ``refresh_token`` are those of RFC 6749 (sections 4.4 and 6); ``token_exchange``
(RFC 8693) gives the token that a user showed to the service for one of his at the upstream server.
"""

import hashlib
import json
import threading
import time
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, Protocol, Self, get_args
from urllib.parse import quote_plus

import httpx

from toolshed.catalog.reach import Reach
from toolshed.catalog.urls import post_form
from toolshed.errors import InvalidRecordError, MissingCredentialsError, SourceError

GrantType = Literal["client_credentials", "refresh_token", "token_exchange"]
GRANT_TYPES: tuple[GrantType, ...] = get_args(GrantType)
_NAMES: Mapping[GrantType, str] = {
    "client_credentials": "client_credentials",
    "refresh_token": "refresh_token",
    "token_exchange": "urn:ietf:params:oauth:grant-type:token-exchange",
}
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  # the name of a kind of token
_ANSWER_SECONDS = 15.0
# A token is not used in its last half minute: it must be good when it arrives.
_MARGIN_SECONDS = 30.0
# Where the issuer does not say; the shortest that is usual.
_LIFETIME_SECONDS = 300.0
_MOST_SECONDS = 86_400.0
_MOST_TOKENS = 10_000
_MOST_CHARACTERS = 16_000


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """How a token is got.

    Attributes:
        grant_type: One of :data:`GRANT_TYPES`.
        token_url: The token endpoint of the issuer.
        client_id: Who we are there.
        client_secret: Proves it, by basic authentication; none of a public client.
        refresh_token: For ``refresh_token``.
        audience: The upstream server as the issuer calls it, where it asks for that.
        resource: The same as a URL (RFC 8707).
        scope: What the token is to be good for.
    """

    grant_type: GrantType
    token_url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    audience: str = ""
    resource: str = ""
    scope: str = ""

    @classmethod
    def checked(cls, said: Mapping[str, Any]) -> Self:
        """A grant as users write it.

        Raises:
            InvalidRecordError: If something is missing, unknown or of another form.
        """
        unknown = sorted(set(said) - {one.name for one in fields(cls)})
        if unknown:
            raise InvalidRecordError(f"a grant has no {unknown[0][:80]!r}")
        for name, value in said.items():
            if not isinstance(value, str) or len(value) > _MOST_CHARACTERS:
                raise InvalidRecordError(
                    f"{name} of a grant is a text of at most {_MOST_CHARACTERS:,} characters"
                )
        if said.get("grant_type") not in GRANT_TYPES:
            raise InvalidRecordError(f"grant_type is one of {', '.join(GRANT_TYPES)}")
        if not said.get("client_id"):
            raise InvalidRecordError("a grant needs the client_id that the issuer knows this service by")
        if (said["grant_type"] == "refresh_token") != bool(said.get("refresh_token")):
            raise InvalidRecordError(
                "refresh_token is given with the grant type of that name, and only there"
            )
        _check_address(said.get("token_url", ""))
        return cls(**said)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """A grant that is written as JSON; see :meth:`checked`."""
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise InvalidRecordError("a grant is a JSON object with grant_type, token_url and client_id")
        return cls.checked(said)

    def form(self, subject_token: str | None) -> dict[str, str]:
        """What is sent for a token.

        Args:
            subject_token: What the caller showed, for ``token_exchange``.
        """
        sent = {"grant_type": _NAMES[self.grant_type]}
        if self.grant_type == "token_exchange" and subject_token is not None:
            sent |= {
                "subject_token": subject_token,
                "subject_token_type": _ACCESS_TOKEN,
                "requested_token_type": _ACCESS_TOKEN,
            }
        optional = {
            "refresh_token": self.refresh_token,
            "audience": self.audience,
            "resource": self.resource,
            "scope": self.scope,
            "client_id": "" if self.client_secret else self.client_id,
        }
        return sent | {name: value for name, value in optional.items() if value}

    def headers(self) -> dict[str, str]:
        """How the client proves who it is (RFC 6749, section 2.3.1)."""
        if not self.client_secret:
            return {}
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
        return {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _check_address(url: str) -> None:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InvalidRecordError(f"token_url is no address: {error}") from error
    is_loopback = parsed.host in ("localhost", "127.0.0.1", "::1")
    if not parsed.host or (parsed.scheme != "https" and not (parsed.scheme == "http" and is_loopback)):
        raise InvalidRecordError("token_url is the https:// address of the issuer's token endpoint")


class KeptGrant(Protocol):
    """A grant where it is kept."""

    @property
    def identity(self) -> str:
        """Another for each grant that is kept, and when it is kept anew."""
        ...

    def grant(self) -> TokenGrant:
        """It, as it is kept now."""
        ...

    def renew(self, before: TokenGrant, after: TokenGrant) -> None:
        """Keep what came of a grant, unless another has taken its place meanwhile."""
        ...


@dataclass(slots=True)
class _Held:
    """A token, and the lock of whoever gets the next."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    token: str = field(default="", repr=False)
    good_until: float = 0.0


class TokenKeeper:
    """Gets tokens, and keeps each as long as it is good. Threads may share it."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._lock = threading.Lock()

    def token(self, kept: KeptGrant, *, subject_token: str | None, reach: Reach) -> str:
        """A token that is good for half a minute at least; many callers at once ask the issuer once.

        Args:
            kept: How it is got.
            subject_token: What the caller showed, for ``token_exchange``.
            reach: Where it may be asked for.

        Raises:
            MissingCredentialsError: If the issuer refuses, or the caller showed no token to exchange.
            SourceError: If it cannot be reached, or its answer is none.
        """
        grant = kept.grant()
        if grant.grant_type != "token_exchange":
            subject_token = None
        elif subject_token is None:
            raise MissingCredentialsError(
                "this source is called in the name of whoever signed in with a token of the company's "
                "issuer, and an API key was shown; sign in with a token, or keep a credential of your own"
            )
        held = self._slot(json.dumps([kept.identity, subject_token]))
        with held.lock:
            if time.monotonic() >= held.good_until:
                held.token, seconds = _fetched(kept, subject_token, reach)
                held.good_until = time.monotonic() + seconds - _MARGIN_SECONDS
            return held.token

    def _slot(self, name: str) -> _Held:
        key = hashlib.sha256(name.encode()).hexdigest()
        with self._lock:
            held = self._held.setdefault(key, _Held())
            self._held.move_to_end(key)
            while len(self._held) > _MOST_TOKENS:
                self._held.popitem(last=False)
        return held


def _fetched(kept: KeptGrant, subject_token: str | None, reach: Reach) -> tuple[str, float]:
    """A token, and for how many seconds it is good."""
    grant = kept.grant()
    status, said = _ask(grant, subject_token, reach)
    if status != 200 and (now := kept.grant()) != grant:
        # Another process has used the refresh token, and keeps the one that came for it.
        grant = now
        status, said = _ask(grant, subject_token, reach)
    if status != 200:
        raise MissingCredentialsError(
            f"the issuer at {httpx.URL(grant.token_url).host!r} refuses a token: {_reason(status, said)}; "
            "keep the credential anew, or sign in again"
        )
    token = said.get("access_token")
    # RFC 8693, section 2.2.1: N_A is a token that is no access token.
    if not isinstance(token, str) or not token or str(said.get("token_type", "")).lower() != "bearer":
        raise SourceError(f"the issuer at {httpx.URL(grant.token_url).host!r} answers without a bearer token")
    if grant.refresh_token and isinstance(after := said.get("refresh_token"), str) and after:
        kept.renew(grant, replace(grant, refresh_token=after))
    lifetime = said.get("expires_in", _LIFETIME_SECONDS)
    # Some issuers write the number as text.
    is_number = isinstance(lifetime, int | float) or (isinstance(lifetime, str) and lifetime.isdecimal())
    return token, min(float(lifetime), _MOST_SECONDS) if is_number else _LIFETIME_SECONDS


def _ask(grant: TokenGrant, subject_token: str | None, reach: Reach) -> tuple[int, Mapping[str, Any]]:
    status, content = post_form(
        grant.token_url,
        grant.form(subject_token),
        headers=grant.headers(),
        timeout_seconds=_ANSWER_SECONDS,
        reach=reach,
    )
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        said = None
    return status, said if isinstance(said, dict) else {}


def _reason(status: int, said: Mapping[str, Any]) -> str:
    """The code of the error; not its description, in which issuers repeat what was sent."""
    code = said.get("error")
    is_code = isinstance(code, str) and code.replace("_", "").isalnum() and len(code) <= 60
    return f"{code} ({status})" if is_code else f"status {status}"
