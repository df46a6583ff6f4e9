"""Opening a database, and transactions in it."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import JSON, column, text

from toolshed.errors import ConfigurationError, KnowledgeBaseError, LedgerError
from toolshed.state.database import Database

_TASK = text(
    "INSERT INTO task (task_id, tenant, task_class, pipeline, created_at) VALUES (:id, 't', 'c', '', 0)"
)


def opened(location: str | Path) -> Database:
    return Database.open(str(location), "ledger", LedgerError)


def n_tasks(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM task")).scalar() or 0)


@pytest.mark.parametrize("location", ["memory:", "some/folder/new.db"])
def test_threads_take_turns_and_lose_nothing(location: str, tmp_path: Path) -> None:
    database = opened(location if location == "memory:" else tmp_path / location)

    def write(which: int) -> None:
        for i in range(10):
            with database.writing() as connection:
                connection.execute(_TASK, {"id": f"{which}-{i}"})
            n_tasks(database)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert n_tasks(database) == 80
    database.close()


def write_and(database: Database, statement: str) -> None:
    with database.writing() as connection:
        connection.execute(_TASK, {"id": "a"})
        connection.execute(text(statement))


def test_a_transaction_that_fails_writes_nothing() -> None:
    database = opened("memory:")
    with pytest.raises(LedgerError, match="the ledger sqlite:// refused: no such table"):
        write_and(database, "DELETE FROM nowhere")
    with pytest.raises(LedgerError, match="append-only"):
        write_and(database, "DELETE FROM task")
    assert n_tasks(database) == 0
    write_and(database, "SELECT 1")
    assert n_tasks(database) == 1
    database.close()


def test_errors_are_of_the_kind_and_name_of_what_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(KnowledgeBaseError, match="the folder of the sources"):
        Database.open(str(tmp_path / "file" / "new.db"), "sources", KnowledgeBaseError)
    with pytest.raises(ConfigurationError, match="the sources 'nonsense://x' is no database"):
        Database.open("nonsense://x", "sources", KnowledgeBaseError)
    database = opened(tmp_path / "newer.db")
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(KnowledgeBaseError, match="the sources was written by a newer version"):
        Database.open(str(tmp_path / "newer.db"), "sources", KnowledgeBaseError)
    database.close()


def test_without_alembic_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "alembic", None)
    with pytest.raises(ConfigurationError, match=r"alembic is not installed.*'\.\[economics\]'"):
        opened("memory:")


@pytest.mark.parametrize(
    "url",
    [
        "nosuchdb://ana:s3cret@host/books",
        "postgresql+nodriver://ana:s3cret@host/books",
        "nosuchdb://ana:s3cret/with@more@host/books",
        "nosuchdb://:s3cret@host",
        "postgresql+psycopg://ana:s3cret@127.0.0.1:1/books",
    ],
)
def test_a_password_is_not_told(url: str) -> None:
    with pytest.raises((ConfigurationError, LedgerError)) as refused:
        opened(url)
    assert "s3cret" not in str(refused.value)
    assert "with@more" not in str(refused.value)


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    database = opened(tmp_path / "ledger.db")
    with database.writing() as connection:
        connection.execute(_TASK, {"id": "a"})
    files = list(tmp_path.iterdir())
    assert len(files) > 1, "the log of SQLite lies beside it"
    assert [path.name for path in files if path.stat().st_mode & 0o077] == []


def test_a_password_in_a_query_is_in_no_message() -> None:
    url = "postgresql+psycopg://127.0.0.1:1/name?user=me&password=s3cret&connect_timeout=2"
    with pytest.raises(LedgerError) as refused:
        opened(url)
    with pytest.raises(ConfigurationError) as unknown:
        opened("nonsense://host/name?password=s3cret")
    assert "s3cret" not in f"{refused.value} {unknown.value}"


def test_a_file_that_is_damaged_is_told_of(tmp_path: Path) -> None:
    database = opened(tmp_path / "ledger.db")
    for n in range(200):
        with database.writing() as connection:
            connection.execute(_TASK, {"id": f"task {n}"})
    assert database.damages() == []
    database.close()
    content = (tmp_path / "ledger.db").read_bytes()
    # Where the index of ids is, behind the rows of the table.
    place = content.rindex(b"task 150")
    (tmp_path / "ledger.db").write_bytes(content[:place] + b"tusk" + content[place + 4 :])
    damaged = opened(tmp_path / "ledger.db")
    assert damaged.damages()[0].startswith("the ledger sqlite:///")
    damaged.close()


def test_what_should_be_json_and_is_none_is_damage(tmp_path: Path) -> None:
    database = opened(tmp_path / "ledger.db")
    with (
        pytest.raises(LedgerError, match=r"ledger\.db is damaged: what should be JSON in it is none"),
        database.reading() as connection,
    ):
        connection.execute(text("""SELECT '{"a" 1}' AS a""").columns(column("a", JSON))).all()
    database.close()
