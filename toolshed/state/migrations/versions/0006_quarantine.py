"""Definitions of tools that are held back, and what is to happen to dangerous changes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "quarantined_tool",
        sa.Column("tenant", sa.String(200), primary_key=True),
        sa.Column("tool_hash", sa.String(64), primary_key=True),
        sa.Column("tool_id", sa.Text, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("definition", sa.JSON, nullable=False),
        sa.Column("change", sa.JSON, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("decided_by", sa.String(200)),
        sa.Column("decided_at", sa.BigInteger),
    )
    op.create_index("ix_quarantined_tool_status", "quarantined_tool", ["tenant", "status"])
    op.create_table(
        "change_policy",
        sa.Column("tenant", sa.String(200), primary_key=True),
        sa.Column("on_change", sa.String(20), nullable=False),
    )
    op.create_table(
        "upstream_credential",
        sa.Column("credential_id", sa.String(64), primary_key=True),
        sa.Column("level", sa.String(10), nullable=False),
        sa.Column("tenant", sa.String(200), nullable=False),
        sa.Column("owner", sa.String(500), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("scheme", sa.String(200), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("nonce", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
    )
    op.create_index("ix_upstream_credential_source", "upstream_credential", ["tenant", "source"])
