"""Bodies of the endpoints of health."""

from typing import Literal

from pydantic import BaseModel


class HealthResponse(BaseModel):
    """Whether the service is alive, or ready."""

    status: Literal["ok"]
    n_tools: int | None = None
