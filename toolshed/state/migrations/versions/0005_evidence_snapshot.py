"""Snapshots of evidence, and indexes of the times by which facts are told apart."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table and the indexes."""
    op.create_table(
        "evidence_snapshot",
        sa.Column("tenant", sa.String(200), primary_key=True),
        sa.Column("until", sa.BigInteger, primary_key=True),
        sa.Column("n_facts", sa.JSON, nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False),
        sa.Column("explored", sa.BigInteger, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
    )
    op.create_index("ix_decision_decided_at", "decision", ["decided_at"])
    op.create_index("ix_call_started_at", "call", ["started_at"])
    op.create_index("ix_outcome_reported_at", "outcome", ["reported_at"])
