"""Bodies of the endpoints of credentials; no answer holds one."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from toolshed.safety.vault import KeptCredential

Level = Literal["service", "tenant", "user"]
_Name = Annotated[str, StringConstraints(max_length=200)]


class CredentialRequest(BaseModel):
    """A credential, and whose calls it is sent with."""

    model_config = ConfigDict(extra="forbid", strict=True)

    level: Level = Field(
        "user", description="The caller's own calls; all of his tenant's, or of the service."
    )
    source: _Name = Field(min_length=1, description="The source whose tools are called.")
    scheme: _Name = Field("", description="Its security scheme, or a header; empty for whatever it asks for.")
    value: SecretStr = Field(min_length=1, max_length=8_000, description="The key or token.")
    username: SecretStr | None = Field(
        None, max_length=1_000, description="For basic authentication; the value is the password then."
    )


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
