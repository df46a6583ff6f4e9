"""Answers of HTTP, read within bounds and told as what a tool answered."""

import asyncio
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import httpx

from toolshed.calling.credentials import without_secrets
from toolshed.calling.results import Answer, BinaryContent
from toolshed.calling.texts import json_text
from toolshed.catalog.urls import decoded

MAX_ANSWER_BYTES = 16 * 2**20
# Larger ones are parsed beside the loop, which others wait for.
_LARGE_BYTES = 2**18
_TEXT_TYPES = (
    "javascript",
    "xml",
    "yaml",
    "x-www-form-urlencoded",
    "csv",
    "graphql",
    "ndjson",
    "jsonl",
    "toml",
)
# They open a session, or say what was done to the connection.
_HIDDEN_HEADERS = {"set-cookie", "connection", "keep-alive", "transfer-encoding", "server", "via", "date"}
_MAX_HEADERS, _MAX_HEADER_CHARACTERS = 40, 1_000


async def read_answer(response: httpx.Response, *, secrets: Sequence[str]) -> Answer:
    """The answer that a response holds; of a long one its beginning.

    Raises:
        httpx.HTTPError: If it breaks off, or cannot be decoded.
    """
    content = bytearray()
    is_complete = True
    async for part in decoded(response):
        content += part
        if len(content) > MAX_ANSWER_BYTES:
            del content[MAX_ANSWER_BYTES:]
            is_complete = False
            break
    if len(content) > _LARGE_BYTES:
        return await asyncio.to_thread(_answer, response, bytes(content), is_complete, secrets)
    return _answer(response, bytes(content), is_complete, secrets)


def _answer(response: httpx.Response, content: bytes, is_complete: bool, secrets: Sequence[str]) -> Answer:
    status = response.status_code
    headers = _headers(response, secrets)
    media_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
    text = _text(response, content, media_type) if content else ""
    binaries: tuple[BinaryContent, ...] = ()
    structured, is_structured = None, False
    if text is None:
        binaries = (BinaryContent(media_type or "application/octet-stream", content),)
        text = binaries[0].described()
    else:
        text = without_secrets(text, secrets)
        if is_complete and _is_json(media_type, text):
            structured, is_structured = _parsed(text)
            if is_structured:
                # Escapes of JSON hide a secret until they are read.
                text = json_text(structured)
                shown = without_secrets(text, secrets)
                if shown != text:
                    text = shown
                    structured, is_structured = _parsed(text)
    if not is_complete:
        text += (
            f"\n[cut: the answer is longer than {MAX_ANSWER_BYTES // 2**20} MB, and the rest was not read]"
        )
    return Answer(
        _told(status, text, headers),
        is_error=status >= 300,
        structured=structured,
        is_structured=is_structured,
        binaries=binaries,
        status=status,
        is_complete=is_complete,
        meta={"headers": headers} if headers else {},
    )


def _told(status: int, text: str, headers: dict[str, str]) -> str:
    """The text for a model: what it answered, or at least with which status."""
    if 200 <= status < 300 and text:
        return text
    try:
        phrase = f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = f"HTTP {status}"
    if text:
        return f"{phrase}: {text}"
    shown = {name: headers[name] for name in ("location", "content-length", "retry-after") if name in headers}
    return phrase + "".join(f"\n{name}: {value}" for name, value in shown.items())


def _text(response: httpx.Response, content: bytes, media_type: str) -> str | None:
    """The content as text; None where it is none."""
    is_text = not media_type or media_type.startswith("text/") or "json" in media_type
    if not is_text and not media_type.endswith(_TEXT_TYPES):
        return None
    try:
        return content.decode(response.charset_encoding or "utf-8")
    except UnicodeDecodeError:
        is_cut = len(content) == MAX_ANSWER_BYTES
        return content.decode("utf-8", "replace") if media_type or is_cut else None
    except LookupError:
        return content.decode("utf-8", "replace")


def _is_json(media_type: str, text: str) -> bool:
    if "json" in media_type:
        return not media_type.endswith(("ndjson", "jsonl", "json-seq"))
    return not media_type and text.lstrip()[:1] in "{["


def _parsed(text: str) -> tuple[Any, bool]:
    # Any: a JSON value.
    try:
        return json.loads(text), True
    except (ValueError, RecursionError):
        return None, False


def _headers(response: httpx.Response, secrets: Sequence[str]) -> dict[str, str]:
    shown = [(name, value) for name, value in response.headers.items() if name not in _HIDDEN_HEADERS]
    return {
        name: without_secrets(value, secrets)[:_MAX_HEADER_CHARACTERS] for name, value in shown[:_MAX_HEADERS]
    }
