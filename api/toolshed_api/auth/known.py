"""What a process knows of who may do what: read once, and again when it has changed."""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from toolshed.errors import StateError
from toolshed.shared_numbers import SharedNumbers
from toolshed.state.database import Database
from toolshed.visibility import EVERYTHING, Visibility
from toolshed_api.auth.changes import utc_now, version_of
from toolshed_api.auth.errors import ForbiddenTenantError
from toolshed_api.auth.grants import granted_by_subject, groups_as_subjects, union
from toolshed_api.auth.keys import Keys
from toolshed_api.auth.tables import api_key, tenant
from toolshed_api.callers import Caller, Scope

# A change is seen within a second; this leaves time for looking.
LOOK_SECONDS = 0.4
_STALE_SECONDS = 0.9
_MAX_KEYS = 50_000


class _Tenant(NamedTuple):
    is_restricted: bool
    granted: Mapping[str, Visibility]


class KnownKey(NamedTuple):
    """A key as this process knows it.

    Attributes:
        digest: Of its text.
        caller: Who shows it.
        expires_at: When it lets nobody in any more.
        is_revoked: Whether it does not now.
    """

    digest: str
    caller: Caller
    expires_at: datetime | None
    is_revoked: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read under one version; what a slow reader adds later is not mixed with newer."""

    version: int
    has_keys: bool
    keys: dict[str, KnownKey] = field(default_factory=dict)
    tenants: dict[str, _Tenant] = field(default_factory=dict)


class Directory:
    """Keys and tenants, kept at hand. Threads may share it; what other processes change is seen.

    Args:
        database: Where they are stored.
        keys: Reads keys.
        changes: Counts the changes that the process that writes makes, where a service has several.
    """

    def __init__(self, database: Database, keys: Keys, changes: SharedNumbers | None = None) -> None:
        self._database, self._keys = database, keys
        self._changes: SharedNumbers | list[int] = [0] if changes is None else changes
        self._n_seen = -1
        self._known = _Known(-1, has_keys=True)
        self._looked_at = float("-inf")
        self._lock = threading.Lock()

    @property
    def is_stale(self) -> bool:
        """Whether it is time to look again before anything is told."""
        is_old = time.monotonic() - self._looked_at > _STALE_SECONDS
        return is_old or self._n_seen != self._changes[0]

    @property
    def version(self) -> int:
        """What is another when keys, tenants or grants have changed."""
        return self._known.version

    @property
    def has_keys(self) -> bool:
        """Whether any key was ever made."""
        return self._known.has_keys

    def look(self) -> None:
        """Forget what is known if anything has changed.

        Raises:
            StateError: If the database does not answer.
        """
        with self._lock:
            at, n_changes = time.monotonic(), self._changes[0]
            with self._database.reading() as connection:
                version = version_of(connection)
                if version != self._known.version:
                    n_keys = connection.execute(select(func.count()).select_from(api_key)).scalar()
                    self._known = _Known(version, bool(n_keys))
            self._looked_at, self._n_seen = at, n_changes

    def expire(self) -> None:
        """Look again before anything else is told, here and in every process: something was changed."""
        # Whoever is looking now may have looked before the change.
        with self._lock:
            self._changes[0] += 1

    def at_hand(self, key_id: str) -> KnownKey | None:
        """A key that was read before."""
        return self._known.keys.get(key_id)

    def key(self, key_id: str) -> KnownKey | None:
        """A key; None if there is none. Reads the database.

        Raises:
            ForbiddenTenantError: If its tenant is suspended.
        """
        known = self._known
        with self._database.reading() as connection:
            stored = self._keys.stored(connection, key_id)
        if stored is None:
            return None
        record = stored.record
        caller = self.caller(
            f"key:{key_id}",
            record.tenant,
            frozenset(record.scopes),
            groups_as_subjects(record.groups),
        )
        caller = replace(caller, requests_per_minute=record.requests_per_minute)
        found = KnownKey(stored.digest, caller, record.expires_at, record.revoked_at is not None)
        if len(known.keys) >= _MAX_KEYS:
            known.keys.clear()
        known.keys[key_id] = found
        return found

    def caller(self, name: str, of: str, scopes: frozenset[Scope], subjects: Iterable[str]) -> Caller:
        """A caller of a tenant, with what was granted to the groups and claims that he has.

        Raises:
            ForbiddenTenantError: If there is no such tenant, or it is suspended.
        """
        known = self._known.tenants.get(of) or self._read_tenant(of)
        # Who grants must see what there is to grant.
        is_free = "admin" in scopes or not known.is_restricted
        return Caller(name, of, scopes, EVERYTHING if is_free else union(known.granted, subjects))

    def has_tenant_at_hand(self, name: str) -> bool:
        """Whether a tenant was read before."""
        return name in self._known.tenants

    def _read_tenant(self, name: str) -> _Tenant:
        known = self._known
        with self._database.reading() as connection:
            row = connection.execute(select(tenant).where(tenant.c.name == name)).mappings().first()
            if row is None or row["is_suspended"]:
                raise ForbiddenTenantError(
                    f"the tenant {name[:80]!r} is not known to this service, or suspended; "
                    "ask its administrator"
                )
            granted = granted_by_subject(connection, name) if row["is_restricted"] else {}
        found = known.tenants[name] = _Tenant(bool(row["is_restricted"]), granted)
        return found


class KeyUse:
    """Remembers when keys were used, and writes it down off the requests' path, once a minute a key."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._noted: dict[str, float] = {}
        self._unwritten: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def note(self, key_id: str) -> None:
        """Note that a key is used now."""
        now = time.monotonic()
        if now - self._noted.get(key_id, float("-inf")) < 60:
            return
        with self._lock:
            if len(self._noted) >= _MAX_KEYS:
                self._noted.clear()
            self._noted[key_id] = now
            self._unwritten[key_id] = utc_now()

    def write(self) -> None:
        """Write down what was noted.

        Raises:
            StateError: If it cannot be written; it is kept for the next time.
        """
        with self._lock:
            taken, self._unwritten = self._unwritten, {}
        if not taken:
            return
        try:
            self._keys.note_used(taken)
        except StateError:
            with self._lock:
                self._unwritten = {**taken, **self._unwritten}
            raise
