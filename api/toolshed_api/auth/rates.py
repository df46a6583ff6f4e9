"""How many requests a caller may make: GCRA of pyrate-limiter, in memory or in the database."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Protocol

from pyrate_limiter.abstracts.algorithm import GCRA, Decision, State
from pyrate_limiter.abstracts.rate import Duration, Rate
from sqlalchemy import text

from toolshed.errors import StateError
from toolshed.state.database import Database
from toolshed_api.callers import Caller
from toolshed_api.problems import TooManyRequestsError

_MAX_CALLERS = 50_000
_ALGORITHM = GCRA()
_TABLE = "CREATE TABLE IF NOT EXISTS rate (caller TEXT PRIMARY KEY, arrival INTEGER) WITHOUT ROWID"


class Rates:
    """Counts requests, and refuses those of a caller who makes too many.

    A caller may make all requests of a minute at once, and then one whenever room for one has come back.
    Where the state is on a PostgreSQL server, all replicas count together; otherwise each service counts
    for itself.

    Args:
        most: Requests a minute of callers without a number of their own; None is no limit.
        database: The service's state.
        file: Where the processes of a service of several count together.
    """

    def __init__(self, most: int | None, database: Database, *, file: Path | None = None) -> None:
        self._most = most
        is_shared = database.engine.dialect.name == "postgresql"
        self._shared = _SharedArrivals(database) if is_shared else None
        self._own: _Arrivals = _OwnArrivals() if file is None else _ArrivalsInFile(file)

    async def check(self, caller: Caller) -> None:
        """Count a request.

        Raises:
            TooManyRequestsError: If it is one too many.
            StateError: If the database that counts does not answer.
        """
        most = caller.requests_per_minute or self._most
        if most is None:
            return
        name, rate = f"{caller.tenant}/{caller.viewed_by or caller.name}"[:300], Rate(most, Duration.MINUTE)
        if self._shared is None:
            decision = self._own.decide(name, rate)
        else:
            decision = await asyncio.to_thread(self._shared.decide, name, rate)
        if not decision.allowed:
            seconds = max(1, -(-(decision.retry_after_ms or 1_000) // 1_000))
            raise TooManyRequestsError(
                f"more than {most:,} requests in a minute; try again in {seconds} seconds",
                retry_after_seconds=seconds,
            )


class _Arrivals(Protocol):
    def decide(self, name: str, rate: Rate) -> Decision:
        """Whether another request may be made now, which is then made."""


class _OwnArrivals(_Arrivals):
    """In memory, of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._states: dict[str, State] = {}

    def decide(self, name: str, rate: Rate) -> Decision:
        now = int(self._clock() * 1_000)
        with self._lock:
            before = self._states.get(name, _ALGORITHM.initial([rate]))
            after, decision = _ALGORITHM.step([rate], before, now, 1)
            if len(self._states) >= _MAX_CALLERS:
                self._states = {one: state for one, state in self._states.items() if state[0] > now * 1_000}
            self._states[name] = after
        return decision


class _ArrivalsInFile(_Arrivals):
    """In a file of the run, of all processes of a service; a few dozen microseconds each."""

    _TIMEOUT_SECONDS = 1.0

    def __init__(self, file: Path) -> None:
        self._lock = Lock()
        self._connection = sqlite3.connect(
            file, timeout=self._TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )
        # Nothing of it is needed when the run has ended.
        for said in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=OFF", _TABLE):
            self._connection.execute(said)

    def decide(self, name: str, rate: Rate) -> Decision:
        # The clock is the machine's, the same in every process.
        now = int(time.monotonic() * 1_000)
        with self._lock, self._translated(), self._transaction() as connection:
            row = connection.execute("SELECT arrival FROM rate WHERE caller = ?", (name,)).fetchone()
            before = _ALGORITHM.initial([rate]) if row is None else row
            after, decision = _ALGORITHM.step([rate], before, now, 1)
            if decision.allowed:
                connection.execute("INSERT OR REPLACE INTO rate VALUES (?, ?)", (name, int(after[0])))
        return decision

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        finally:
            self._connection.execute("COMMIT")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StateError(f"requests could not be counted: {error}") from error


class _SharedArrivals(_Arrivals):
    """In a PostgreSQL database, by its clock."""

    _MADE = text("INSERT INTO request_rate (caller, arrival) VALUES (:name, 0) ON CONFLICT DO NOTHING")
    _READ = text(
        "SELECT arrival, CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) "
        "FROM request_rate WHERE caller = :name FOR UPDATE"
    )
    _WRITTEN = text("UPDATE request_rate SET arrival = :arrival WHERE caller = :name")

    def __init__(self, database: Database) -> None:
        self._database = database

    def decide(self, name: str, rate: Rate) -> Decision:
        with self._database.writing() as connection:
            row = connection.execute(self._READ, {"name": name}).first()
            if row is None:
                connection.execute(self._MADE, {"name": name})
                row = connection.execute(self._READ, {"name": name}).one()
            after, decision = _ALGORITHM.step([rate], (int(row[0]),), int(row[1]), 1)
            if decision.allowed:
                connection.execute(self._WRITTEN, {"name": name, "arrival": int(after[0])})
        return decision
