"""What an operator says of an issuer of tokens."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

# None of those that take the issuer's public key for a shared secret, and not 'none'.
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
ScopeName = Literal["search", "call", "index", "admin"]
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class OidcIssuer(BaseModel):
    """An issuer whose tokens are taken (OpenID Connect, or OAuth with a metadata document).

    Attributes:
        issuer: As the tokens name it in ``iss``; its discovery document is read.
        audience: What tokens for this service name in ``aud``.
        algorithms: Signatures that are taken.
        tenant_claim: Claim that names the tenant; None for the one tenant below.
        tenant: The tenant of all callers, where no claim names it.
        groups_claim: Claim with a list of groups.
        grant_claims: Claims that grants may name, as ``claim:NAME=VALUE``.
        scopes_claim: Claim with scopes, a list or a text with blanks between.
        scope_prefix: What stands before our scopes there: ``toolshed:search``.
        default_scopes: Scopes of every token, beside those that it names.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: Annotated[str, Field(min_length=1, max_length=1000)]
    audience: Annotated[str, Field(min_length=1, max_length=1000)]
    algorithms: tuple[Algorithm, ...] = Field(
        default=("RS256", "PS256", "ES256", "ES384", "EdDSA"), min_length=1
    )
    tenant_claim: str | None = None
    tenant: str = "default"
    groups_claim: str = "groups"
    grant_claims: tuple[str, ...] = ()
    scopes_claim: str = "scope"
    scope_prefix: str = "toolshed:"
    default_scopes: tuple[ScopeName, ...] = ()

    @field_validator("issuer")
    @classmethod
    def _is_safe(cls, issuer: str) -> str:
        check_fetchable(issuer)
        return issuer


def check_fetchable(url: str) -> None:
    """Refuse an address that keys of an issuer may not come from.

    Raises:
        ValueError: If it is neither https nor, for tests, http on loopback.
    """
    parts = urlsplit(url)
    is_loopback = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not (parts.scheme == "https" or is_loopback) or not parts.hostname or parts.username is not None:
        raise ValueError(f"{url[:200]!r} is no https:// address (http:// only on loopback)")
