"""Bodies of the endpoints of the audit log."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field


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


class EmptySearchBody(BaseModel):
    """A request that found nothing."""

    model_config = ConfigDict(from_attributes=True)

    digest: str = Field(description="Of the request, as in the audit log.")
    text: str | None = Field(description="The request, where the service keeps texts.")
    n_searches: int = Field(description="How often it was asked.")


class ToolUseBody(BaseModel):
    """How often a tool was among those found, and how often it was called."""

    model_config = ConfigDict(from_attributes=True)

    tool_id: str
    n_found: int
    n_called: int


class UseResponse(BaseModel):
    """What searches found and what came of it, since a day."""

    since: date = Field(description="The first day that is counted.")
    n_searches: int
    n_empty: int = Field(description="Searches that found nothing.")
    empty_searches: list[EmptySearchBody] = Field(description="The most frequent of them.")
    n_never_found: int = Field(description="Tools that no search found.")
    never_found: list[str] = Field(description="Their ids, the first of them.")
    n_never_called: int = Field(description="Tools that were found, and never called.")
    never_called: list[ToolUseBody] = Field(description="They, the most often found first.")
