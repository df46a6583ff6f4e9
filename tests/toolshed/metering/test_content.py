"""Content: pictures are counted as pictures."""

import base64
import struct
from typing import Any

import pytest

from toolshed.metering.content import content_text, content_tokens

NOISE = base64.b64encode(bytes(range(256)) * 4000).decode()


def png(width: int, height: int) -> str:
    head = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + struct.pack(">II", width, height)
    return "data:image/png;base64," + base64.b64encode(head + bytes(500_000)).decode()


@pytest.mark.parametrize(
    ("block", "least", "most"),
    [
        pytest.param({"type": "image_url", "image_url": {"url": png(640, 480)}}, 400, 420, id="openai"),
        pytest.param({"type": "input_image", "image_url": png(64, 64)}, 85, 85, id="responses"),
        pytest.param(
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": NOISE}},
            1000,
            1000,
            id="anthropic",
        ),
        pytest.param(
            {"type": "image", "base64": png(9000, 9000), "mime_type": "image/png"}, 1600, 1600, id="v1"
        ),
        pytest.param(
            {"type": "image_url", "image_url": "https://pictures.example/a.png"}, 1000, 1000, id="url"
        ),
        pytest.param({"inlineData": {"mimeType": "image/webp", "data": NOISE}}, 1000, 1000, id="google"),
        pytest.param(
            {"type": "input_audio", "input_audio": {"data": NOISE, "format": "mp3"}}, 2000, 2100, id="audio"
        ),
        pytest.param({"type": "file", "file": {"file_id": "file-7"}}, 2000, 2000, id="file-by-id"),
        pytest.param(
            {"type": "file", "base64": NOISE, "mime_type": "application/pdf"}, 20_000, 50_000, id="document"
        ),
        pytest.param(
            {"type": "tool_result", "content": [{"type": "text", "text": "x" * 40}]}, 10, 10, id="tool"
        ),
        pytest.param(
            {"type": "image", "source": {"data": "not base64 at all !"}}, 1000, 1000, id="malformed"
        ),
    ],
)
def test_a_picture_is_some_hundred_tokens_whatever_its_bytes(
    block: dict[str, Any], least: int, most: int
) -> None:
    assert least <= content_tokens([{"type": "text", "text": ""}, block]) <= most
    assert len(content_text([block])) < 100


def test_text_is_four_characters_a_token() -> None:
    assert content_tokens("x" * 400) == 100
    assert content_tokens([{"type": "text", "text": "x" * 400}, "y" * 8]) == 102
    assert content_tokens(None) == 0
    assert content_text([{"type": "text", "text": "a"}, "b"]) == "a\nb"
