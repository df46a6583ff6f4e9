"""Bodies of the endpoints of credentials; no answer holds one."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from toolshed.errors import InvalidRecordError
from toolshed.safety.token_grants import GrantType, TokenGrant
from toolshed.safety.vault import KeptCredential, Secret

Level = Literal["service", "tenant", "user"]
_Name = Annotated[str, StringConstraints(max_length=200)]


# A host's last label begins with a letter; addresses of four numbers are told apart, since 999.1.1.1 is none.
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_HOST = rf"(?:(?:[A-Za-z0-9_-]+\.)*[A-Za-z][A-Za-z0-9-]*|(?:{_BYTE}\.){{3}}{_BYTE})"
_LOOPBACK = r"http://(?:localhost|127\.0\.0\.1|\[::1\])"
_ISSUER = rf"^(?:https://{_HOST}|{_LOOPBACK})(?::[0-9]{{1,5}})?(?:[/?][!-~]*)?$"
# Any: the description is JSON.
_REFRESHES: list[Any] = [
    {
        "required": ["refresh_token"],
        "properties": {
            "grant_type": {"const": "refresh_token"},
            "refresh_token": {"type": "string", "minLength": 1},
        },
    },
    {
        "properties": {
            "grant_type": {"not": {"const": "refresh_token"}},
            "refresh_token": {"enum": [None, ""]},
        }
    },
]


class TokenGrantRequest(BaseModel):
    """How a token is got from the issuer of an upstream server (OAuth 2.0, RFC 8693)."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"anyOf": _REFRESHES})

    grant_type: GrantType = Field(description="'token_exchange' gives the caller's own token for one there.")
    token_url: str = Field(
        max_length=2_000, pattern=_ISSUER, description="The issuer's token endpoint, at https://."
    )
    client_id: _Name = Field(min_length=1)
    client_secret: SecretStr | None = Field(None, max_length=8_000)
    refresh_token: SecretStr | None = Field(None, max_length=8_000, description="With the grant of its name.")
    audience: str = Field("", max_length=2_000, description="The upstream server, as the issuer calls it.")
    resource: str = Field("", max_length=2_000, description="The same as a URL (RFC 8707).")
    scope: str = Field("", max_length=2_000, description="What the token is to be good for.")

    def to_grant(self) -> TokenGrant:
        """The grant.

        Raises:
            InvalidRecordError: If its parts do not go together.
        """
        said = self.model_dump(exclude_none=True)
        secrets = {name: value for name, value in said.items() if isinstance(value, SecretStr)}
        return TokenGrant.checked(said | {name: value.get_secret_value() for name, value in secrets.items()})


_NULL = {"type": "null"}
_EITHER: list[Any] = [
    {"required": ["value"], "properties": {"value": {"type": "string"}, "grant": _NULL}},
    {"required": ["grant"], "properties": {"grant": {"type": "object"}, "value": _NULL, "username": _NULL}},
]


class CredentialRequest(BaseModel):
    """A credential, and whose calls it is sent with."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"anyOf": _EITHER})

    level: Level = Field(
        "user", description="The caller's own calls; all of his tenant's, or of the service."
    )
    source: _Name = Field(min_length=1, description="The source whose tools are called.")
    scheme: _Name = Field("", description="Its security scheme, or a header; empty for whatever it asks for.")
    value: SecretStr | None = Field(
        None, min_length=1, max_length=8_000, description="The key or token; or give a grant."
    )
    grant: TokenGrantRequest | None = Field(None, description="How a token is got, in place of a value.")
    username: SecretStr | None = Field(
        None, max_length=1_000, description="For basic authentication; the value is the password then."
    )

    def secret(self) -> Secret:
        """What is to be kept.

        Raises:
            InvalidRecordError: If it is neither a value nor a grant, or both.
        """
        if self.grant is not None and self.value is None and self.username is None:
            return self.grant.to_grant()
        if self.grant is not None or self.value is None:
            raise InvalidRecordError("give either a value, or a grant and neither value nor username")
        value = self.value.get_secret_value()
        return value if self.username is None else (self.username.get_secret_value(), value)


class CredentialResponse(BaseModel):
    """That there is a credential."""

    credential_id: str
    level: Level
    tenant: str
    owner: str
    source: str
    scheme: str
    key_id: str
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, kept: KeptCredential) -> "CredentialResponse":
        """One that is kept."""
        slot = kept.slot
        return cls(
            credential_id=slot.credential_id,
            level=slot.level,
            tenant=slot.tenant,
            owner=slot.owner,
            source=slot.source,
            scheme=slot.scheme,
            key_id=kept.key_id,
            created_by=kept.created_by,
            created_at=kept.created_at,
        )


class CredentialListResponse(BaseModel):
    """Those that the caller may see that there are."""

    credentials: list[CredentialResponse]
