"""Tables of what is held back, as ``toolshed/state/migrations`` makes them."""

from sqlalchemy import JSON, Column, Index, MetaData, String, Table, Text

from toolshed.state.columns import Moment

metadata = MetaData()
_TENANT = String(200)

quarantined_tool = Table(
    "quarantined_tool",
    metadata,
    Column("tenant", _TENANT, primary_key=True),
    Column("tool_hash", String(64), primary_key=True),
    Column("tool_id", Text, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("definition", JSON, nullable=False),
    Column("change", JSON, nullable=False),
    Column("status", String(10), nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("decided_by", String(200)),
    Column("decided_at", Moment),
    Index("ix_quarantined_tool_status", "tenant", "status"),
)
change_policy = Table(
    "change_policy",
    metadata,
    Column("tenant", _TENANT, primary_key=True),
    Column("on_change", String(20), nullable=False),
)
