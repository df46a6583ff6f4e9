"""Tools that call tools: one for those that only read, one for the others, so that hosts know when to ask."""

import base64
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import anyio.to_thread
from mcp_types import (
    AudioContent,
    CallToolResult,
    ContentBlock,
    ImageContent,
    InputRequiredResult,
    ToolAnnotations,
)
from pydantic import Field, TypeAdapter, ValidationError

from toolshed.calling.results import BinaryContent, CallResult
from toolshed.dialogues import Dialogue
from toolshed.errors import NotCallableError
from toolshed.types import ToolDefinition
from toolshed_api.mcp.json_texts import compact
from toolshed_api.mcp.own_tools import (
    MAX_ID_CHARACTERS,
    Exchange,
    OwnTool,
    ToolAnswer,
    ToolArguments,
    answered,
    reads,
    said,
)
from toolshed_api.mcp.searching import READ, WRITE, is_read_only, tool_of

MAX_CHARACTERS = 20_000
_block: TypeAdapter[ContentBlock] = TypeAdapter(ContentBlock)
# Of images and sound in one answer together; a model's host refuses more.
_MAX_BINARY_BYTES = 2 * 2**20


class CallToolArguments(ToolArguments):
    """Arguments of call_tool_read and call_tool_write: named so that a host's prompt shows the real ones."""

    tool: Annotated[
        str,
        Field(min_length=1, max_length=MAX_ID_CHARACTERS, description="The tool, as search_tools calls it."),
    ]
    arguments: Annotated[dict[str, Any], Field(description="Its arguments, as its input_schema says.")] = (
        Field(default_factory=dict)
    )


class ReadResultArguments(ToolArguments):
    """Arguments of read_result."""

    handle: Annotated[
        str, Field(min_length=1, max_length=MAX_ID_CHARACTERS, description="What the cut result gave.")
    ]
    offset: Annotated[int, Field(ge=0, description="The character to go on from.")] = 0
    max_characters: Annotated[int, Field(ge=1, le=100_000, description="Most characters to return.")] = (
        MAX_CHARACTERS
    )


async def call_tool_read(exchange: Exchange, given: CallToolArguments) -> ToolAnswer:
    """Call a tool that only reads."""
    tool = await anyio.to_thread.run_sync(tool_of, exchange.shed, given.tool)
    if not is_read_only(tool):
        raise NotCallableError(
            f"{tool.tool_id!r} does not say that it only reads, and may change things; call it with {WRITE}"
        )
    return await call(exchange, tool, given.arguments)


async def call_tool_write(exchange: Exchange, given: CallToolArguments) -> ToolAnswer:
    """Call any tool."""
    tool = await anyio.to_thread.run_sync(tool_of, exchange.shed, given.tool)
    return await call(exchange, tool, given.arguments)


async def call(exchange: Exchange, tool: ToolDefinition, arguments: Mapping[str, Any]) -> ToolAnswer:
    """Call a tool, and hand its answer on."""

    async def start(dialogue: Dialogue) -> CallResult:
        return await exchange.shed.acall(
            tool.tool_id,
            arguments,
            max_characters=MAX_CHARACTERS,
            dialogue=dialogue,
            allow_commands=exchange.allow_commands,
        )

    result = await exchange.conversations.call(
        exchange.context,
        tool.tool_id,
        start,
        answers=exchange.input_responses,
        state=exchange.request_state,
    )
    return result if isinstance(result, InputRequiredResult) else handed_on(result)


def handed_on(result: CallResult) -> CallToolResult:
    """An answer of a tool as ours: bounded, with a handle to read on by."""
    text, structured = _bounded(result)
    is_whole = text == result.text
    blocks = (_as_they_came(result) if is_whole else []) or [said(text), *_shown(result.binaries)]
    meta = {**_safe_meta(result), "toolshed/call": _call_meta(result)}
    return CallToolResult(content=blocks, structured_content=structured, is_error=result.is_error, _meta=meta)


