"""Jobs, and answers to requests that may be sent again."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_NAME = sa.String(200)


def upgrade() -> None:
    """Create the tables."""
    _create_jobs()
    _create_answers()


def _create_jobs() -> None:
    big = sa.BigInteger
    op.create_table(
        "job",
        sa.Column("job_id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("caller", _NAME, nullable=False),
        sa.Column("granted", sa.JSON),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("payload", sa.LargeBinary),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("result", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("is_cancelled", sa.Boolean, nullable=False),
        sa.Column("version", big, nullable=False),
        sa.Column("worker", sa.String(32)),
        sa.Column("leased_until", big),
        sa.Column("created_at", big, nullable=False),
        sa.Column("finished_at", big),
    )
    op.create_index("ix_job_status", "job", ["status", "created_at"])
    op.create_index("ix_job_tenant", "job", ["tenant", "created_at"])


def _create_answers() -> None:
    op.create_table(
        "idempotency",
        sa.Column("tenant", sa.String(63), primary_key=True),
        sa.Column("caller", _NAME, primary_key=True),
        sa.Column("key", _NAME, primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("headers", sa.JSON),
        sa.Column("body", sa.LargeBinary),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])
