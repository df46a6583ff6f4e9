"""Estimating the tokens of a prompt that holds more than text: pictures count as pictures, not as base64."""

import base64
import binascii
import struct
from collections.abc import Iterable, Mapping
from typing import Any

from toolshed.metering.usage import estimated_tokens

# A picture whose size is not known; what OpenAI counts for 1024 x 1024 in detail, and near Anthropic's too.
_PICTURE_TOKENS = 1_000
# Providers scale what is larger down: Anthropic to about this many tokens, at (width x height) / 750.
_MAX_PICTURE_TOKENS = 1_600
_MIN_PICTURE_TOKENS = 85
_PIXELS_PER_TOKEN = 750
# 32 tokens a second (Gemini, the dearest counting) of speech at 16 kB a second.
_AUDIO_BYTES_PER_TOKEN = 500
# A page of a PDF is some 50 kB and, as text and picture, some 2,000 tokens.
_FILE_BYTES_PER_TOKEN = 25
_MAX_FILE_TOKENS = 200_000
# What is known only by its address or id.
_REFERRED_FILE_TOKENS = 2_000


# Any: content blocks of any provider's messages.
def content_tokens(content: Any) -> int:
    """Tokens of a message's content at four characters each; pictures, audio and files by their size."""
    if content is None:
        return 0
    if isinstance(content, str):
        return estimated_tokens(content)
    if isinstance(content, Mapping):
        return _block_tokens(content)
    if isinstance(content, Iterable) and not isinstance(content, bytes):
        return sum(content_tokens(block) for block in content)
    return estimated_tokens(str(content))


def content_text(content: Any) -> str:
    """The text of a message's content, with nothing of its pictures, audio and files."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, Mapping):
        return "" if _medium(content) else str(content.get("text") or "")
    if isinstance(content, Iterable) and not isinstance(content, bytes):
        return "\n".join(text for block in content if (text := content_text(block)))
    return str(content)


def _block_tokens(block: Mapping[str, Any]) -> int:
    medium = _medium(block)
    if medium is None:
        if "text" in block:
            return content_tokens(block["text"])
        # A tool's result holds blocks of its own; any other block is read as it stands.
        inside = block.get("content")
        return content_tokens(inside) if inside is not None else estimated_tokens(str(dict(block)))
    data = _data(block)
    if medium == "image":
        return _picture_tokens(data)
    if data is None:
        return _REFERRED_FILE_TOKENS
    n_bytes = len(data) * 3 // 4
    if medium in ("audio", "video"):
        return n_bytes // _AUDIO_BYTES_PER_TOKEN + 1
    return min(n_bytes // _FILE_BYTES_PER_TOKEN + 1, _MAX_FILE_TOKENS)


def _medium(block: Mapping[str, Any]) -> str | None:
    """What a block shows that is no text: image, audio, video or file."""
    kind = str(block.get("type") or "")
    for medium in ("image", "audio", "video"):
        if medium in kind and kind != "image_generation_call":
            return medium
    if kind in ("file", "input_file", "document", "media") or "inline_data" in block or "inlineData" in block:
        mime = str(_inside(block, ("mime_type", "mimeType", "media_type")) or "")
        return next((medium for medium in ("image", "audio", "video") if mime.startswith(medium)), "file")
    return None


def _inside(block: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The first of these names in a block, or in what it nests."""
    for name in names:
        if block.get(name) is not None:
            return block[name]
    for value in block.values():
        if isinstance(value, Mapping) and (found := _inside(value, names)) is not None:
            return found
    return None


def _data(block: Mapping[str, Any]) -> str | None:
    """Base64 of a block; None where it is only referred to."""
    found = _inside(block, ("base64", "data", "file_data", "url", "image_url", "bytes"))
    if isinstance(found, Mapping):
        found = _inside(found, ("url", "data", "bytes"))
    if isinstance(found, bytes):
        return base64.b64encode(found).decode()
    if not isinstance(found, str) or found.startswith(("http://", "https://", "gs://", "s3://", "file:")):
        return None
    return found.partition(",")[2] if found.startswith("data:") else found


def _picture_tokens(data: str | None) -> int:
    size = None if data is None else _png_size(data)
    if size is None:
        return _PICTURE_TOKENS
    tokens = size[0] * size[1] // _PIXELS_PER_TOKEN
    return max(_MIN_PICTURE_TOKENS, min(_MAX_PICTURE_TOKENS, tokens))


def _png_size(data: str) -> tuple[int, int] | None:
    """Width and height of a PNG; other formats hide theirs deeper."""
    try:
        head = base64.b64decode(data[:32], validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(head) < 24 or not head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    width, height = struct.unpack(">II", head[16:24])
    return width, height
