"""Bodies of the endpoints of the quarantine."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from toolshed.options import OnChange
from toolshed.safety.changes import Grade
from toolshed.safety.quarantine import HeldTool


class FindingResponse(BaseModel):
    """What the scanner found."""

    severity: Literal["error", "warning"]
    rule: str
    tool_id: str
    place: str
    excerpt: str
    text_hash: str
    advice: str


class DifferenceResponse(BaseModel):
    """A value that changed; null where there is none."""

    place: str
    before: str | None
    after: str | None


class HeldToolResponse(BaseModel):
    """A definition that waits for a decision, and how it differs from the one that serves."""

    tool_id: str
    content_hash: str
    seen_at: datetime
    grade: Grade
    grades: list[Grade]
    differences: list[DifferenceResponse]
    findings: list[FindingResponse]

    @classmethod
    def of(cls, held: HeldTool) -> "HeldToolResponse":
        """One that waits."""
        # Any: JSON that was written by ourselves.
        said: dict[str, Any] = held.to_json()
        return cls.model_validate({name: said[name] for name in cls.model_fields})


class QuarantineResponse(BaseModel):
    """What waits, the oldest first, and what happens to dangerous changes."""

    on_change: OnChange
    held: list[HeldToolResponse]


class DecisionRequest(BaseModel):
    """A decision on the very definition that was looked at."""

    model_config = ConfigDict(extra="forbid", strict=True)

    tool_id: str = Field(min_length=1, max_length=2_000)
    content_hash: str = Field(min_length=64, max_length=64, description="As the list gave it.")
    decision: Literal["approve", "reject"]


class PolicyRequest(BaseModel):
    """What shall happen to dangerous changes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    on_change: OnChange


class PolicyResponse(BaseModel):
    """What happens to dangerous changes."""

    on_change: OnChange
