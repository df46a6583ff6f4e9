"""The first tables of the ledger, and triggers that keep it append-only."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.String(200)
_APPEND_ONLY = ("task", "decision", "call", "outcome", "example", "budget_hold", "budget_settlement")


def _column(name: str, kind: Any) -> sa.Column[Any]:
    # Any: SQLAlchemy takes a type or an instance of one.
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    """Create tables and triggers."""
    _create_tasks_and_decisions()
    _create_calls()
    _create_outcomes_and_examples()
    _create_budgets()
    _forbid_changes()


def _create_tasks_and_decisions() -> None:
    big, text = sa.BigInteger, sa.Text
    op.create_table(
        "task",
        sa.Column("task_id", _ID, primary_key=True),
        *(_column(name, _ID) for name in ("tenant", "task_class")),
        _column("pipeline", text),
        sa.Column("problem", text),
        sa.Column("failure_price", big),
        sa.Column("floor", sa.Float),
        _column("created_at", big),
    )
    op.create_table(
        "decision",
        sa.Column("decision_id", _ID, primary_key=True),
        sa.Column("task_id", _ID, sa.ForeignKey("task.task_id"), nullable=False),
        sa.Column("task_class", _ID),
        _column("attempt", sa.Integer),
        *(_column(name, _ID) for name in ("arm", "model")),
        *(_column(name, sa.Float) for name in ("propensity", "predicted")),
        _column("expected_cost", big),
        *(_column(name, sa.JSON) for name in ("candidates", "failed_before")),
        _column("is_explored", sa.Boolean),
        _column("exploration_cost", big),
        _column("dual_price", sa.Float),
        _column("reason", text),
        _column("features", sa.JSON),
        _column("decided_at", big),
    )
    op.create_index("ix_decision_task_id", "decision", ["task_id"])


def _create_calls() -> None:
    big, text = sa.BigInteger, sa.Text
    tokens = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens")
    op.create_table(
        "call",
        sa.Column("call_id", _ID, primary_key=True),
        sa.Column("task_id", _ID, sa.ForeignKey("task.task_id"), nullable=False),
        sa.Column("decision_id", _ID, sa.ForeignKey("decision.decision_id")),
        _column("component", sa.String(20)),
        _column("model", _ID),
        *(_column(name, big) for name in tokens),
        _column("usage_source", sa.String(20)),
        _column("cost", big),
        _column("price_source", text),
        sa.Column("price_effective_from", big),
        sa.Column("latency_seconds", sa.Float),
        sa.Column("error", text),
        _column("started_at", big),
    )
    op.create_index("ix_call_task_id", "call", ["task_id"])
    op.create_index("ix_call_decision_id", "call", ["decision_id"])


def _create_outcomes_and_examples() -> None:
    op.create_table(
        "outcome",
        sa.Column("outcome_id", _ID, primary_key=True),
        sa.Column("task_id", _ID, sa.ForeignKey("task.task_id"), nullable=False),
        sa.Column("decision_id", _ID, sa.ForeignKey("decision.decision_id")),
        _column("passed", sa.Boolean),
        sa.Column("grade", sa.Float),
        _column("source", sa.String(20)),
        _column("reported_at", sa.BigInteger),
    )
    op.create_index("ix_outcome_task_id", "outcome", ["task_id"])
    op.create_table(
        "example",
        sa.Column("task_id", _ID, sa.ForeignKey("task.task_id"), primary_key=True),
        *(_column(name, sa.Text) for name in ("request", "reply")),
    )


def _create_budgets() -> None:
    big = sa.BigInteger
    op.create_table(
        "budget_account",
        sa.Column("tenant", _ID, primary_key=True),
        sa.Column("window_start", big, primary_key=True, autoincrement=False),
        _column("committed", big),
    )
    op.create_table(
        "budget_hold",
        sa.Column("hold_id", _ID, primary_key=True),
        _column("tenant", _ID),
        *(_column(name, big) for name in ("window_start", "reserved", "reserved_at")),
    )
    op.create_table(
        "budget_settlement",
        sa.Column("hold_id", _ID, sa.ForeignKey("budget_hold.hold_id"), primary_key=True),
        *(_column(name, big) for name in ("spent", "settled_at")),
    )


def _forbid_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in _APPEND_ONLY:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION toolshed_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$"
    )
    for table in _APPEND_ONLY:
        op.execute(
            f'CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON "{table}" '
            "FOR EACH ROW EXECUTE FUNCTION toolshed_append_only()"
        )
