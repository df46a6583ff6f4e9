"""Rows that many may write at once: whoever comes second does not fail."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row unless one with its primary key is there."""
    connection.execute(_insert(connection, table).values(**values).on_conflict_do_nothing())


def upsert(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row, in the place of the one with its primary key."""
    keys = [column.name for column in table.primary_key]
    others = {name: value for name, value in values.items() if name not in keys}
    statement = _insert(connection, table).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others))


def _insert(connection: Connection, table: Table) -> Any:
    """Any: the statements of both dialects take the same, and share no type that says so."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
