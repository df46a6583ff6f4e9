"""Where the service keeps its state, and what its tables are."""

import logging
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.api.serving import TOOLS
from tests.migrated import differences
from toolshed.errors import StateError
from toolshed.settings import Settings
from toolshed.shed.shed import Toolshed
from toolshed.testing import HashingEncoder
from toolshed_api.audit import tables as audit_tables
from toolshed_api.auth import tables as auth_tables
from toolshed_api.jobs import tables as job_tables
from toolshed_api.state import open_state, state_location

SERVER = "postgresql+psycopg://ana@host/books"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"kb": "here/shed"}, "here/shed/state.db"),
        ({"kb": "here/shed", "state": "there.db"}, "there.db"),
        ({"kb": "here/shed", "ledger": SERVER}, SERVER),
        ({"kb": "here/shed", "ledger": SERVER, "state": "there.db"}, "there.db"),
        ({"kb": "here/shed", "ledger": "books/ledger.db"}, "here/shed/state.db"),
        ({"kb": "http://qdrant:6333", "ledger": "books/ledger.db"}, "books/state.db"),
        ({"kb": "http://qdrant:6333", "ledger": SERVER}, SERVER),
        ({"kb": "http://qdrant:6333"}, "memory:"),
        ({"kb": "http://qdrant:6333", "ledger": "memory:"}, "memory:"),
        ({"kb": "memory:"}, "memory:"),
    ],
    ids=str,
)
def test_state_lies_beside_the_knowledge_base_or_on_the_server_of_the_ledger(
    given: dict[str, str], expected: str
) -> None:
    assert state_location(Settings(**given)) == expected  # type: ignore[arg-type]  # pydantic reads text


def test_state_that_is_gone_with_the_process_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        open_state("memory:").close()
    assert "TOOLSHED_STATE" in caplog.text


def test_keys_may_be_made_before_tools_are_indexed(tmp_path: Path) -> None:
    location = state_location(Settings(kb=str(tmp_path / "shed")))
    first = open_state(location)
    (tmp_path / "shed" / "state.pepper").write_text("x")
    with Toolshed(tmp_path / "shed", encoder=HashingEncoder()) as shed:
        shed.add_tools(*TOOLS)
        second = open_state(location)
        assert len(shed.list_tools()) == 3
    first.close()
    second.close()


def test_the_first_tenant_is_there(location: str) -> None:
    database = open_state(location)
    with database.reading() as connection:
        assert connection.execute(text("SELECT name FROM tenant")).scalars().all() == ["default"]
        assert connection.execute(text("SELECT version FROM access")).scalar() == 1
    database.close()


def test_the_migrations_make_the_tables_that_the_code_names(location: str) -> None:
    database = open_state(location)
    for metadata in (auth_tables.metadata, audit_tables.metadata, job_tables.metadata):
        assert metadata.tables
        assert differences(database.engine, metadata) == []
    database.close()


def test_what_cannot_be_opened_is_an_error_of_the_state(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StateError, match="the state"):
        open_state(str(tmp_path / "file" / "state.db"))
