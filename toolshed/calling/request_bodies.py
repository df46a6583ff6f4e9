"""Bodies of requests: JSON, forms, multipart and raw."""

import base64
import binascii
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from toolshed.calling.parameter_styles import in_query, written
from toolshed.errors import InvalidArgumentsError
from toolshed.types import JsonObject

_DATA_URI = re.compile(r"data:(?P<type>[^;,]*)(?P<parameters>(?:;[^;,]*)*?)(?P<base64>;base64)?,", re.ASCII)
_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Body:
    """What a request carries.

    Attributes:
        content: The bytes.
        media_type: What they are, for ``Content-Type``.
    """

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a body.

    Attributes:
        value: Its JSON value.
        how: What the binding says of how it is written.
        schema: What the tool says of it.
    """

    value: Any
    how: JsonObject
    schema: JsonObject


def whole_body(value: Any, media_type: str) -> Body:
    """A body that is one value.

    Raises:
        InvalidArgumentsError: If it cannot be written in that media type.
    """
    # Any: a JSON value, here and below.
    bare = _bare(media_type)
    if _is_json(bare):
        return Body(_json(value), media_type)
    if bare in (_FORM, _MULTIPART) and isinstance(value, dict):
        return body_of_fields({name: Field(part, {}, {}) for name, part in value.items()}, media_type)
    if isinstance(value, str):
        content, _ = _bytes(value)
        return Body(content, media_type)
    if bare.startswith("text/") and not isinstance(value, dict | list):
        return Body(written(value).encode(), media_type)
    raise InvalidArgumentsError(
        f"the body is of type {type(value).__name__}, and {media_type[:80]!r} is written as text, "
        "or as a data: URI for bytes; nothing was sent"
    )


def body_of_fields(fields: Mapping[str, Field], media_type: str) -> Body:
    """A body that is an object of fields.

    Raises:
        InvalidArgumentsError: If it cannot be written in that media type.
    """
    bare = _bare(media_type)
    if bare == _FORM:
        pairs = [pair for name, field in fields.items() for pair in _form_pairs(name, field)]
        return Body("&".join("=".join(pair) for pair in pairs).encode(), media_type)
    if bare.startswith("multipart/"):
        return _multipart(fields, bare)
    return whole_body({name: field.value for name, field in fields.items()}, media_type)


def _bare(media_type: str) -> str:
    return media_type.split(";")[0].strip().lower()


def _is_json(bare: str) -> bool:
    return bare == "application/json" or bare.endswith(("+json", "/json"))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _form_pairs(name: str, field: Field) -> list[tuple[str, str]]:
    is_styled = bool({"style", "explode", "allowReserved"} & set(field.how))
    # Where nothing is said an object is written as JSON: its own fields would be taken for ours.
    if field.how.get("content") or (isinstance(field.value, dict) and not is_styled):
        return in_query(name, written(field.value), {})
    pairs = in_query(name, field.value, field.how)
    return [(key.replace("%20", "+"), value.replace("%20", "+")) for key, value in pairs]


def _multipart(fields: Mapping[str, Field], media_type: str) -> Body:
    boundary = secrets.token_hex(16)
    parts: list[bytes] = []
    for name, field in fields.items():
        # A list of plain values or files is one part each, any other value one part.
        is_plain_list = isinstance(field.value, list) and not any(
            isinstance(v, dict | list) for v in field.value
        )
        for value in field.value if is_plain_list else [field.value]:
            if value is not None:
                parts += [f"--{boundary}\r\n".encode(), _part(name, value, field), b"\r\n"]
    return Body(b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"{media_type}; boundary={boundary}")


def _part(name: str, value: Any, field: Field) -> bytes:
    said = str(field.how.get("content") or "").split(",")[0].strip()
    if isinstance(value, str):
        content, found = _bytes(value)
    else:
        content, found = written(value).encode(), "application/json" if isinstance(value, dict | list) else ""
    is_file = bool(found and isinstance(value, str)) or _is_binary(field.schema)
    media_type = found or said or ("application/octet-stream" if is_file else "")
    quoted = _quoted(name)
    head = f'Content-Disposition: form-data; name="{quoted}"' + (f'; filename="{quoted}"' if is_file else "")
    if media_type and "*" not in media_type:
        head += f"\r\nContent-Type: {_header_text(media_type)}"
    return f"{head}\r\n\r\n".encode() + content


def _is_binary(schema: JsonObject) -> bool:
    items = schema.get("items")
    inner = items if isinstance(items, dict) else schema
    return inner.get("format") == "binary" or (
        "contentMediaType" in inner
        and "contentEncoding" not in inner
        and inner.get("type") in (None, "string")
    )


def _quoted(name: str) -> str:
    # As browsers write names (WHATWG, multipart/form-data encoding algorithm).
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _header_text(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def _bytes(text: str) -> tuple[bytes, str]:
    """The bytes that a text stands for, and their media type: those of a ``data:`` URI, or of the text."""
    found = _DATA_URI.match(text)
    if not found:
        return text.encode(), ""
    given = text[found.end() :]
    media_type = found["type"] or "text/plain"
    if not found["base64"]:
        return unquote_to_bytes(given), media_type
    try:
        return base64.b64decode(given, validate=True), media_type
    except (binascii.Error, ValueError) as error:
        raise InvalidArgumentsError(f"a data: URI is no base64: {error}; nothing was sent") from error
