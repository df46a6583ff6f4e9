"""What may be said of a budget, of a task and of its outcome."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypedDict

from toolshed.economics.ledger.records import OutcomeSource
from toolshed.errors import InvalidRecordError


@dataclass(frozen=True, slots=True)
class Budget:
    """What a tenant may spend.

    Attributes:
        limit_usd: Hard cap of a window; calls beyond it are refused.
        window: Length of a window; windows begin at multiples of it since 1970.
        pace_usd: Dollars that a request may cost on average; cheaper arms are preferred while it costs more.
        holder: One of the tenant's callers, where the budget is his alone; empty where it is the tenant's.
    """

    limit_usd: Decimal | None = None
    window: timedelta = timedelta(days=1)
    pace_usd: Decimal | None = None
    holder: str = ""

    def __post_init__(self) -> None:
        if self.window <= timedelta(0):
            raise InvalidRecordError(f"the window of a budget is {self.window}; it must last some time")
        for amount_usd in (self.limit_usd, self.pace_usd):
            if amount_usd is not None and not amount_usd > 0:
                raise InvalidRecordError(f"a budget of ${amount_usd} allows nothing; give an amount above 0")

    def window_start(self, at: datetime) -> datetime:
        """When the window of a time began."""
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return epoch + (at - epoch) // self.window * self.window


class TaskDetails(TypedDict, total=False):
    """What may be said of a task; :class:`.Task` says what each is and has the defaults."""

    task_id: str
    pipeline: str
    team: str | None
    problem: str | None
    failure_usd: Decimal | None
    floor: float | None
    created_at: datetime


class OutcomeDetails(TypedDict, total=False):
    """What may be said of an outcome; :class:`.Outcome` says what each is and has the defaults.

    Give an ``outcome_id`` of your own where the same report may be sent twice.
    """

    decision_id: str | None
    outcome_id: str
    grade: float | None
    source: OutcomeSource
    reported_at: datetime
