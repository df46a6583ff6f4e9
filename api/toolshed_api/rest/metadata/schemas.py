"""Bodies of the endpoints of metadata."""

from typing import Literal

from pydantic import BaseModel


class ResourceMetadata(BaseModel):
    """Protected-resource metadata of RFC 9728."""

    resource: str
    authorization_servers: list[str]
    scopes_supported: list[str]
    bearer_methods_supported: list[Literal["header"]]
    resource_name: str
