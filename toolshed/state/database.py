"""A database of relational state: opened, brought up to date, read and written in transactions."""

import contextlib
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from toolshed.errors import ConfigurationError, InvalidRecordError, ToolshedError, missing_extra
from toolshed.state.lasting import WrittenLog

_HEAD = "0008"
_MIGRATIONS = Path(__file__).parent / "migrations"
# Any number does, as long as all replicas take the same.
_ADVISORY_LOCK = 7_305_809
_BUSY_SECONDS = 30
_RETRY_SECONDS = 0.01
_TOLD_DAMAGES = 20
_PASSWORD = re.compile(r"(://[^/\s:@]*:)[^\s]*@")
# Drivers take passwords there too.
_QUERY = re.compile(r"(://[^\s?'\"]*)\?[^\s'\"]*")
# The transaction that is open in this context, and the engine that it is of.
_joined: ContextVar[tuple[Engine, Connection] | None] = ContextVar("joined", default=None)


@dataclass(slots=True)
class _LastingBlock:
    """Where writers do not wait for the disk of an engine, and whether any has committed there."""

    engine: Engine
    has_written: bool = False


_lasting: ContextVar[_LastingBlock | None] = ContextVar("lasting", default=None)


@dataclass(frozen=True, slots=True)
class Database:
    """A database whose tables exist and are up to date. Threads and processes may share it.

    Attributes:
        engine: Of SQLAlchemy.
        noun: What is kept in it, as messages call it.
        error: Raised when it cannot do what was asked.
        log: What brings a file to disk; None for other databases, which do so themselves.
    """

    engine: Engine
    noun: str
    error: type[ToolshedError]
    log: WrittenLog | None = None

    @classmethod
    def open(cls, location: str, noun: str, error: type[ToolshedError]) -> Self:
        """Open a file, ``memory:``, or a SQLAlchemy URL.

        Raises:
            ConfigurationError: If the URL is none, or a package is missing.
            ToolshedError: The ``error`` given, if it cannot be reached, or was written by a newer version.
        """
        try:
            engine = _engine(_url(location))
        except OSError as problem:
            raise error(f"the folder of the {noun} {location!r} cannot be made: {problem}") from problem
        except (SQLAlchemyError, ModuleNotFoundError) as problem:
            raise ConfigurationError(
                f"the {noun} {_without_password(location)!r} is no database that can be opened: "
                f"{_without_password(str(problem))}. Give a file, or a URL such as "
                "postgresql+psycopg://user@host/name"
            ) from problem
        database = cls(engine, noun, error)
        try:
            database = replace(database, log=database._written_log())
            database._migrate()
        except ToolshedError:
            engine.dispose()
            raise
        return database

    def close(self) -> None:
        """Release it; calling it again does nothing."""
        self.engine.dispose()

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; all of it is kept, or nothing. At its end it is on disk."""
        if (joined := self._joined_connection) is not None:
            yield joined
            return
        with self._translated(), self.engine.connect() as plain:
            connection = plain.execution_options(toolshed_writes=True)
            with connection.begin():
                yield connection
        # What was refused waits for no disk.
        if (block := self._lasting_block) is not None:
            block.has_written = True
        else:
            self.wait_for_disk()

    @contextlib.contextmanager
    def joined(self) -> Iterator[None]:
        """Make what is read and written in this block one transaction, which is written to disk once."""
        with self.writing() as connection:
            token = _joined.set((self.engine, connection))
            try:
                yield
            finally:
                _joined.reset(token)

    @contextlib.contextmanager
    def lasting(self) -> Iterator[None]:
        """Wait for the disk at the end of this block, once for all that is written in it.

        Whoever holds a lock while he writes takes it inside: nobody waits for it until the disk is done.
        """
        if self.log is None or self._lasting_block is not None:
            yield
            return
        block = _LastingBlock(self.engine)
        token = _lasting.set(block)
        try:
            yield
        finally:
            _lasting.reset(token)
            if block.has_written:
                self.wait_for_disk()

    @contextlib.contextmanager
    def lasting_later(self) -> Iterator[None]:
        """Leave what is written in this block to be brought to disk by :meth:`wait_for_disk`.

        Until then the end of the machine may undo it; that of the process does not.
        """
        token = _lasting.set(_LastingBlock(self.engine))
        try:
            yield
        finally:
            _lasting.reset(token)

    def wait_for_disk(self) -> None:
        """Return when all that this thread has written, or knows to be written, is on disk."""
        if self.log is None:
            return
        try:
            self.log.wait()
        except OSError as problem:
            raise self.error(f"what the {self.noun} was given may be lost: {problem}") from problem

    @property
    def _lasting_block(self) -> _LastingBlock | None:
        found = _lasting.get()
        return found if found is not None and found.engine is self.engine else None

    @property
    def _joined_connection(self) -> Connection | None:
        found = _joined.get()
        return found[1] if found is not None and found[0] is self.engine else None

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database."""
        if (joined := self._joined_connection) is not None:
            yield joined
            return
        with self._translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except ToolshedError:
            raise
        except OverflowError as problem:
            raise InvalidRecordError(f"a number is too large for the {self.noun}: {problem}") from problem
        except json.JSONDecodeError as problem:
            raise self.error(
                f"the {self.noun} {self._shown} is damaged: what should be JSON in it is none ({problem}). "
                "Restore it from a backup"
            ) from problem
        except UnicodeEncodeError as problem:
            raise InvalidRecordError(
                f"a text is not valid Unicode: {problem}. Nothing of this was written"
            ) from problem
        except SQLAlchemyError as problem:
            told = _without_password(str(getattr(problem, "orig", None) or problem).splitlines()[0])
            raise self.error(
                f"the {self.noun} {self._shown} refused: {told}. Nothing of this was written"
            ) from problem

    @property
    def _shown(self) -> str:
        return self.engine.url.set(query={}).render_as_string()

    def damages(self) -> list[str]:
        """What SQLite finds wrong with the pages of a file; a server looks after its own."""
        if self.engine.dialect.name != "sqlite":
            return []
        try:
            with self.reading() as connection:
                told = connection.execute(text(f"PRAGMA integrity_check({_TOLD_DAMAGES})")).scalars().all()
        except ToolshedError as error:
            return [str(error)]
        return [f"the {self.noun} {self._shown}: {one}" for one in told if one != "ok"]

    def _written_log(self) -> WrittenLog | None:
        """Beside the file as SQLite names it: its log lies where links lead, and locations may be URIs."""
        if self.engine.dialect.name != "sqlite":
            return None
        with self.reading() as connection:
            files = {row.name: row.file for row in connection.execute(text("PRAGMA database_list"))}
        return WrittenLog(Path(files["main"])) if files["main"] else None

    def _migrate(self) -> None:
        # Most openings find it up to date, and need not queue for the writer's lock.
        with self.reading() as connection:
            if _version(connection) == _HEAD:
                return
        with self.writing() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            found = _version(connection)
            if found == _HEAD:
                return
            if found is not None and found > _HEAD:
                raise self.error(
                    f"the {self.noun} was written by a newer version (schema {found}, this one knows "
                    f"{_HEAD}); upgrade toolshed-kb"
                )
            _upgrade(connection)


