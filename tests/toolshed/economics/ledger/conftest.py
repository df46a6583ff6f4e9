"""Ledgers on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.databases import location, postgres
from toolshed.economics.ledger.ledger import Ledger

__all__ = ["location", "postgres"]


@pytest.fixture
def ledger(location: str) -> Iterator[Ledger]:  # the fixture
    with Ledger(location) as opened:
        yield opened
