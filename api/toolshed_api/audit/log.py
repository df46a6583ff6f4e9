"""The audit log: written in order by a thread of its own, so that nobody waits for it."""

import logging
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select

from toolshed.errors import ToolshedError
from toolshed.state.database import Database
from toolshed_api.audit.events import AuditEvent
from toolshed_api.audit.tables import audit_event
from toolshed_api.audit.use import UseReport, count_use, forget_use, use_report
from toolshed_api.problems import OverloadedError

logger = logging.getLogger(__name__)

# At some 500 bytes each, and a second of a database that takes ten thousand rows a second.
MAX_WAITING = 10_000
_BATCH = 500
_RETRY_SECONDS = 0.5
# What comes within it is written together: a transaction for each event would wait for the disk each time.
_GATHER_SECONDS = 0.02
_CLOSE_SECONDS = 5.0
_COLUMNS = [column.name for column in audit_event.columns if column.name != "event_id"]


class AuditLog:
    """Keeps what was done. Threads may share it, and processes may write to one database.

    What was written is kept in memory until the database has it, and no more is let in than that can hold:
    a service whose database cannot be written to says so instead of doing what nobody will know of.
    A graceful stop loses nothing; a process that is killed loses what it had not written yet, milliseconds
    as a rule.

    Args:
        database: Where it is kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[AuditEvent] = deque()
        self._has_changed = threading.Condition()
        self._is_closing, self._n_flushing = False, 0
        self._thread = threading.Thread(target=self._write_all, name="toolshed-audit", daemon=True)
        self._thread.start()

    def check_room(self) -> None:
        """Refuse to do what could not be written down.

        Raises:
            OverloadedError: If too much is waiting to be written.
        """
        if len(self._waiting) >= MAX_WAITING:
            raise OverloadedError("the audit log cannot be written fast enough; try again in a moment")

    def write(self, event: AuditEvent) -> None:
        """Write an event down; it is in the database soon after."""
        with self._has_changed:
            self._waiting.append(event)
            # Who gathers is not woken for each.
            if len(self._waiting) in (1, _BATCH):
                self._has_changed.notify_all()

    def flush(self, *, timeout_seconds: float = 10.0) -> bool:
        """Wait until all that was written is in the database; returns whether it is."""
        with self._has_changed:
            self._n_flushing += 1
            self._has_changed.notify_all()
            try:
                return self._has_changed.wait_for(lambda: not self._waiting, timeout_seconds)
            finally:
                self._n_flushing -= 1

    def close(self) -> None:
        """Write what is waiting, and stop."""
        with self._has_changed:
            self._is_closing = True
            self._has_changed.notify_all()
        self._thread.join(_CLOSE_SECONDS)
        if self._waiting:
            logger.error("%d events of the audit log could not be written", len(self._waiting))

    def prune(self, *, keep_days: int) -> int:
        """Forget what is older; returns how many events that were."""
        oldest = datetime.now(UTC) - timedelta(days=keep_days)
        with self._database.writing() as connection:
            forget_use(connection, before=oldest)
            return connection.execute(delete(audit_event).where(audit_event.c.at < oldest)).rowcount

    def use_report(self, tenant: str, tool_ids: Iterable[str], *, n_days: int, limit: int) -> UseReport:
        """See :func:`~toolshed_api.audit.use.use_report`."""
        return use_report(self._database, tenant, tool_ids, n_days=n_days, limit=limit)

    def page(
        self,
        tenant: str,
        *,
        limit: int,
        before: int | None = None,
        caller: str | None = None,
        action: str | None = None,
    ) -> Sequence[RowMapping]:
        """Events of a tenant, newest first, with their ``event_id``; go on with the last one's ``before``."""
        column = audit_event.c
        wanted: list[ColumnElement[bool]] = [column.tenant == tenant]
        wanted += [column.event_id < before] if before is not None else []
        wanted += [column.caller == caller] if caller is not None else []
        wanted += [column.action == action] if action is not None else []
        query = select(audit_event).where(*wanted).order_by(column.event_id.desc()).limit(limit)
        with self._database.reading() as connection:
            return connection.execute(query).mappings().all()

    def _write_all(self) -> None:
        while batch := self._next_batch():
            try:
                # What a disk refused behind the commit is written, and not to be written again.
                with self._database.lasting_later(), self._database.writing() as connection:
                    rows = [{name: getattr(event, name) for name in _COLUMNS} for event in batch]
                    connection.execute(insert(audit_event), rows)
                    count_use(connection, batch)
            except ToolshedError as error:
                logger.warning("the audit log could not be written, and will be tried again: %s", error)
                with self._has_changed:
                    self._has_changed.wait(_RETRY_SECONDS)
                continue
            self._bring_to_disk()
            with self._has_changed:
                for _ in batch:
                    self._waiting.popleft()
                self._has_changed.notify_all()

    def _bring_to_disk(self) -> None:
        try:
            self._database.wait_for_disk()
        except ToolshedError as error:
            logger.error("events of the audit log are written, and may be lost with the machine: %s", error)

    def _is_wanted(self) -> bool:
        """Whether what is waiting is written at once."""
        return self._is_closing or self._n_flushing > 0 or len(self._waiting) >= _BATCH

    def _next_batch(self) -> list[AuditEvent]:
        """What comes next, which stays waiting until it is written; nothing when all is done."""
        with self._has_changed:
            self._has_changed.wait_for(lambda: self._waiting or self._is_closing)
            self._has_changed.wait_for(self._is_wanted, _GATHER_SECONDS)
            return [event.storable() for event in islice(self._waiting, _BATCH)]
