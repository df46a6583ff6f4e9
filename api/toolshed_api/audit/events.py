"""What the audit log says of one thing that was done."""

from dataclasses import dataclass, field
from datetime import UTC, datetime


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
    at: datetime = field(default_factory=_now)
