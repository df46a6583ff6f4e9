"""The tables of the audit log and of what is counted of it, as ``toolshed/state/migrations`` makes it."""

from sqlalchemy import BigInteger, Column, Date, Index, Integer, MetaData, String, Table, Text

from toolshed.state.columns import Moment

metadata = MetaData()
_NAME = String(200)

audit_event = Table(
    "audit_event",
    metadata,
    Column("event_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("tenant", String(63), nullable=False),
    Column("caller", _NAME, nullable=False),
    Column("viewed_as", String(500)),
    Column("action", String(60), nullable=False),
    Column("target", Text, nullable=False),
    Column("digest", String(64)),
    Column("text", Text),
    Column("outcome", String(60), nullable=False),
    Column("request_id", String(128), nullable=False),
    Index("ix_audit_event_tenant", "tenant", "event_id"),
    Index("ix_audit_event_at", "at"),
)

search_use = Table(
    "search_use",
    metadata,
    Column("tenant", String(63), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("n_searches", BigInteger, nullable=False),
    Column("n_empty", BigInteger, nullable=False),
)
empty_search = Table(
    "empty_search",
    metadata,
    Column("tenant", String(63), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("text", Text),
    Column("n_searches", BigInteger, nullable=False),
)
tool_use = Table(
    "tool_use",
    metadata,
    Column("tenant", String(63), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("tool_hash", String(64), primary_key=True),
    Column("tool_id", Text, nullable=False),
    Column("n_found", BigInteger, nullable=False),
    Column("n_called", BigInteger, nullable=False),
)
