"""Bodies of the endpoint of costs."""

from typing import Any, Literal

from pydantic import BaseModel, Field

Grouping = Literal["model", "class", "pipeline", "tenant", "team", "day"]


class CostReportResponse(BaseModel):
    """What was spent and what it bought; infinite and missing numbers are null."""

    by: Grouping
    rows: list[dict[str, Any]] = Field(description="Cost-of-pass of each group, the cheapest pass first.")
    total: dict[str, Any] | None
    frontier: dict[str, Any] | None = Field(description="Of the models; null when nothing is judged.")
    conditional_pass_rates: list[dict[str, Any]] = Field(description="Pass rates after a failure.")
    spend_by_component_usd: dict[str, float]
    drift_alarms: list[dict[str, Any]] = Field(description="Arms that began to pass less than predicted.")
