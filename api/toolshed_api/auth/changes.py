"""Changes of who may do what: one after the other, and seen by every process."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, select, update

from toolshed.catalog.visible_text import hidden_character
from toolshed.state.database import Database
from toolshed_api.auth.errors import InvalidAccessError, UnknownTenantError
from toolshed_api.auth.tables import access, tenant


@contextmanager
def changing(database: Database) -> Iterator[Connection]:
    """A transaction that changes who may do what; whoever else wants to waits for its end."""
    with database.writing() as connection:
        # First of all: on PostgreSQL this row is what writers queue for.
        connection.execute(update(access).values(version=access.c.version + 1))
        yield connection


def version_of(connection: Connection) -> int:
    """Raised by every change."""
    return int(connection.execute(select(access.c.version)).scalar_one())


def check_is_tenant(connection: Connection, name: str) -> None:
    """Refuse a tenant that is not there.

    Raises:
        UnknownTenantError: If it is not.
    """
    if connection.execute(select(tenant.c.name).where(tenant.c.name == name)).scalar() is None:
        raise UnknownTenantError(f"there is no tenant {name[:80]!r}; make it with: toolshed tenants create")


def check_text(value: str, what: str, *, most: int) -> str:
    """The text without blanks around it.

    Raises:
        InvalidAccessError: If nothing is left, or too much, or some of it that nobody sees.
    """
    text = value.strip()
    if not text or len(text) > most or hidden_character(text):
        raise InvalidAccessError(
            f"{what} is {value[:80]!r}; give 1 to {most} characters, all of which can be seen"
        )
    return text


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)
