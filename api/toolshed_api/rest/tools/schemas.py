"""Bodies of the endpoints of tools."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from toolshed.catalog.definitions import MAX_DESCRIPTION_CHARACTERS, MAX_NAME_CHARACTERS
from toolshed.catalog.locations import MAX_SOURCE_NAME, SOURCE_NAME
from toolshed.catalog.visible_text import SEEN
from toolshed.types import SyncReport, ToolDefinition

# What is embedded within the time that an answer may take; more is a source.
MAX_TOOLS_AT_ONCE = 256
_FORECAST = {
    "name": "get_forecast",
    "description": "Weather forecast for a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}

SourceName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_SOURCE_NAME),
    Field(json_schema_extra={"pattern": f"^{SOURCE_NAME}$"}),
]
_NAME = {"type": "string", "maxLength": MAX_NAME_CHARACTERS, "pattern": f"^{SEEN}$"}
_PLAIN = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": _NAME,
        "description": {"type": ["string", "null"], "maxLength": MAX_DESCRIPTION_CHARACTERS},
        "parameters": {"type": ["object", "null"], "properties": {"properties": {"type": "object"}}},
    },
}
# Other forms are taken too; these are the ones that say what is looked at in them.
_FORMS = [_PLAIN, {"type": "object", "required": ["function"], "properties": {"function": _PLAIN}}]
# In one of the shapes that catalogs have: OpenAI's, Anthropic's, Gemini's, MCP's or our own.
DefinitionBody = Annotated[
    dict[str, Any],
    Field(
        description="A definition as OpenAI, Anthropic, Gemini, Bedrock, MCP or GET /v1/tools/{id} write it.",
        examples=[_FORECAST],
        json_schema_extra={"anyOf": _FORMS},
    ),
]


class UpsertRequest(BaseModel):
    """Definitions to add, or to change."""

    model_config = ConfigDict(extra="forbid", strict=True)

    tools: list[DefinitionBody] = Field(min_length=1, max_length=MAX_TOOLS_AT_ONCE)
    source: SourceName = Field("tools", description="The source of those that name none.")
    origin: str = Field(
        "",
        max_length=500,
        json_schema_extra={"pattern": f"^(?:{SEEN})?$"},
        description="Where you read them; a source of the same name from elsewhere is refused (409).",
    )
    replace: bool = Field(False, description="Take the names of sources over from other origins.")
    strict: bool = Field(False, description="Index nothing when an entry is bad.")


class SyncReportBody(BaseModel):
    """What indexing changed."""

    added: list[str]
    changed: list[str]
    removed: list[str]
    unchanged: int
    n_embedded: int = Field(description="Texts that were sent through an encoder.")
    invalid: list[str] = Field(description="Why entries were left out.")
    failed: list[str] = Field(description="Why sources could not be read; what is stored of them stays.")
    warnings: list[str]
    unbooked: list[str] = Field(description="Why calls are not in the ledger, where they should be.")
    quarantined: list[str] = Field(
        description="Tools of which a new definition is held back; what was there before serves on."
    )

    @classmethod
    def of(cls, report: SyncReport) -> "SyncReportBody":
        """What a report says."""
        lists = ("added", "changed", "removed", "invalid", "failed", "warnings", "unbooked", "quarantined")
        named: dict[str, Sequence[str]] = {name: list(getattr(report, name)) for name in lists}
        return cls.model_validate({**named, "unchanged": report.unchanged, "n_embedded": report.n_embedded})


class RemovedResponse(BaseModel):
    """What was removed."""

    removed: list[str]


class ToolBody(BaseModel):
    """A tool definition as stored."""

    tool_id: str
    kind: Literal["tool", "skill"]
    name: str
    exported_name: str = Field(description="What providers call it: one name a tool and knowledge base.")
    title: str
    description: str
    parameters: dict[str, Any]
    source: str
    key: str
    tags: list[str]
    output_schema: dict[str, Any] | None
    annotations: dict[str, Any]
    service: str
    service_description: str
    binding: dict[str, Any] | None = Field(
        description="The kind of how it is called: openapi, mcp, python or skill; null where nothing says."
    )
    extras: dict[str, Any]
    content_hash: str

    @classmethod
    def of(cls, tool: ToolDefinition) -> "ToolBody":
        """What may be told of a tool: where it is called is its operator's."""
        kind = (tool.binding or {}).get("kind")
        return cls(
            tool_id=tool.tool_id,
            kind=tool.kind,
            name=tool.name,
            exported_name=tool.exported_name,
            title=tool.title,
            description=tool.description,
            parameters=dict(tool.parameters),
            source=tool.source,
            key=tool.key,
            tags=list(tool.tags),
            output_schema=None if tool.output_schema is None else dict(tool.output_schema),
            annotations=dict(tool.annotations),
            service=tool.service,
            service_description=tool.service_description,
            binding=None if kind is None else {"kind": kind},
            extras=dict(tool.extras),
            content_hash=tool.content_hash,
        )


class ToolListResponse(BaseModel):
    """A page of tool ids, in order."""

    tool_ids: list[str]
    total: int
    next_after: str | None = Field(description="Pass it as 'after' to get the next page; null on the last.")
