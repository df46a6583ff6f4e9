"""What an MCP server answers to ``tools/call``, as what a tool answered."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from toolshed.calling.results import Answer, BinaryContent
from toolshed.calling.texts import json_text
from toolshed.errors import InputRequiredError
from toolshed.types import JsonObject


def mcp_answer(tool_id: str, answer: JsonObject, masked: Callable[[str], str]) -> Answer:
    """Read an answer as it came.

    Args:
        tool_id: The tool.
        answer: ``content``, ``structuredContent``, ``isError``, ``_meta``.
        masked: Strikes out the secrets of the server.

    Raises:
        InputRequiredError: If the server asks something back, which nobody here can answer.
    """
    if asks_back(answer):
        raise input_required(tool_id, answer)
    given = answer.get("content")
    blocks = given if isinstance(given, list) else []
    texts: list[str] = []
    binaries: list[BinaryContent] = []
    for block in blocks:
        read = _read(block)
        if isinstance(read, BinaryContent):
            binaries.append(read)
            read = read.described()
        texts.append(read)
    is_structured = "structuredContent" in answer
    structured = _masked(answer.get("structuredContent"), masked)
    text = masked("\n".join(texts))
    meta = _masked(answer.get("_meta"), masked)
    return Answer(
        text if texts or not is_structured else json_text(structured),
        is_error=answer.get("isError") is True,
        structured=structured,
        is_structured=is_structured,
        binaries=tuple(binaries),
        content=_parts(_masked(blocks, masked)),
        meta=meta if isinstance(meta, dict) else {},
    )


def _parts(blocks: Any) -> tuple[JsonObject, ...]:
    # Any: a JSON value, or nothing where masking left none.
    return tuple(block for block in blocks if isinstance(block, dict)) if isinstance(blocks, list) else ()


def asks_back(answer: JsonObject) -> bool:
    """Whether a server wants to know something first."""
    return answer.get("resultType") == "input_required"


def asked_requests(answer: JsonObject) -> dict[str, JsonObject]:
    """What it asks, by name; nothing where it only wants to be asked again."""
    asked = answer.get("inputRequests")
    requests = asked.items() if isinstance(asked, Mapping) else ()
    return {str(name): request for name, request in requests if isinstance(request, Mapping)}


def asked_state(answer: JsonObject) -> str | None:
    """What it wants handed back."""
    state = answer.get("requestState")
    return state if isinstance(state, str) else None


def input_required(tool_id: str, answer: JsonObject) -> InputRequiredError:
    """The error that hands on what a server asks."""
    asked = answer.get("inputRequests")
    names = ", ".join(map(str, asked))[:300] if isinstance(asked, Mapping) else "more"
    return InputRequiredError(
        f"{tool_id!r} asks its caller for {names or 'more'}, which nobody here can answer; call it from "
        "a host that asks its user",
        requests=asked_requests(answer),
        state=asked_state(answer),
    )


def _masked(value: Any, masked: Callable[[str], str]) -> Any:
    # Any: a JSON value.
    text = json.dumps(value, ensure_ascii=False)
    shown = masked(text)
    try:
        return value if shown == text else json.loads(shown)
    except ValueError:
        return None


def _read(block: Any) -> str | BinaryContent:
    if not isinstance(block, dict):
        return json_text(block)
    kind = block.get("type")
    if kind == "text" and isinstance(block.get("text"), str):
        return str(block["text"])
    if kind in ("image", "audio"):
        return _binary(block.get("data"), block.get("mimeType"), "")
    if kind == "resource" and isinstance(block.get("resource"), dict):
        resource = block["resource"]
        if isinstance(resource.get("text"), str):
            return str(resource["text"])
        return _binary(resource.get("blob"), resource.get("mimeType"), str(resource.get("uri", "")))
    if kind == "resource_link":
        said = (block.get(key) for key in ("title", "name", "uri", "mimeType", "description"))
        return f"[resource: {', '.join(str(one) for one in said if one)}]"
    return json_text(block)


def _binary(data: Any, media_type: Any, name: str) -> str | BinaryContent:
    # Any: as it came.
    kind = media_type if isinstance(media_type, str) and media_type else "application/octet-stream"
    try:
        return BinaryContent(kind, base64.b64decode("".join(data.split()), validate=True), name)
    except (AttributeError, TypeError, ValueError):
        return f"[binary content: {kind}, not readable as base64]"
