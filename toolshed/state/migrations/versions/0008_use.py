"""How tools and searches did, counted by day."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_TENANT = sa.String(63)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "search_use",
        sa.Column("tenant", _TENANT, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("n_searches", sa.BigInteger, nullable=False),
        sa.Column("n_empty", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "empty_search",
        sa.Column("tenant", _TENANT, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("text", sa.Text),
        sa.Column("n_searches", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "tool_use",
        sa.Column("tenant", _TENANT, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("tool_hash", sa.String(64), primary_key=True),
        sa.Column("tool_id", sa.Text, nullable=False),
        sa.Column("n_found", sa.BigInteger, nullable=False),
        sa.Column("n_called", sa.BigInteger, nullable=False),
    )
