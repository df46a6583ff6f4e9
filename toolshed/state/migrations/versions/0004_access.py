"""Who may do what: tenants, keys, grants, rates, and what was done."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NAME = sa.String(200)


def upgrade() -> None:
    """Create the tables, with the default tenant."""
    _create_tenants_and_keys()
    _create_grants()
    _create_rates()
    _create_audit()


def _create_tenants_and_keys() -> None:
    big = sa.BigInteger
    tenant = op.create_table(
        "tenant",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("is_restricted", sa.Boolean, nullable=False),
        sa.Column("is_suspended", sa.Boolean, nullable=False),
        sa.Column("created_at", big, nullable=False),
    )
    op.bulk_insert(
        tenant, [{"name": "default", "is_restricted": False, "is_suspended": False, "created_at": 0}]
    )
    access = op.create_table(
        "access",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", big, nullable=False),
        sa.Column("pepper_check", sa.String(64)),
    )
    op.bulk_insert(access, [{"id": 1, "version": 1, "pepper_check": None}])
    op.create_table(
        "api_key",
        sa.Column("key_id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(63), sa.ForeignKey("tenant.name"), nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("groups", sa.JSON, nullable=False),
        sa.Column("requests_per_minute", sa.Integer),
        sa.Column("created_by", _NAME, nullable=False),
        sa.Column("created_at", big, nullable=False),
        sa.Column("expires_at", big),
        sa.Column("revoked_at", big),
        sa.Column("last_used_at", big),
        sa.Column("replaced_by", sa.String(32)),
    )
    op.create_index("ix_api_key_tenant", "api_key", ["tenant"])


def _create_grants() -> None:
    op.create_table(
        "access_grant",
        sa.Column("grant_id", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(63), sa.ForeignKey("tenant.name"), nullable=False),
        sa.Column("subject", sa.String(500), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("object", sa.String(1000), nullable=False),
        sa.Column("created_by", _NAME, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("tenant", "subject", "kind", "object", name="uq_access_grant"),
    )


def _create_rates() -> None:
    op.create_table(
        "request_rate",
        sa.Column("caller", sa.String(300), primary_key=True),
        sa.Column("arrival", sa.BigInteger, nullable=False),
    )


def _create_audit() -> None:
    op.create_table(
        "audit_event",
        # Only whole numbers of this kind count up by themselves in SQLite.
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("tenant", sa.String(63), nullable=False),
        sa.Column("caller", _NAME, nullable=False),
        sa.Column("viewed_as", sa.String(500)),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64)),
        sa.Column("text", sa.Text),
        sa.Column("outcome", sa.String(60), nullable=False),
        sa.Column("request_id", sa.String(128), nullable=False),
    )
    op.create_index("ix_audit_event_tenant", "audit_event", ["tenant", "event_id"])
    op.create_index("ix_audit_event_at", "audit_event", ["at"])
