"""The team that pays for a task."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add a column to tasks; those of before have no team."""
    op.add_column("task", sa.Column("team", sa.String(200), nullable=True))
