"""Fresh databases on SQLite and on PostgreSQL, as fixtures; a conftest imports those that it shares."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.postgres import own_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with own_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database."""
    if request.param == "sqlite":
        return str(tmp_path / "fresh.db")
    return new_database(request.getfixturevalue("postgres"))


def new_database(url: str) -> str:
    """The URL of what behaves as a database of its own on a server.

    It is a schema: a database is some three hundred files to make, and to remove in the end.
    """
    name = f"t{uuid.uuid4().hex}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    admin.dispose()
    return f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"
