"""What a usage has beyond the five counts: audio, pictures, searches, tiers, and what did not add up."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add a column to calls; those of before have nothing in it."""
    op.add_column("call", sa.Column("usage_details", sa.JSON, nullable=True))
