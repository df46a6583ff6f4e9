"""Tables of who may do what, as ``toolshed/state/migrations`` makes them."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from toolshed.state.columns import Moment

metadata = MetaData()
_TENANT = String(63)
_NAME = String(200)

tenant = Table(
    "tenant",
    metadata,
    Column("name", _TENANT, primary_key=True),
    Column("is_restricted", Boolean, nullable=False),
    Column("is_suspended", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
)
# One row. Whoever changes who may do what raises the version first, which also makes writers take turns.
access = Table(
    "access",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("pepper_check", String(64)),
)
api_key = Table(
    "api_key",
    metadata,
    Column("key_id", String(32), primary_key=True),
    Column("tenant", _TENANT, ForeignKey("tenant.name"), nullable=False),
    Column("name", _NAME, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("groups", JSON, nullable=False),
    Column("requests_per_minute", Integer),
    Column("created_by", _NAME, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
    Column("last_used_at", Moment),
    Column("replaced_by", String(32)),
    Index("ix_api_key_tenant", "tenant"),
)
access_grant = Table(
    "access_grant",
    metadata,
    Column("grant_id", String(32), primary_key=True),
    Column("tenant", _TENANT, ForeignKey("tenant.name"), nullable=False),
    Column("subject", String(500), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("object", String(1000), nullable=False),
    Column("created_by", _NAME, nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("tenant", "subject", "kind", "object", name="uq_access_grant"),
)
# When the next request would arrive if all came evenly: the one number of GCRA.
request_rate = Table(
    "request_rate",
    metadata,
    Column("caller", String(300), primary_key=True),
    Column("arrival", BigInteger, nullable=False),
)
