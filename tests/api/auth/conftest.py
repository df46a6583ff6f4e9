"""A state of the service, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from toolshed.state.database import Database
from toolshed_api.auth.keys import Keys
from toolshed_api.state import open_state


@pytest.fixture
def database(location: str) -> Iterator[Database]:
    opened = open_state(location)
    yield opened
    opened.close()


@pytest.fixture
def keys(database: Database) -> Keys:
    return Keys(database, b"p" * 32)
