"""What the audit log says of one thing that was done."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

_MOST_CHARACTERS: Mapping[str, int] = {
    "text": 20_000,
    "target": 2_000,
    "viewed_as": 500,
    "caller": 200,
    "request_id": 128,
    "digest": 64,
}
_MOST_OF_OTHERS = 60


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Something that a caller did, or tried to do.

    Attributes:
        tenant: Whose tools, keys or grants were meant.
        caller: Who did it: the id of a key, or the subject of a token.
        action: What was done, ``search`` or ``keys.create`` for instance.
        target: What it was done to: the id of a tool, a key or a grant; empty where there is none.
        outcome: ``ok``, or the code of the error that it ended with.
        request_id: The request that it was done in.
        viewed_as: Whose eyes an administrator looked through.
        digest: Of the text that was sent, so that equal ones can be told; the text cannot be read from it.
        text: What was sent, where the operator keeps it.
        found: Ids of the tools that a search found; None for whatever is no search for tools.
        at: When it ended.
    """

    tenant: str
    caller: str
    action: str
    target: str
    outcome: str
    request_id: str
    viewed_as: str | None = None
    digest: str | None = None
    text: str | None = None
    found: tuple[str, ...] | None = None
    at: datetime = field(default_factory=_now)

    def storable(self) -> "AuditEvent":
        """The same in texts that every database takes: one event that it refuses would hold up all others."""
        # Any: the values of fields.
        told: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        for name, value in told.items():
            if isinstance(value, str):
                cut = value[: _MOST_CHARACTERS.get(name, _MOST_OF_OTHERS)]
                told[name] = cut.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
        return AuditEvent(**told)
