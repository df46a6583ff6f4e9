"""Whether migrations make the tables that the code names."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData


def differences(engine: Engine, metadata: MetaData) -> list[object]:
    """What the tables of a database have otherwise than they are named; tables of others are left alone."""
    own = set(metadata.tables)

    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name in own

    with engine.connect() as connection:
        options = {"compare_type": False, "include_name": is_ours}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))
