"""API keys: 256 random bits, shown once, of which only a keyed digest is stored."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from toolshed.errors import ConfigurationError
from toolshed.state.database import Database
from toolshed_api.auth.changes import changing, check_is_tenant, check_text, utc_now
from toolshed_api.auth.errors import AccessConflictError, InvalidAccessError, UnknownKeyError
from toolshed_api.auth.pepper import derived
from toolshed_api.auth.tables import access, api_key
from toolshed_api.callers import DEFAULT_TENANT, SCOPES, Scope

# What stands before the second underscore names the key, and is no secret.
_KEY = re.compile(r"tsk_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")
_MAX_GROUPS = 100
_MAX_NAME = 200
MAX_PER_MINUTE = 1_000_000
DAY_SECONDS = 86_400

KeyStatus = Literal["active", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class KeyWishes:
    """What a new key shall be.

    Attributes:
        name: What it is for.
        scopes: What it lets its holder do.
        groups: Whose grants he has, where his tenant is restricted.
        requests_per_minute: How many requests he may make; None leaves it to the service.
        lifetime_seconds: How long it lets in; None is until it is revoked.
    """

    name: str
    scopes: frozenset[Scope]
    groups: tuple[str, ...] = ()
    requests_per_minute: int | None = None
    lifetime_seconds: float | None = None

    def checked(self) -> "KeyWishes":
        """The same without blanks and repetitions.

        Raises:
            InvalidAccessError: If there can be no such key.
        """
        unknown = sorted(set(self.scopes) - SCOPES)
        if unknown or not self.scopes:
            given = repr(unknown[0][:80]) if unknown else "no scope"
            raise InvalidAccessError(f"{given} was given; choose among {', '.join(sorted(SCOPES))}")
        if len(self.groups) > _MAX_GROUPS:
            raise InvalidAccessError(f"{len(self.groups)} groups were given; at most {_MAX_GROUPS} are taken")
        rate = self.requests_per_minute
        if rate is not None and not 1 <= rate <= MAX_PER_MINUTE:
            raise InvalidAccessError(f"{rate} requests a minute; give 1 to {MAX_PER_MINUTE:,}")
        if self.lifetime_seconds is not None and not 1 <= self.lifetime_seconds <= 36_500 * DAY_SECONDS:
            raise InvalidAccessError("a key lives for at least a second and at most 36,500 days")
        groups = dict.fromkeys(check_text(group, "a group", most=_MAX_NAME) for group in self.groups)
        return replace(self, name=check_text(self.name, "the name", most=_MAX_NAME), groups=tuple(groups))


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known of a key, which is not the key itself; see :class:`KeyWishes`."""

    key_id: str
    tenant: str
    name: str
    scopes: tuple[Scope, ...]
    groups: tuple[str, ...]
    requests_per_minute: int | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    replaced_by: str | None

    @property
    def status(self) -> KeyStatus:
        """Whether it lets in now."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= utc_now() else "active"


class NewKey(NamedTuple):
    """A key that was just made; its text is shown now, and never again."""

    text: str
    record: KeyRecord


class StoredKey(NamedTuple):
    """A key as it is stored, to be compared with one that is shown."""

    digest: str
    record: KeyRecord


class Keys:
    """The keys of a service. Threads may share it, and processes may share the database.

    Args:
        database: Where they are stored.
        pepper: See :func:`~toolshed_api.auth.pepper.find_pepper`.
    """

    def __init__(self, database: Database, pepper: bytes | None) -> None:
        self._database = database
        self._secret = derived(pepper, "api keys") if pepper else None

    def create(self, tenant: str, wishes: KeyWishes, *, created_by: str) -> NewKey:
        """Make a key.

        Raises:
            UnknownTenantError: If there is no such tenant.
            InvalidAccessError: If there can be no such key.
        """
        wishes = wishes.checked()
        with changing(self._database) as connection:
            check_is_tenant(connection, tenant)
            return self._insert(connection, tenant, wishes, created_by)

    def create_first(self) -> NewKey | None:
        """Make a key that may do everything, if there was never any; whoever comes first makes it."""
        with changing(self._database) as connection:
            if connection.execute(select(func.count()).select_from(api_key)).scalar():
                return None
            return self._insert(connection, DEFAULT_TENANT, KeyWishes("first key", SCOPES), "first start")

    def rotate(
        self, key_id: str, *, tenant: str | None = None, overlap_seconds: float, created_by: str
    ) -> NewKey:
        """Make a key like another, which lets in for some time yet.

        It lives for as long as the other was made for.

        Args:
            key_id: The key to replace.
            tenant: Whose it must be.
            overlap_seconds: How long the other still lets in.
            created_by: Who does it.

        Raises:
            UnknownKeyError: If there is no such key.
            AccessConflictError: If it lets nobody in any more, or was replaced before.
        """
        if not 0 <= overlap_seconds <= 365 * DAY_SECONDS:
            raise InvalidAccessError("the old key can let in for 0 seconds to 365 days yet")
        with changing(self._database) as connection:
            old = self._record(connection, key_id, tenant)
            if old.status != "active" or old.replaced_by is not None:
                why = f"was replaced by {old.replaced_by}" if old.replaced_by else f"is {old.status}"
                raise AccessConflictError(f"the key {key_id!r} {why}; make a new one")
            lifetime = (old.expires_at - old.created_at).total_seconds() if old.expires_at else None
            wishes = KeyWishes(old.name, frozenset(old.scopes), old.groups, old.requests_per_minute, lifetime)
            new = self._insert(connection, old.tenant, wishes, created_by)
            end = utc_now() + timedelta(seconds=overlap_seconds)
            ends = end if old.expires_at is None else min(end, old.expires_at)
            _set(connection, key_id, expires_at=ends, replaced_by=new.record.key_id)
            return new

    def revoke(self, key_id: str, *, tenant: str | None = None) -> KeyRecord:
        """Let nobody in with a key any more, from now on; doing it again changes nothing.

        Raises:
            UnknownKeyError: If there is no such key.
        """
        with changing(self._database) as connection:
            record = self._record(connection, key_id, tenant)
            if record.revoked_at is None:
                _set(connection, key_id, revoked_at=utc_now())
            return self._record(connection, key_id, tenant)

    def get(self, key_id: str, *, tenant: str | None = None) -> KeyRecord:
        """What is known of a key.

        Raises:
            UnknownKeyError: If there is no such key.
        """
        with self._database.reading() as connection:
            return self._record(connection, key_id, tenant)

    def list_keys(self, tenant: str, *, after: str = "", limit: int | None = None) -> list[KeyRecord]:
        """The keys of a tenant, by id; those that let nobody in any more too."""
        query = select(api_key).where(api_key.c.tenant == tenant, api_key.c.key_id > after)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(api_key.c.key_id).limit(limit)).mappings()
            return [_record_of(row) for row in rows]

    def stored(self, connection: Connection, key_id: str) -> StoredKey | None:
        """A key to be compared with what is shown."""
        row = connection.execute(select(api_key).where(api_key.c.key_id == key_id)).mappings().first()
        return None if row is None else StoredKey(str(row["digest"]), _record_of(row))

    def is_same(self, shown: str, digest: str) -> bool:
        """Whether a digest is that of a key; how long it takes tells nothing of where they differ."""
        return hmac.compare_digest(self._digest(shown), digest)

    def check_pepper(self) -> None:
        """Refuse to run with another pepper than keys were made with: it would let nobody in.

        Raises:
            ConfigurationError: If it is another, or keys are there and it is missing.
        """
        with self._database.reading() as connection:
            made_with = connection.execute(select(access.c.pepper_check)).scalar()
        if made_with is not None and (self._secret is None or made_with != self._fingerprint()):
            raise ConfigurationError(
                "the API keys of this service were made with another pepper; set TOOLSHED_PEPPER to it, "
                "or put its file back beside the state"
            )

    def note_used(self, uses: Mapping[str, datetime]) -> None:
        """Write down when keys were last used."""
        with self._database.writing() as connection:
            for key_id, at in uses.items():
                column = api_key.c.last_used_at
                earlier = and_(api_key.c.key_id == key_id, or_(column.is_(None), column < at))
                connection.execute(update(api_key).where(earlier).values(last_used_at=at))

    def _insert(self, connection: Connection, tenant: str, wishes: KeyWishes, created_by: str) -> NewKey:
        key_id = secrets.token_hex(8)
        text = f"tsk_{key_id}_{secrets.token_urlsafe(32)}"
        now, seconds = utc_now(), wishes.lifetime_seconds
        row: dict[str, Any] = {
            "key_id": key_id,
            "tenant": tenant,
            "name": wishes.name,
            "scopes": sorted(wishes.scopes),
            "groups": list(wishes.groups),
            "requests_per_minute": wishes.requests_per_minute,
            "created_by": created_by[:_MAX_NAME],
            "created_at": now,
            "expires_at": None if seconds is None else now + timedelta(seconds=seconds),
        }
        connection.execute(insert(api_key), {**row, "digest": self._digest(text)})
        connection.execute(update(access).values(pepper_check=self._fingerprint()))
        return NewKey(text, self._record(connection, key_id, tenant))

    def _digest(self, text: str) -> str:
        if self._secret is None:
            raise ConfigurationError(
                "API keys are stored with a pepper, and there is none: set TOOLSHED_PEPPER to at least 32 "
                "characters at random, the same in all replicas (openssl rand -hex 32)"
            )
        return hmac.digest(self._secret, text.encode("utf-8", "replace"), hashlib.sha256).hex()

    def _fingerprint(self) -> str:
        return self._digest("the pepper of this service")

    def _record(self, connection: Connection, key_id: str, tenant: str | None) -> KeyRecord:
        stored = self.stored(connection, key_id)
        if stored is None or tenant not in (None, stored.record.tenant):
            raise UnknownKeyError(f"there is no key {key_id[:80]!r}; list them with: toolshed keys list")
        return stored.record


def key_id_of(shown: str) -> str | None:
    """The id of a key, from its text; None if it is no key."""
    found = _KEY.fullmatch(shown)
    return found[1] if found else None


def _set(connection: Connection, key_id: str, **values: Any) -> None:
    # Any: values of the columns.
    connection.execute(update(api_key).where(api_key.c.key_id == key_id).values(**values))


def _record_of(row: Mapping[Any, Any]) -> KeyRecord:
    # Any: a row of SQLAlchemy.
    values = {name: row[name] for name in KeyRecord.__slots__}
    return KeyRecord(**{**values, "scopes": tuple(row["scopes"]), "groups": tuple(row["groups"])})


def scopes_of(names: Iterable[str]) -> frozenset[Scope]:
    """The scopes among some names."""
    found: Sequence[Scope] = [scope for scope in sorted(SCOPES) if scope in set(names)]
    return frozenset(found)
