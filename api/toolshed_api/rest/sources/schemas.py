"""Bodies of the endpoints of sources."""

from collections.abc import Iterable
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from toolshed.catalog.locations import origin_of
from toolshed.catalog.secrets import has_secret_path
from toolshed.types import IndexedSource
from toolshed_api.rest.tools.schemas import DefinitionBody, SourceName

MAX_TOOLS = 100_000


_NULL = {"type": "null"}
_PARTS = {"url": {"type": "string"}, "document": {"type": ["object", "array"]}, "tools": {"type": "array"}}
_ONE_OF_THEM: dict[str, Any] = {
    "oneOf": [
        {
            "required": [given],
            "properties": {name: kind if name == given else _NULL for name, kind in _PARTS.items()},
        }
        for given in _PARTS
    ]
}


class SourceRequest(BaseModel):
    """A source to index: at a URL, or uploaded."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra=_ONE_OF_THEM)

    name: SourceName | None = Field(
        None, description="First half of its tools' ids; found out where the document says it."
    )
    url: str | None = Field(
        None,
        min_length=1,
        max_length=2_000,
        description="Of a document, http(s)://...; or of an MCP server, mcp+http(s)://... or mcp+sse:https://...",
        examples=["https://example.com/openapi.json"],
    )
    document: dict[str, Any] | list[Any] | None = Field(
        None, description="The document itself: an OpenAPI description, or a list of tools in any form."
    )
    tools: list[DefinitionBody] | None = Field(
        None, min_length=1, max_length=MAX_TOOLS, description="Definitions, one by one."
    )
    origin: str = Field("", max_length=500, description="Where you read what you upload.")
    keep_removed: bool = Field(False, description="Keep tools that the source no longer lists.")
    replace: bool = Field(False, description="Take the name over from where it was indexed before.")
    strict: bool = Field(False, description="Index nothing when an entry is bad.")
    skip_invalid: bool = Field(False, description="Bad entries are expected.")
    timeout_seconds: float = Field(30.0, ge=0.1, le=120, description="Longest wait for an MCP server.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        given = [part for part in (self.url, self.document, self.tools) if part is not None]
        if len(given) != 1:
            raise ValueError("give one of url, document and tools")
        return self


class SyncRequest(BaseModel):
    """How to read a source again."""

    model_config = ConfigDict(extra="forbid", strict=True)

    skip_invalid: bool = Field(False, description="Bad entries are expected.")
    timeout_seconds: float = Field(30.0, ge=0.1, le=120, description="Longest wait for an MCP server.")


class SourceBody(BaseModel):
    """A source of tools."""

    name: str
    n_tools: int
    locations: list[str] = Field(
        description="Where it was read; one, unless older releases mixed several. Who neither indexes nor "
        "administers is shown addresses only, and of those that look like they hold a key the server."
    )

    @classmethod
    def of(cls, source: IndexedSource, *, is_trusted: bool) -> "SourceBody":
        """The source, as one may see it who may see all of its locations, or may not."""
        locations = list(source.locations) if is_trusted else _for_strangers(source.locations)
        return cls(name=source.name, n_tools=source.n_tools, locations=locations)


def _for_strangers(locations: Iterable[str]) -> list[str]:
    addresses = [one for one in locations if origin_of(one) != one and "${" not in one]
    return [origin_of(one) if has_secret_path(one) else one for one in addresses]


class SourceListResponse(BaseModel):
    """A page of sources, by name."""

    sources: list[SourceBody]
    total: int
    next_after: str | None = Field(description="Pass it as 'after' to get the next page; null on the last.")


class SourceRemovedResponse(BaseModel):
    """What was removed."""

    name: str
    n_tools: int
