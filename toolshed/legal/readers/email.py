"""E-mail as it is saved (RFC 5322): who wrote to whom, when, on what, and the body."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from toolshed.errors import SourceError
from toolshed.legal.readers import html
from toolshed.legal.readers.files import Content
from toolshed.legal.readers.plain import decoded

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
# Messages within messages are followed this far.
_MOST_LEVELS = 10


def read(data: bytes, path: Path) -> Content:
    """Read a message: its headers as lines, its body, and messages that it forwards.

    Raises:
        SourceError: If it is no message.
    """
    message = message_from_bytes(data, policy=policy.default)
    if not isinstance(message, EmailMessage) or not any(message[name] for name in _HEADERS):
        raise SourceError(f"{str(path)!r} is no e-mail; a message begins with lines such as 'From:'")
    remarks: list[str] = []
    text = "\n\n".join(piece for piece in _pieces(message, path, remarks, 0) if piece)
    return Content(text, str(message["Subject"] or "").strip(), remarks=tuple(remarks))


def _pieces(message: EmailMessage, path: Path, remarks: list[str], level: int) -> Iterator[str]:
    yield "\n".join(f"{name}: {_one_line(message[name])}" for name in _HEADERS if message[name])
    body = message.get_body(("plain", "html"))
    if isinstance(body, EmailMessage):
        yield _text_of(body, path)
    for part in message.iter_attachments():
        if not isinstance(part, EmailMessage):
            continue
        if part.get_content_type() == "message/rfc822" and level < _MOST_LEVELS:
            inner = part.get_content()
            yield from _pieces(inner, path, remarks, level + 1)
        else:
            name = part.get_filename() or part.get_content_type()
            remarks.append(f"the attachment {name!r} is not read; save it and index it")


def _one_line(header: object) -> str:
    return " ".join(str(header).split())


def _text_of(body: EmailMessage, path: Path) -> str:
    content = body.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    if body.get_content_type() == "text/html":
        return html.read(data, path, encoding=body.get_content_charset()).text if data.strip() else ""
    try:
        text = data.decode(body.get_content_charset("utf-8"))
    except (LookupError, UnicodeDecodeError):
        text = decoded(data, path)
    return text.replace("\r\n", "\n").strip()
