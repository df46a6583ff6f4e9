"""Opening the database of the ledger, and bringing its tables up to date."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from toolshed.errors import ConfigurationError, InvalidRecordError, LedgerError, ToolshedError

_HEAD = "0001"
_MIGRATIONS = Path(__file__).parent / "migrations"
# Any number does, as long as all replicas take the same.
_ADVISORY_LOCK = 7_305_809
_BUSY_SECONDS = 30


def open_engine(location: str) -> Engine:
    """The engine of a file, ``memory:``, or a SQLAlchemy URL; its tables exist and are up to date.

    Raises:
        ConfigurationError: If the URL is none, or a driver is missing.
        LedgerError: If the database cannot be reached, or was written by a newer version.
    """
    url = _url(location)
    try:
        engine = _sqlite_engine(url) if url.startswith("sqlite") else create_engine(url, pool_pre_ping=True)
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise ConfigurationError(
            f"the ledger {location!r} is no database that can be opened: {error}. Give a file, or a URL such "
            "as postgresql+psycopg://user@host/name"
        ) from error
    try:
        _migrate(engine)
    except ToolshedError:
        engine.dispose()
        raise
    return engine


def _url(location: str) -> str:
    if location == "memory:":
        return "sqlite://"
    if "://" in location:
        return location
    path = Path(location)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(f"the folder of the ledger {location!r} cannot be made: {error}") from error
    return f"sqlite:///{path}"


def _sqlite_engine(url: str) -> Engine:
    in_memory = url == "sqlite://"
    # A database in memory is its one connection: threads take turns.
    options: dict[str, Any] = (
        {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0, "pool_timeout": _BUSY_SECONDS}
        if in_memory
        else {}
    )
    engine = create_engine(
        url, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False}, **options
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver's own transactions leave out DDL, and take a writer's lock too late.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("toolshed_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes; all of it is kept, or nothing.

    Raises:
        LedgerError: If the database refuses.
    """
    with _translated(engine), engine.connect() as plain:
        connection = plain.execution_options(toolshed_writes=True)
        with connection.begin():
            yield connection


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the ledger."""
    with _translated(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextlib.contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    try:
        yield
    except ToolshedError:
        raise
    except OverflowError as error:
        raise InvalidRecordError(f"a number is too large for the ledger: {error}") from error
    except UnicodeEncodeError as error:
        raise InvalidRecordError(
            f"a text is not valid Unicode: {error}. Nothing of this was written"
        ) from error
    except SQLAlchemyError as error:
        told = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise LedgerError(
            f"the ledger {engine.url.render_as_string()} refused: {told}. Nothing of this was written"
        ) from error


def _migrate(engine: Engine) -> None:
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
        found = _version(connection)
        if found == _HEAD:
            return
        if found is not None and found > _HEAD:
            raise LedgerError(
                f"the ledger was written by a newer version (schema {found}, this one knows {_HEAD}); "
                "upgrade toolshed-kb"
            )
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
