"""Bodies of the endpoints of tenants."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from toolshed_api.tenant_sheds import TENANT_NAME


class TenantRequest(BaseModel):
    """A new tenant."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"name": "acme"}]})

    name: str = Field(
        description="Lower-case letters, digits and hyphens.",
        min_length=1,
        max_length=63,
        json_schema_extra={"pattern": f"^{TENANT_NAME}$"},
    )
    is_restricted: bool = Field(default=False, description="Whether callers find only what is granted.")


class TenantChange(BaseModel):
    """What is to be otherwise; null leaves it as it is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    is_restricted: bool | None = Field(default=None, description="Whether callers find only what is granted.")
    is_suspended: bool | None = Field(default=None, description="Whether no caller is let in.")


class TenantBody(BaseModel):
    """A tenant."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    is_restricted: bool
    is_suspended: bool
    created_at: datetime


class TenantListResponse(BaseModel):
    """The tenants that the caller administers, by name."""

    tenants: list[TenantBody]
