"""Tables of the ledger. Money is whole billionths of a dollar, time whole microseconds: exact everywhere.

A ``key`` is what a column is called in the code, where names of dollars end in ``_usd``; rows that are read,
exports and the database itself keep the names of the first schema.
"""

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    types,
)

from toolshed.state.columns import Moment

_NANOS = Decimal(1_000_000_000)
SMALLEST_AMOUNT = 1 / _NANOS


class Money(types.TypeDecorator[Decimal]):
    """Dollars, stored as billionths."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> int | None:  # noqa: ARG002  # its signature
        """Dollars to billionths."""
        return None if value is None else int((value * _NANOS).to_integral_value())

    def process_result_value(self, value: Any, dialect: Any) -> Decimal | None:  # noqa: ARG002  # its signature
        """Billionths to dollars."""
        return None if value is None else (Decimal(int(value)) / _NANOS).quantize(SMALLEST_AMOUNT)


metadata = MetaData()
_ID = String(200)

task = Table(
    "task",
    metadata,
    Column("task_id", _ID, primary_key=True),
    Column("tenant", _ID, nullable=False),
    Column("task_class", _ID, nullable=False),
    Column("pipeline", Text, nullable=False),
    Column("problem", Text),
    Column("failure_price", Money, key="failure_usd"),
    Column("floor", Float),
    Column("created_at", Moment, nullable=False),
    Column("team", _ID),
)
decision = Table(
    "decision",
    metadata,
    Column("decision_id", _ID, primary_key=True),
    Column("task_id", _ID, ForeignKey("task.task_id"), nullable=False),
    Column("task_class", _ID),
    Column("attempt", Integer, nullable=False),
    Column("arm", _ID, nullable=False),
    Column("model", _ID, nullable=False),
    Column("propensity", Float, nullable=False),
    Column("predicted", Float, nullable=False),
    Column("expected_cost", Money, key="expected_usd", nullable=False),
    Column("candidates", JSON, nullable=False),
    Column("failed_before", JSON, nullable=False),
    Column("is_explored", Boolean, nullable=False),
    Column("exploration_cost", Money, key="exploration_usd", nullable=False),
    Column("dual_price", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("features", JSON, nullable=False),
    Column("decided_at", Moment, nullable=False),
    Index("ix_decision_task_id", "task_id"),
    Index("ix_decision_decided_at", "decided_at"),
)
call = Table(
    "call",
    metadata,
    Column("call_id", _ID, primary_key=True),
    Column("task_id", _ID, ForeignKey("task.task_id"), nullable=False),
    Column("decision_id", _ID, ForeignKey("decision.decision_id")),
    Column("component", String(20), nullable=False),
    Column("model", _ID, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("usage_source", String(20), nullable=False),
    Column("usage_details", JSON(none_as_null=True)),
    Column("cost", Money, key="cost_usd", nullable=False),
    Column("price_source", Text, nullable=False),
    Column("price_effective_from", Moment),
    Column("latency_seconds", Float),
    Column("error", Text),
    Column("started_at", Moment, nullable=False),
    Index("ix_call_task_id", "task_id"),
    Index("ix_call_decision_id", "decision_id"),
    Index("ix_call_started_at", "started_at"),
)
outcome = Table(
    "outcome",
    metadata,
    Column("outcome_id", _ID, primary_key=True),
    Column("task_id", _ID, ForeignKey("task.task_id"), nullable=False),
    Column("decision_id", _ID, ForeignKey("decision.decision_id")),
    Column("passed", Boolean, nullable=False),
    Column("grade", Float),
    Column("source", String(20), nullable=False),
    Column("reported_at", Moment, nullable=False),
    Index("ix_outcome_task_id", "task_id"),
    Index("ix_outcome_reported_at", "reported_at"),
)
example = Table(
    "example",
    metadata,
    Column("task_id", _ID, ForeignKey("task.task_id"), primary_key=True),
    Column("request", Text, nullable=False),
    Column("reply", Text, nullable=False),
)
# The one row that changes: what a tenant has spent or reserved in a window. The rest can be added up from it.
budget_account = Table(
    "budget_account",
    metadata,
    Column("tenant", _ID, primary_key=True),
    Column("window_start", Moment, primary_key=True),
    Column("committed", Money, key="committed_usd", nullable=False),
)
budget_hold = Table(
    "budget_hold",
    metadata,
    Column("hold_id", _ID, primary_key=True),
    Column("tenant", _ID, nullable=False),
    Column("window_start", Moment, nullable=False),
    Column("reserved", Money, key="reserved_usd", nullable=False),
    Column("reserved_at", Moment, nullable=False),
)
budget_settlement = Table(
    "budget_settlement",
    metadata,
    Column("hold_id", _ID, ForeignKey("budget_hold.hold_id"), primary_key=True),
    Column("spent", Money, key="spent_usd", nullable=False),
    Column("settled_at", Moment, nullable=False),
)
# What facts up to a time come to, so that they need not be read again. Anything in it can be made anew.
snapshot = Table(
    "evidence_snapshot",
    metadata,
    Column("tenant", _ID, primary_key=True),
    Column("until", Moment, primary_key=True),
    Column("n_facts", JSON, nullable=False),
    Column("spent", Money, key="spent_usd", nullable=False),
    Column("explored", Money, key="explored_usd", nullable=False),
    Column("evidence", JSON, nullable=False),
)
EXPORTED = (task, decision, call, outcome)
