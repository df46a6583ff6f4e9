"""Bodies of the endpoint of outcomes."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from toolshed.economics.ledger.records import Outcome, OutcomeSource
from toolshed_api.description import needs_one_of

_Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class OutcomeRequest(BaseModel):
    """Whether a task, or one attempt at it, passed. Reporting again revises it."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra=needs_one_of("task_id", "decision_id", kind="string"),
    )

    passed: bool
    task_id: _Id | None = Field(None, description="The task; not needed with a decision.")
    decision_id: _Id | None = Field(None, description="The attempt, where the outcome is that of one.")
    outcome_id: _Id | None = Field(
        None, description="Id of the report: the same report under it is one, however often it is sent."
    )
    grade: float | None = Field(None, ge=0, le=1, description="A finer grade, where there is one.")
    source: OutcomeSource = Field("user", description="Who says so.")


class OutcomeResponse(BaseModel):
    """The outcome as it is booked."""

    outcome_id: str
    task_id: str
    decision_id: str | None
    passed: bool
    grade: float | None
    source: OutcomeSource
    reported_at: datetime

    @classmethod
    def of(cls, outcome: Outcome) -> "OutcomeResponse":
        """What was booked."""
        return cls(**{name: getattr(outcome, name) for name in cls.model_fields})


class SearchOutcomeRequest(BaseModel):
    """Whether the tools that were used after a search served it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    query_id: _Id = Field(description="The search, as its answer names it, within a day.")
    tools_used: list[_Id] = Field(min_length=1, max_length=100, description="Ids of tools that were used.")
    passed: bool


class SearchOutcomeResponse(BaseModel):
    """What the report came to; it serves once `toolshed learn` has judged it."""

    n_new: int = Field(description="Examples that were added.")
    n_repeated: int = Field(description="Examples that were there, and are now of today.")
    n_dropped: int = Field(description="Examples that were removed.")
