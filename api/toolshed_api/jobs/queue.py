"""The queue of jobs, kept in the service's database: it outlives the process, and replicas share it."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, and_, delete, func, or_, select, text, update

from toolshed.economics.ledger.records import utc_now
from toolshed.state.database import Database
from toolshed_api.callers import Caller
from toolshed_api.jobs.records import ENDED, Job, JobEndedError, JobRequest, JobStatus, UnknownJobError
from toolshed_api.jobs.tables import job as table
from toolshed_api.problems import OverloadedError

# A worker that has not been heard of for so long is dead, and its job goes on elsewhere.
LEASE = timedelta(seconds=15)
# A job that was begun so often without an end ends the service that runs it.
MAX_ATTEMPTS = 3
# What waits of one tenant: each may hold an upload.
MAX_UNFINISHED = 20
KEPT = timedelta(days=7)
# Any number does, as long as all replicas take the same.
_ADVISORY_LOCK = 7_305_811
_SHOWN = [table.c[field.name] for field in fields(Job)]
_IS_DEAD = "it was begun {n} times, and each time the service ended; it is not begun again"


class JobQueue:
    """Jobs in a database. Threads and processes may share it.

    Args:
        database: The service's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(self, caller: Caller, request: JobRequest) -> Job:
        """Keep a job; it is done some time, whatever happens to this process.

        Raises:
            OverloadedError: If too many of the tenant's have not ended.
        """
        granted = caller.visible.sources
        row = {
            "job_id": uuid4().hex,
            "tenant": caller.tenant,
            "caller": caller.name,
            "granted": None if granted is None else sorted(granted),
            "kind": request.kind,
            "request": dict(request.options),
            "payload": request.payload,
            "status": "queued",
            "done": 0,
            "total": 0,
            "attempts": 0,
            "is_cancelled": False,
            "version": 0,
            "created_at": utc_now(),
        }
        with self._database.writing() as connection:
            self._purge(connection)
            of_tenant = and_(table.c.tenant == caller.tenant, table.c.status.not_in(ENDED))
            n_waiting = connection.execute(select(func.count()).where(of_tenant)).scalar_one()
            if n_waiting >= MAX_UNFINISHED:
                raise OverloadedError(
                    f"{n_waiting} jobs of this tenant have not ended; wait for one of them, or cancel it"
                )
            connection.execute(table.insert().values(row))
            return _one(connection, str(row["job_id"]))

    def get(self, caller: Caller, job_id: str) -> Job:
        """A job of the caller's; of any of his tenant's for an administrator.

        Raises:
            UnknownJobError: If there is none.
        """
        with self._database.reading() as connection:
            return _one(connection, job_id, caller)

    def list(self, caller: Caller, *, limit: int, after: str | None = None) -> Sequence[Job]:
        """Jobs, the latest first.

        Args:
            caller: Whose; of all his tenant's for an administrator.
            limit: Most to give.
            after: The last id of the page before.

        Raises:
            UnknownJobError: If there is no job of that id.
        """
        query = select(*_SHOWN).where(_of(caller))
        with self._database.reading() as connection:
            if after is not None:
                last = _one(connection, after, caller)
                earlier = and_(table.c.created_at == last.created_at, table.c.job_id > last.job_id)
                query = query.where(or_(table.c.created_at < last.created_at, earlier))
            ordered = query.order_by(table.c.created_at.desc(), table.c.job_id).limit(limit)
            return [_job(row) for row in connection.execute(ordered).mappings()]

    def cancel(self, caller: Caller, job_id: str) -> Job:
        """End a job that waits, and ask one that runs to end.

        Raises:
            UnknownJobError: If there is none.
            JobEndedError: If it has ended.
        """
        with self._database.writing() as connection:
            found = _one(connection, job_id, caller)
            if found.has_ended:
                raise JobEndedError(f"the job {job_id!r} has ended: {found.status}")
            if found.status == "queued":
                _end(connection, table.c.job_id == job_id, "cancelled")
            else:
                _change(connection, table.c.job_id == job_id, is_cancelled=True)
            return _one(connection, job_id)

    def claim(self, worker: str) -> Job | None:
        """Take the oldest job that waits, of a tenant none of whose jobs runs; None if there is none."""
        now = utc_now()
        with self._database.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
            is_abandoned = and_(table.c.status == "running", table.c.leased_until < now)
            _give_up(connection, and_(is_abandoned, table.c.attempts >= MAX_ATTEMPTS))
            _end(connection, and_(is_abandoned, table.c.is_cancelled), "cancelled")
            busy = select(table.c.tenant).where(table.c.status == "running", table.c.leased_until >= now)
            waiting = or_(table.c.status == "queued", is_abandoned)
            query = select(table.c.job_id).where(waiting, table.c.tenant.not_in(busy))
            job_id = connection.execute(query.order_by(table.c.created_at, table.c.job_id).limit(1)).scalar()
            if job_id is None:
                return None
            _change(
                connection,
                table.c.job_id == job_id,
                status="running",
                worker=worker,
                leased_until=now + LEASE,
                attempts=table.c.attempts + 1,
            )
            return _one(connection, job_id)

    def payload(self, job_id: str) -> bytes:
        """What was uploaded for a job."""
        with self._database.reading() as connection:
            found = connection.execute(select(table.c.payload).where(table.c.job_id == job_id)).scalar()
        return found or b""

    def renew(self, worker: str, job_ids: Sequence[str]) -> Mapping[str, bool]:
        """Say that a worker still runs some jobs; whether each of them was cancelled, by id."""
        of_worker = and_(table.c.job_id.in_(job_ids), table.c.worker == worker, table.c.status == "running")
        with self._database.writing() as connection:
            connection.execute(update(table).where(of_worker).values(leased_until=utc_now() + LEASE))
            query = select(table.c.job_id, table.c.is_cancelled).where(of_worker)
            return {row.job_id: row.is_cancelled for row in connection.execute(query)}

    def advance(self, worker: str, job_id: str, done: int, total: int) -> bool:
        """Write down how far a job is; False where it is the worker's no more."""
        with self._database.writing() as connection:
            return _change(connection, _held(worker, job_id), done=done, total=total)

    def succeed(self, worker: str, job_id: str, result: Mapping[str, Any]) -> bool:
        """Write down what came of a job; False where it is the worker's no more."""
        with self._database.writing() as connection:
            return _end(connection, _held(worker, job_id), "succeeded", result=dict(result))

    def fail(self, worker: str, job_id: str, error: Mapping[str, Any]) -> bool:
        """Write down why a job failed."""
        with self._database.writing() as connection:
            return _end(connection, _held(worker, job_id), "failed", error=dict(error))

    def end_cancelled(self, worker: str, job_id: str) -> bool:
        """Write down that a job has ended as it was asked to."""
        with self._database.writing() as connection:
            return _end(connection, _held(worker, job_id), "cancelled")

    def release(self, worker: str, job_id: str) -> bool:
        """Put a job back for whoever comes after; the time it was begun does not count."""
        with self._database.writing() as connection:
            return _change(
                connection,
                _held(worker, job_id),
                status="queued",
                worker=None,
                leased_until=None,
                attempts=table.c.attempts - 1,
            )

    def _purge(self, connection: Connection) -> None:
        old = and_(table.c.finished_at.is_not(None), table.c.finished_at < utc_now() - KEPT)
        connection.execute(delete(table).where(old))


