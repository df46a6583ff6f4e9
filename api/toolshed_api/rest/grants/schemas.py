"""Bodies of the endpoints of grants."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from toolshed.catalog.visible_text import SEEN, SEEN_ALONE
from toolshed_api.auth.grants import GrantKind


class GrantRequest(BaseModel):
    """What is granted to whom."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"subject": "group:finance", "kind": "source", "object": "billing"}]},
    )

    subject: Annotated[str, Field(min_length=1, max_length=500)] = Field(
        description="'group:NAME', 'group:*' for everybody of the tenant, or 'claim:NAME=VALUE' of a token.",
        json_schema_extra={
            "anyOf": [{"pattern": f"^group:{SEEN}$"}, {"pattern": f"^claim:{SEEN_ALONE}={SEEN_ALONE}$"}]
        },
    )
    kind: GrantKind
    object: Annotated[str, Field(min_length=1, max_length=1000)] = Field(
        description="The name of a source, or the id of a tool; it need not be there yet.",
        json_schema_extra={"pattern": f"^{SEEN}$"},
    )


class GrantBody(BaseModel):
    """A grant."""

    model_config = ConfigDict(from_attributes=True)

    grant_id: str
    tenant: str
    subject: str
    kind: GrantKind
    object: str
    created_by: str
    created_at: datetime


class GrantListResponse(BaseModel):
    """A page of grants, by id."""

    grants: list[GrantBody]
    is_in_force: bool = Field(description="Whether the tenant is restricted; otherwise everybody finds all.")
    next_after: str | None = Field(description="Pass it as 'after' to get the next page; null on the last.")
