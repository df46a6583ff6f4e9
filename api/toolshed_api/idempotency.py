"""Requests that may be sent again: under one key, one of them acts, and all get its answer."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import Insert, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from toolshed.economics.ledger.records import utc_now
from toolshed.errors import ToolshedError
from toolshed.state.database import Database
from toolshed_api.callers import Caller
from toolshed_api.jobs.tables import idempotency as table

KEPT = timedelta(hours=24)
# A process that has not answered in so long is gone: no request takes as long.
_GONE_AFTER = timedelta(minutes=2)
MAX_KEY = 200


class ReusedKeyError(ToolshedError):
    """An Idempotency-Key that was sent with another request before."""

    code = "reused_key"
    http_status = 409


class UnansweredError(ToolshedError):
    """The first request under an Idempotency-Key is being answered."""

    code = "unanswered"
    http_status = 409


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was given."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Idempotency:
    """The answers of the last day by tenant, caller and key. Threads and processes may share it.

    Attributes:
        database: The service's.
    """

    database: Database

    def begin(self, caller: Caller, key: str, fingerprint: str) -> KeptAnswer | None:
        """The answer to a request that was sent before; None for the first, which is answered now.

        Raises:
            ReusedKeyError: If the key came with another request.
            UnansweredError: If that request is being answered.
        """
        now = utc_now()
        row = {
            "tenant": caller.tenant,
            "caller": caller.name,
            "key": key,
            "fingerprint": fingerprint,
            "created_at": now,
        }
        is_this = _is(caller, key)
        with self.database.writing() as connection:
            connection.execute(delete(table).where(table.c.created_at < now - KEPT))
            insert = _insert(connection.dialect.name).values(row).returning(table.c.key)
            if connection.execute(insert).first() is not None:
                return None
            found = connection.execute(select(table).where(is_this)).one()
            if found.fingerprint != fingerprint:
                raise ReusedKeyError(
                    "this Idempotency-Key came with another request; take a new one for this"
                )
            if found.status is not None:
                return KeptAnswer(found.status, found.headers, found.body)
            if found.created_at > now - _GONE_AFTER:
                raise UnansweredError("the first request under this key is being answered; ask again")
            connection.execute(update(table).where(is_this).values(created_at=now))
            return None

    def end(self, caller: Caller, key: str, answer: KeptAnswer) -> None:
        """Keep an answer."""
        values = {"status": answer.status, "headers": answer.headers, "body": answer.body}
        with self.database.writing() as connection:
            connection.execute(update(table).where(_is(caller, key)).values(values))

    def forget(self, caller: Caller, key: str) -> None:
        """Let the next request under a key be the first."""
        with self.database.writing() as connection:
            connection.execute(delete(table).where(_is(caller, key)))


def fingerprint_of(method: str, target: str, body: bytes) -> str:
    """What tells requests apart."""
    digest = sha256()
    for part in (method.encode(), target.encode("utf-8", "surrogatepass"), body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _is(caller: Caller, key: str):  # type: ignore[no-untyped-def]  # SQLAlchemy's conditions have no name
    return (table.c.tenant == caller.tenant) & (table.c.caller == caller.name) & (table.c.key == key)


def _insert(dialect: str) -> Insert:
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
