"""What our own tools are made of: how each is told to hosts, and what runs it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp_types import CallToolResult, InputRequiredResult, TextContent, Tool, ToolAnnotations
from pydantic import BaseModel, ConfigDict, ValidationError

from toolshed.errors import ToolshedError
from toolshed.types import JsonObject
from toolshed_api.caller_shed import CallerShed
from toolshed_api.callers import Scope
from toolshed_api.mcp.catalog_facts import CatalogFactsBook
from toolshed_api.mcp.dialogues import Conversations
from toolshed_api.mcp.handles import SearchHandles
from toolshed_api.mcp.json_texts import compact

ToolAnswer = CallToolResult | InputRequiredResult
MAX_ID_CHARACTERS = 500
_MAX_LISTED_ERRORS = 5
_MAX_MESSAGE = 2_000


class ToolArguments(BaseModel):
    """Arguments of one of our tools; unknown ones are refused, so that a misspelt one is not lost."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call of one of our tools.

    Attributes:
        shed: What the caller may do.
        handles: Makes and reads handles of searches.
        facts: What is behind the search.
        conversations: Calls that may ask something back.
        context: The request, as the SDK has it. Any: what the lifespan gives is not used.
        allow_commands: Whether calls may start programs that a shared knowledge base names.
        own_tokens: Tokens of the definitions of our own tools.
        input_responses: What the host's user answered to what a tool asked.
        request_state: What we told the host to give back with that.
    """

    shed: CallerShed
    handles: SearchHandles
    facts: CatalogFactsBook
    conversations: Conversations
    context: ServerRequestContext[Any, Any]
    allow_commands: bool = False
    own_tokens: int = 0
    input_responses: JsonObject | None = None
    request_state: str | None = None


@dataclass(frozen=True, slots=True)
class OwnTool:
    """One of our tools.

    Attributes:
        name: Its name.
        title: Its name for people.
        description: What it does, for models.
        arguments: What it takes.
        scope: What a caller needs to see and use it.
        hints: What hosts may take it for; they ask their user by it.
        run: Answers a call. Any: the arguments, of the class above.
        meta: What hosts read besides.
    """

    name: str
    title: str
    description: str
    arguments: type[ToolArguments]
    scope: Scope
    hints: ToolAnnotations
    run: Callable[[Exchange, Any], Awaitable[ToolAnswer]]
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of its arguments."""
        return _schema(self.arguments)

    def listed(self, description: str = "") -> Tool:
        """How it stands in a list of tools."""
        return Tool(
            name=self.name,
            title=self.title,
            description=description or self.description,
            input_schema=self.schema,
            annotations=self.hints.model_copy(update={"title": self.title}),
            _meta=dict(self.meta) or None,
        )

    async def answer(self, exchange: Exchange, given: Mapping[str, Any]) -> ToolAnswer:
        """Check the arguments and run it; what goes wrong is told to the model, which can do better."""
        try:
            exchange.shed.caller.require(self.scope)
            arguments = self.arguments.model_validate(given)
        except ValidationError as error:
            return failed("invalid_arguments", _summary(self.name, error))
        except ToolshedError as error:
            return failed(error.code, str(error))
        try:
            return await self.run(exchange, arguments)
        except ToolshedError as error:
            return failed(error.code, str(error))


def reads(*, idempotent: bool = True, open_world: bool = False) -> ToolAnnotations:
    """Hints of a tool that changes nothing."""
    return ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=idempotent, open_world_hint=open_world
    )


def failed(code: str, message: str) -> CallToolResult:
    """An answer that says what went wrong."""
    text = message if len(message) <= _MAX_MESSAGE else message[: _MAX_MESSAGE - 1] + "…"
    return CallToolResult(content=[said(text)], is_error=True, _meta={"toolshed/error": code})


def answered(value: dict[str, Any], meta: Mapping[str, Any] | None = None) -> CallToolResult:
    """An answer as JSON: structured, and as text for hosts that hand on nothing else."""
    return CallToolResult(
        content=[said(compact(value))], structured_content=value, _meta=dict(meta) if meta else None
    )


def said(text: str) -> TextContent:
    """A text that can be sent: what is stored may hold lone surrogates."""
    return TextContent(text=text.encode("utf-8", "replace").decode())


def _schema(arguments: type[ToolArguments]) -> dict[str, Any]:
    schema = arguments.model_json_schema()
    schema.pop("title", None)
    schema.pop("description", None)
    for one in schema.get("properties", {}).values():
        one.pop("title", None)
    return schema


def _summary(name: str, invalid: ValidationError) -> str:
    errors = invalid.errors(include_url=False, include_input=False, include_context=False)
    listed = [f"{'.'.join(map(str, one['loc']))[:60]}: {one['msg']}" for one in errors[:_MAX_LISTED_ERRORS]]
    if len(errors) > len(listed):
        listed.append(f"and {len(errors) - len(listed):,} more")
    return f"these arguments do not fit {name}: {'; '.join(listed)}. Correct them and call it again"