def _bounded(result: CallResult) -> tuple[str, Any]:
    """Text and structured answer; what is left out of either can be read by a handle."""
    if result.next_offset is not None:
        return _with_way_on(result.text, result.next_offset, result.n_characters, result.handle), None
    if not result.is_structured:
        return result.text, None
    written = compact(result.structured)
    if len(written) <= MAX_CHARACTERS:
        # Revisions before 2026-07-28 know objects only; the text has the others.
        return result.text, result.structured if isinstance(result.structured, dict) else None
    page = result.page.beside(written, MAX_CHARACTERS)
    assert page.next_offset is not None
    text = f"{result.text}\n{page.text}" if result.text else page.text
    return _with_way_on(text, page.next_offset, page.n_characters, page.handle), None


def _with_way_on(text: str, offset: int, n_characters: int, handle: str) -> str:
    return (
        f"{text}\n[cut after {offset:,} of {n_characters:,} characters; read on with "
        f"read_result(handle={handle!r}, offset={offset})]"
    )


def _as_they_came(result: CallResult) -> list[ContentBlock]:
    """The parts of a small answer of an MCP server: text, pictures, resources and links in their order."""
    if sum(one.n_bytes for one in result.binaries) > _MAX_BINARY_BYTES:
        return []
    try:
        return [_block.validate_python({**part, "_meta": None}) for part in result.content]
    except ValidationError:
        # Parts of a kind that nobody knows are told as text.
        return []


def _shown(binaries: Sequence[BinaryContent]) -> list[ContentBlock]:
    """Images and sound, as long as they are small; the text names them all."""
    blocks: list[ContentBlock] = []
    left = _MAX_BINARY_BYTES
    for one in binaries:
        kind = {"image": ImageContent, "audio": AudioContent}.get(one.media_type.partition("/")[0])
        if kind is None or one.n_bytes > left:
            continue
        left -= one.n_bytes
        blocks.append(kind(data=base64.b64encode(one.data).decode(), mime_type=one.media_type))
    return blocks


def _safe_meta(result: CallResult) -> dict[str, Any]:
    """What the tool says besides, without what is the protocol's or ours; only if it is short."""
    theirs = {
        name: value
        for name, value in result.meta.items()
        if "modelcontextprotocol" not in name and not name.startswith(("toolshed/", "anthropic/", "ui"))
    }
    return theirs if len(compact(theirs)) <= MAX_CHARACTERS else {}


def _call_meta(result: CallResult) -> dict[str, Any]:
    return {
        "tool": result.tool_id,
        "duration_ms": round(result.duration_ms, 3),
        "n_characters": result.n_characters,
        "next_offset": result.next_offset,
        "handle": result.handle,
        "is_complete": result.is_complete,
        "status": result.status,
    }


async def read_result(exchange: Exchange, given: ReadResultArguments) -> ToolAnswer:
    """Read on in a long result."""

    def read() -> dict[str, Any]:
        page = exchange.shed.read_result(given.handle, given.offset, max_characters=given.max_characters)
        return page.to_json()

    return answered(await anyio.to_thread.run_sync(read))


CALL_TOOL_READ = OwnTool(
    READ,
    "Call a tool that only reads",
    "Call a tool that search_tools found and that says that it changes nothing (call_with: call_tool_read).",
    CallToolArguments,
    "call",
    reads(open_world=True),
    call_tool_read,
)
CALL_TOOL_WRITE = OwnTool(
    WRITE,
    "Call a tool that may change things",
    "Call a tool that search_tools found and that may change things (call_with: call_tool_write).",
    CallToolArguments,
    "call",
    ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True),
    call_tool_write,
)
READ_RESULT = OwnTool(
    "read_result",
    "Read on in a long result",
    "Read on in a result that was cut, by the handle that it gave.",
    ReadResultArguments,
    "call",
    reads(),
    read_result,
)
