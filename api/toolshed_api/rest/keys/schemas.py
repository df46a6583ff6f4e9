"""Bodies of the endpoints of keys."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from toolshed.catalog.visible_text import SEEN
from toolshed_api.auth.keys import DAY_SECONDS, MAX_PER_MINUTE, KeyStatus
from toolshed_api.callers import Scope

Name = Annotated[str, Field(min_length=1, max_length=200, json_schema_extra={"pattern": f"^{SEEN}$"})]


class KeyRequest(BaseModel):
    """What a new key shall be."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"name": "billing agent", "scopes": ["search", "call"]}]},
    )

    name: Name = Field(description="What it is for.")
    scopes: list[Scope] = Field(min_length=1, max_length=10, description="What it lets its holder do.")
    groups: list[Name] = Field(default=[], max_length=100, description="Whose grants its holder has.")
    requests_per_minute: int | None = Field(default=None, ge=1, le=MAX_PER_MINUTE)
    lifetime_seconds: int | None = Field(
        default=None, ge=1, le=36_500 * DAY_SECONDS, description="Null lets in until the key is revoked."
    )


class RotationRequest(BaseModel):
    """How a key is replaced."""

    model_config = ConfigDict(extra="forbid", strict=True)

    overlap_seconds: int = Field(
        default=DAY_SECONDS, ge=0, le=365 * DAY_SECONDS, description="How long the old key lets in yet."
    )


class KeyBody(BaseModel):
    """What is known of a key; never the key itself."""

    model_config = ConfigDict(from_attributes=True)

    key_id: str
    tenant: str
    name: str
    scopes: list[Scope]
    groups: list[str]
    requests_per_minute: int | None
    status: KeyStatus
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    replaced_by: str | None = Field(description="The key that it was rotated to.")


class NewKeyBody(KeyBody):
    """A key that was just made."""

    key: str = Field(description="The key. It is shown now, and never again.")


class KeyListResponse(BaseModel):
    """A page of keys, by id."""

    keys: list[KeyBody]
    next_after: str | None = Field(description="Pass it as 'after' to get the next page; null on the last.")