def _without_password(text: str) -> str:
    """Text with passwords and queries of all URLs in it left out, also of those that are not well-formed."""
    return _QUERY.sub(r"\1", _PASSWORD.sub(r"\1***@", text))


def _url(location: str) -> str:
    if location == "memory:":
        return "sqlite://"
    if "://" in location:
        return location
    path = Path(location)
    path.parent.mkdir(parents=True, exist_ok=True)
    # What was asked of models, and what it cost, is its owner's; SQLite gives its other files the same mode.
    path.touch(mode=0o600)
    return f"sqlite:///{path}"


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    # A database in memory is its one connection: threads take turns.
    one = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0, "pool_timeout": _BUSY_SECONDS}
    options: dict[str, Any] = one if url == "sqlite://" else {}
    engine = create_engine(
        url, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False}, **options
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver's own transactions leave out DDL, and take a writer's lock too late.
        connection.isolation_level = None
        # Of a log that is written ahead, see WrittenLog.
        synchronous = "NORMAL" if _log_ahead(connection) else "FULL"
        for pragma in (f"synchronous={synchronous}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("toolshed_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _log_ahead(connection: Any) -> bool:
    """Let a SQLite database keep a write-ahead log; returns whether it does: some file systems cannot.

    Where several begin with that at once, SQLite refuses all but one without waiting as it does elsewhere.
    """
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
            return bool(mode == "wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(_RETRY_SECONDS)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    try:
        from alembic import command
        from alembic.config import Config
    except ModuleNotFoundError as problem:
        raise missing_extra("alembic", "economics") from problem
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
