"""Tokens of the company's issuers: JWTs (RFC 9068, RFC 8725) that are verified against the issuer's keys."""

import binascii
import hashlib
import json
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from joserfc import jwt
from joserfc.errors import JoseError

from toolshed.issuers import OidcIssuer
from toolshed_api.auth.issuer_keys import IssuerKeys
from toolshed_api.auth.keys import scopes_of
from toolshed_api.callers import Scope
from toolshed_api.problems import UnauthorizedError

MAX_TOKEN_CHARACTERS = 16_384
_SKEW_SECONDS = 60
_MAX_GROUPS = 1_000
_MAX_NAME = 200
_PART = re.compile(r"[A-Za-z0-9_-]+")
_TYPES = ("jwt", "at+jwt", "application/at+jwt")


class Holder(NamedTuple):
    """Who holds a token.

    Attributes:
        name: The issuer's subject.
        tenant: Whose tools are meant.
        scopes: What he may do.
        subjects: His groups and claims, as grants name them.
    """

    name: str
    tenant: str
    scopes: frozenset[Scope]
    subjects: tuple[str, ...]


class TokenVerifier:
    """Verifies tokens of some issuers.

    Args:
        issuers: Whose tokens are taken.
    """

    def __init__(self, issuers: Sequence[OidcIssuer]) -> None:
        self.issuers = {issuer.issuer: issuer for issuer in issuers}
        self._keys = {issuer.issuer: IssuerKeys(issuer) for issuer in issuers}

    async def verify(self, token: str) -> Holder:
        """Who holds a token.

        Raises:
            UnauthorizedError: If it is not valid for this service, now.
            IssuerError: If the issuer does not tell its keys.
        """
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise UnauthorizedError(f"the token is longer than {MAX_TOKEN_CHARACTERS:,} characters")
        header, claims = _unverified(token)
        issuer = self.issuers.get(str(claims.get("iss")))
        if issuer is None:
            raise UnauthorizedError("the token is of an issuer that is not taken here")
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in issuer.algorithms:
            raise UnauthorizedError(f"the token is not signed with one of {', '.join(issuer.algorithms)}")
        if str(header.get("typ", "jwt")).lower() not in _TYPES or "crit" in header:
            raise UnauthorizedError("the token is of a kind that is not taken here; send an access token")
        if not isinstance(key_id, str | None):
            raise UnauthorizedError("the token names its key by something that is no text")
        key = await self._keys[issuer.issuer].key(key_id)
        if key is None:
            raise UnauthorizedError("the token is signed with a key that its issuer does not name")
        try:
            verified = jwt.decode(token, key, algorithms=[algorithm]).claims
        except (JoseError, ValueError, TypeError) as error:
            raise UnauthorizedError("the token is not signed by its issuer") from error
        _check_times(verified, time.time())
        _check_audience(verified, issuer)
        holder = _holder(verified, issuer)
        # Subjects are an issuer's own: two may name different people alike.
        return holder if len(self.issuers) == 1 else holder._replace(name=f"{holder.name}@{issuer.issuer}")


def _unverified(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The header and the claims as they are written, to be believed only as far as to find a key."""
    # Any: JSON of others.
    parts = token.split(".")
    if len(parts) != 3 or not all(_PART.fullmatch(part) for part in parts):
        raise UnauthorizedError("the token is no signed JWT")
    try:
        header, claims = (json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
    except (ValueError, binascii.Error, RecursionError) as error:
        raise UnauthorizedError("the token is no signed JWT") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise UnauthorizedError("the token is no signed JWT")
    return header, claims


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    ends = _moment(claims, "exp")
    if ends is None:
        raise UnauthorizedError("the token says not when it expires; it must")
    if now >= ends + _SKEW_SECONDS:
        raise UnauthorizedError("the token has expired; get a new one")
    for name in ("nbf", "iat"):
        begins = _moment(claims, name)
        if begins is not None and now < begins - _SKEW_SECONDS:
            raise UnauthorizedError("the token is not valid yet; compare the clocks")


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 2**53:
        raise UnauthorizedError(f"the token's {name!r} is no time")
    return float(value)


def _check_audience(claims: Mapping[str, Any], issuer: OidcIssuer) -> None:
    given = claims.get("aud")
    named = given if isinstance(given, list) else [given]
    if issuer.audience not in named:
        raise UnauthorizedError("the token is for another service; ask its issuer for one for this audience")


def _holder(claims: Mapping[str, Any], issuer: OidcIssuer) -> Holder:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise UnauthorizedError("the token names no subject")
    tenant: object = issuer.tenant
    if issuer.tenant_claim is not None:
        tenant = claims.get(issuer.tenant_claim)
    if not isinstance(tenant, str) or not tenant:
        raise UnauthorizedError(f"the token has no text in its claim {issuer.tenant_claim!r}, the tenant")
    return Holder(_name(subject), tenant, _scopes(claims, issuer), tuple(_subjects(claims, issuer)))


def _name(subject: str) -> str:
    """What a holder is called; of a subject that is too long, its beginning and a digest of all of it."""
    name = f"token:{subject}"
    if len(name) <= _MAX_NAME:
        return name
    digest = hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{name[: _MAX_NAME - len(digest) - 1]}~{digest}"


def _scopes(claims: Mapping[str, Any], issuer: OidcIssuer) -> frozenset[Scope]:
    prefix = issuer.scope_prefix
    named = [
        one.removeprefix(prefix) for one in _texts(claims, issuer.scopes_claim) if one.startswith(prefix)
    ]
    return scopes_of((*named, *issuer.default_scopes))


def _subjects(claims: Mapping[str, Any], issuer: OidcIssuer) -> list[str]:
    groups = claims.get(issuer.groups_claim)
    listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    if len(listed) > _MAX_GROUPS:
        raise UnauthorizedError(
            f"the token lists more than {_MAX_GROUPS:,} groups; let the issuer filter them"
        )
    subjects = [f"group:{group}" for group in listed if isinstance(group, str)]
    for name in issuer.grant_claims:
        value = claims.get(name)
        several = value if isinstance(value, list) else [value]
        subjects += [f"claim:{name}={one}" for one in several[:_MAX_GROUPS] if isinstance(one, str)]
    return subjects


def _texts(claims: Mapping[str, Any], name: str) -> list[str]:
    value = claims.get(name)
    if isinstance(value, str):
        return value.split()
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
