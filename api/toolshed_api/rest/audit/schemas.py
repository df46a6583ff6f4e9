"""Bodies of the endpoints of the audit log."""

from datetime import datetime

from pydantic import BaseModel, Field


class AuditEventBody(BaseModel):
    """Something that a caller did, or tried to do."""

    event_id: int
    at: datetime
    tenant: str
    caller: str = Field(description="The id of a key, or the subject of a token.")
    viewed_as: str | None = Field(description="Whose eyes an administrator looked through.")
    action: str
    target: str
    digest: str | None = Field(description="Of the query or the arguments: equal ones have the same.")
    text: str | None = Field(description="The query or the arguments, where the service keeps them.")
    outcome: str = Field(description="'ok', or the code of the error that it ended with.")
    request_id: str


class AuditResponse(BaseModel):
    """A page of the audit log, newest first."""

    events: list[AuditEventBody]
    next_before: int | None = Field(description="Pass it as 'before' for the next page; null on the last.")