# Any, below: what SQLAlchemy takes as a condition, and as values.


def _held(worker: str, job_id: str) -> Any:
    return and_(table.c.job_id == job_id, table.c.worker == worker, table.c.status == "running")


def _of(caller: Caller) -> Any:
    of_tenant = table.c.tenant == caller.tenant
    return of_tenant if "admin" in caller.scopes else and_(of_tenant, table.c.caller == caller.name)


def _one(connection: Connection, job_id: str, caller: Caller | None = None) -> Job:
    query = select(*_SHOWN).where(table.c.job_id == job_id)
    if caller is not None:
        query = query.where(_of(caller))
    found = connection.execute(query).mappings().first()
    if found is None:
        raise UnknownJobError(f"there is no job {job_id[:80]!r}; jobs are kept for {KEPT.days} days")
    return _job(found)


def _job(row: Mapping[Any, Any]) -> Job:
    return Job(**{field.name: row[field.name] for field in fields(Job)})


def _change(connection: Connection, where: Any, **values: Any) -> bool:
    changed = update(table).where(where).values(version=table.c.version + 1, **values)
    return connection.execute(changed).rowcount > 0


def _end(connection: Connection, where: Any, status: JobStatus, **values: Any) -> bool:
    # What was uploaded is no longer needed.
    return _change(
        connection,
        where,
        status=status,
        finished_at=_now(),
        payload=None,
        worker=None,
        leased_until=None,
        **values,
    )


def _now() -> datetime:
    return utc_now()


def _give_up(connection: Connection, where: Any) -> None:
    detail = _IS_DEAD.format(n=MAX_ATTEMPTS)
    _end(connection, where, "failed", error={"code": "job_abandoned", "detail": detail, "status": 500})
