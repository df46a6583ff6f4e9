"""Server-sent events: read from bytes as they arrive, and written."""

import json
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Any

# One event holds at most a whole reply: the last one of the responses API does.
MAX_EVENT_BYTES = 16 * 2**20
# How chat completions say that nothing follows.
DONE = "[DONE]"


class InvalidStreamError(ValueError):
    """A stream that is none, or whose events are too large."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event.

    Attributes:
        name: Its name; empty where it has none.
        data: Its data.
    """

    name: str
    data: str

    # Any: events are JSON of the dialect.
    def json(self) -> dict[str, Any] | None:
        """The data as a JSON object; None where it is none, as the last event of chat completions."""
        try:
            value = json.loads(self.data)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None

    def encoded(self) -> bytes:
        """The event as it is sent."""
        head = f"event: {self.name}\n" if self.name else ""
        body = "".join(f"data: {line}\n" for line in self.data.split("\n"))
        return f"{head}{body}\n".encode("utf-8", "replace")


def json_event(value: dict[str, Any], *, is_named: bool) -> Event:
    """An event of a JSON object; under the name of its type, where the dialect names events."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Event(str(value.get("type", "")) if is_named else "", data)


def comment(text: str) -> bytes:
    """A comment, which clients pass over."""
    return f": {' '.join(text.split())}\n\n".encode()


async def events(parts: AsyncIterable[bytes]) -> AsyncIterator[Event]:
    """The events of a stream; one that is not ended by an empty line was cut off, and is none.

    Raises:
        InvalidStreamError: If an event is larger than :data:`MAX_EVENT_BYTES`.
    """
    rest, held = bytearray(), b""
    async for part in parts:
        text = held + part
        held = b"\r" if text.endswith(b"\r") else b""
        # Looked through once, however small the parts of a large event are.
        looked = max(0, len(rest) - 1)
        rest += text[: len(text) - len(held)].replace(b"\r\n", b"\n")
        start = 0
        while (end := rest.find(b"\n\n", max(start, looked))) >= 0:
            event = _event(rest[start:end].decode("utf-8", "replace"))
            start = end + 2
            if event is not None:
                yield event
        del rest[:start]
        if len(rest) > MAX_EVENT_BYTES:
            raise InvalidStreamError(f"an event is larger than {MAX_EVENT_BYTES:,} bytes")
    last = _event(rest.decode("utf-8", "replace"))
    if last is not None and last.data == DONE:
        yield last


def _event(block: str) -> Event | None:
    name, data = "", []
    for line in block.split("\n"):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "event":
                name = value
            case "data":
                data.append(value)
    return Event(name, "\n".join(data)) if data else None
