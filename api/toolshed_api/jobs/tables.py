"""Tables of jobs, and of answers to requests that may be sent again, as the migrations make them."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table

from toolshed.state.columns import Moment

metadata = MetaData()
_TENANT = String(63)
_NAME = String(200)

job = Table(
    "job",
    metadata,
    Column("job_id", String(32), primary_key=True),
    Column("tenant", _TENANT, nullable=False),
    Column("caller", _NAME, nullable=False),
    # The sources that the caller may change; null stands for all.
    Column("granted", JSON(none_as_null=True)),
    Column("kind", String(20), nullable=False),
    Column("request", JSON, nullable=False),
    Column("payload", LargeBinary),
    Column("status", String(10), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("result", JSON(none_as_null=True)),
    Column("error", JSON(none_as_null=True)),
    Column("attempts", Integer, nullable=False),
    Column("is_cancelled", Boolean, nullable=False),
    # Raised with each change, so that who follows sees every one of them.
    Column("version", BigInteger, nullable=False),
    # Who runs it, and until when he must have said again that he does.
    Column("worker", String(32)),
    Column("leased_until", Moment),
    Column("created_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Index("ix_job_status", "status", "created_at"),
    Index("ix_job_tenant", "tenant", "created_at"),
)
idempotency = Table(
    "idempotency",
    metadata,
    Column("tenant", _TENANT, primary_key=True),
    Column("caller", _NAME, primary_key=True),
    Column("key", _NAME, primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    # Null while the first request is being answered.
    Column("status", Integer),
    Column("headers", JSON(none_as_null=True)),
    Column("body", LargeBinary),
    Column("created_at", Moment, nullable=False, index=True),
)
