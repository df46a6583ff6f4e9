"""Tables of what is held back, and of credentials, as ``toolshed/state/migrations`` makes them."""

from sqlalchemy import JSON, Column, Index, LargeBinary, MetaData, String, Table, Text

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
upstream_credential = Table(
    "upstream_credential",
    metadata,
    Column("credential_id", String(64), primary_key=True),
    Column("level", String(10), nullable=False),
    Column("tenant", _TENANT, nullable=False),
    Column("owner", String(500), nullable=False),
    Column("source", _TENANT, nullable=False),
    Column("scheme", _TENANT, nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_by", _TENANT, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Index("ix_upstream_credential_source", "tenant", "source"),
)
