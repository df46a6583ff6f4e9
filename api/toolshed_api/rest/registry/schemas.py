"""Bodies of the registry, as ``GET /v0.1/servers`` of the official one has them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from toolshed_api.rest.registry.servers import RegisteredServer

_SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-10-17/server.schema.json"
_OFFICIAL = "io.modelcontextprotocol.registry/official"


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class RemoteBody(_Body):
    """An address of a server."""

    type: str = Field(description="What is spoken there: streamable-http or sse.")
    url: str


class PackageBody(_Body):
    """A program to install."""

    registry_type: str
    identifier: str
    transport: dict[str, str]


class ServerBody(_Body):
    """A server."""

    schema_address: str = Field(serialization_alias="$schema")
    name: str
    title: str
    description: str
    version: str
    remotes: list[RemoteBody]
    packages: list[PackageBody]


class ServerEntry(_Body):
    """A server, and what the registry says of it."""

    server: ServerBody
    meta: dict[str, Any] = Field(serialization_alias="_meta")

    @classmethod
    def of(cls, server: RegisteredServer, seen: datetime) -> "ServerEntry":
        """An entry."""
        when = seen.isoformat().replace("+00:00", "Z")
        remotes = [RemoteBody(type=server.transport, url=server.url)] if server.url else []
        packages = (
            [
                PackageBody(
                    registry_type=server.package_registry,
                    identifier=server.package,
                    transport={"type": "stdio"},
                )
            ]
            if server.package
            else []
        )
        body = ServerBody(
            schema_address=_SCHEMA,
            name=server.name,
            title=server.title,
            description=server.description,
            version=server.version,
            remotes=remotes,
            packages=packages,
        )
        official = {"status": "active", "publishedAt": when, "updatedAt": when, "isLatest": True}
        return cls(server=body, meta={_OFFICIAL: official})


class ListMetadata(_Body):
    """Where the list goes on."""

    count: int
    next_cursor: str | None = Field(None, description="Pass it as 'cursor' for the next page.")


class ServerListResponse(_Body):
    """A page of servers, by name."""

    servers: list[ServerEntry]
    metadata: ListMetadata
