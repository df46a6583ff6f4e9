"""Records are checked when they are made."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest

from toolshed.economics.ledger.records import Call, Decision, Outcome, Task
from toolshed.errors import InvalidRecordError
from toolshed.metering.usage import Usage


@pytest.mark.parametrize(
    ("make", "told"),
    [
        pytest.param(lambda: Decision("t", "a", "a", propensity=0), "above 0", id="propensity"),
        pytest.param(lambda: Decision("t", "a", "a", predicted=2), "between 0 and 1", id="predicted"),
        pytest.param(lambda: Decision("t", "", "a"), "1 to 200", id="empty-id"),
        pytest.param(lambda: Task(task_id="x" * 300), "1 to 200", id="long-id"),
        pytest.param(lambda: Task(created_at=datetime(2026, 1, 1)), "time zone", id="naive"),
        pytest.param(lambda: Outcome("t", 1), "True or False", id="not-boolean"),  # type: ignore[arg-type]  # tested
        pytest.param(lambda: Outcome("t", True, grade=3), "between 0 and 1", id="grade"),
        pytest.param(lambda: Call("t", "agent", "m", Usage(), Decimal(-1)), "0 or more", id="negative-cost"),
        pytest.param(
            lambda: Call("t", "brain", "m", Usage(), Decimal(0)),  # type: ignore[arg-type]  # tested
            "choose of agent",
            id="component",
        ),
    ],
)
def test_impossible_records_are_refused_when_they_are_made(make: Callable[[], object], told: str) -> None:
    with pytest.raises(InvalidRecordError, match=told):
        make()
