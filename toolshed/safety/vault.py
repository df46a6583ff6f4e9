"""Credentials for upstream servers: of the service, of a tenant, of a user; sealed, and shown nowhere."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

from sqlalchemy import Connection, Select, and_, delete, func, or_, select, update

from toolshed.errors import InvalidRecordError, MissingCredentialsError
from toolshed.options import Credential
from toolshed.safety.sealing import Sealed, SecretKeys
from toolshed.safety.tables import upstream_credential
from toolshed.safety.token_grants import TokenGrant
from toolshed.state.database import Database
from toolshed.state.upserting import upsert

Level = Literal["service", "tenant", "user"]
# The more particular later: it comes before those above it.
LEVELS: tuple[Level, ...] = ("service", "tenant", "user")
_MAX_OF_ONE = 1_000
_MAX_CHARACTERS = 16_000
_MAX_SERVERS = 200
# The tenant whose calls are to tell of a credential of the service that is incomplete.
_OPERATORS = "default"
# A credential, or how a token is got.
Secret = Credential | TokenGrant
logger = logging.getLogger(__name__)
_table = upstream_credential.c


@dataclass(frozen=True, slots=True)
class Slot:
    """What a credential is for.

    Attributes:
        level: Whose calls it is sent with.
        tenant: Whose it is; empty of the service's own.
        owner: The user, as the audit log calls him; empty of the others.
        source: The source whose tools are called.
        scheme: Its security scheme, header or variable; empty for whatever the source asks for.
    """

    level: Level
    tenant: str
    owner: str
    source: str
    scheme: str = ""

    @property
    def credential_id(self) -> str:
        """Names it; tells nothing of the secret."""
        parts = [self.level, self.tenant, self.owner, self.source, self.scheme]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class KeptCredential:
    """That there is a credential, and nothing of it."""

    slot: Slot
    key_id: str
    created_by: str
    created_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return {
            "credential_id": self.slot.credential_id,
            "level": self.slot.level,
            "tenant": self.slot.tenant,
            "owner": self.slot.owner,
            "source": self.slot.source,
            "scheme": self.slot.scheme,
            "key_id": self.key_id,
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
        }


class Vault:
    """Keeps credentials. Threads and processes may share the database.

    Args:
        database: Where they are kept.
        keys: What they are sealed with.
    """

    def __init__(self, database: Database, keys: SecretKeys) -> None:
        self._database, self._keys = database, keys

    def put(self, slot: Slot, credential: Secret, *, by: str, origins: Sequence[str]) -> KeptCredential:
        """Keep a credential, in the place of the one before.

        Args:
            slot: What it is for.
            credential: It.
            by: Who gives it.
            origins: The servers that it may be sent to.

        Raises:
            InvalidRecordError: If it is empty or too long, its owner keeps too many, or nobody knows which
                server it is for.
        """
        is_empty = not (all(credential) if isinstance(credential, tuple) else credential)
        if is_empty or len(json.dumps(_plain(credential))) > _MAX_CHARACTERS:
            raise InvalidRecordError(f"a credential has 1 to {_MAX_CHARACTERS:,} characters")
        if not origins:
            raise InvalidRecordError(
                f"nobody knows yet which server the source {slot.source[:100]!r} is at, and a credential is "
                "sent to no other; index the source first, or name the server (toolshed credentials set "
                "--server)"
            )
        if len(origins) > _MAX_SERVERS:
            raise InvalidRecordError(f"the tools of the source are at more than {_MAX_SERVERS} servers")
        sealed = self._sealed(slot, credential, origins)
        kept = KeptCredential(slot, sealed.key_id, by[:200], datetime.now(UTC))
        with self._database.writing() as connection:
            of_owner = and_(
                _table.level == slot.level,
                _table.tenant == slot.tenant,
                _table.owner == slot.owner,
                _table.credential_id != slot.credential_id,
            )
            n = connection.execute(
                select(func.count()).select_from(upstream_credential).where(of_owner)
            ).scalar()
            if (n or 0) >= _MAX_OF_ONE:
                raise InvalidRecordError(f"there are {_MAX_OF_ONE:,} credentials already; remove some first")
            upsert(connection, upstream_credential, _row(kept, sealed))
        return kept

    def remove(self, credential_id: str, *, within: "Scope") -> bool:
        """Remove a credential; says whether it was there, within what whoever asks may see."""
        with self._database.writing() as connection:
            done = connection.execute(
                delete(upstream_credential).where(_table.credential_id == credential_id, within.condition())
            )
        return bool(done.rowcount)

    def kept(self, within: "Scope") -> list[KeptCredential]:
        """Which credentials there are, and nothing of them."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(upstream_credential)
                .where(within.condition())
                .order_by(_table.source, _table.scheme, _table.level, _table.owner)
            ).all()
        return [_kept(row) for row in rows]

    def for_call(
        self, source: str, *, tenant: str, owner: str, origin: str
    ) -> "Mapping[str, Credential | VaultGrant] | Credential | VaultGrant | None":
        """What the calls of one user to one source are made with.

        By scheme, the user's before the tenant's before the service's; one for all schemes takes the place
        of all that come after it. What is kept for another server than the one at ``origin`` is left out:
        names of sources are given by whoever indexes them.

        Raises:
            ConfigurationError: If one cannot be opened.
            MissingCredentialsError: If one of his or his tenant's was kept without its server.
        """
        theirs = or_(
            _table.level == "service",
            and_(_table.level == "tenant", _table.tenant == tenant),
            and_(_table.level == "user", _table.tenant == tenant, _table.owner == owner),
        )
        with self._database.reading() as connection:
            rows = connection.execute(
                select(upstream_credential).where(_table.source == source, theirs)
            ).all()
        sent = [(row, self._for_server(row, origin, tenant)) for row in rows]
        found: dict[str, Credential | VaultGrant] = {}
        for level in LEVELS:
            own = {row.scheme: it for row, it in sent if row.level == level and it is not None}
            if "" in own:
                found.clear()
            elif own:
                found.pop("", None)
            found |= own
        if set(found) == {""}:
            return found[""]
        return {scheme: value for scheme, value in found.items() if scheme} or None

    def grant(self, credential_id: str) -> TokenGrant:
        """A grant, as it is kept now.

        Raises:
            MissingCredentialsError: If it was removed, or another credential has taken its place.
        """
        with self._database.reading() as connection:
            row = connection.execute(_with_id(credential_id)).one_or_none()
        secret = self._opened(row)[0] if row is not None else None
        if not isinstance(secret, TokenGrant):
            raise MissingCredentialsError(f"the credential {credential_id} was removed meanwhile")
        return secret

    def renew(self, credential_id: str, before: TokenGrant, after: TokenGrant) -> None:
        """Keep what came of a grant, unless another has taken its place meanwhile."""
        with self._database.writing() as connection:
            row = connection.execute(_with_id(credential_id).with_for_update()).one_or_none()
            if row is None:
                return
            secret, origins = self._opened(row)
            if secret == before:
                self._seal_anew(connection, credential_id, self._sealed(_kept(row).slot, after, origins))

    def rotate(self) -> int:
        """Seal with the first key what is sealed with others; says how many there were."""
        with self._database.writing() as connection:
            rows = connection.execute(
                select(upstream_credential).where(_table.key_id != self._keys.first)
            ).all()
            for row in rows:
                about = row.credential_id
                sealed = self._keys.seal(
                    self._keys.open(Sealed(row.key_id, row.nonce, row.sealed), about), about
                )
                self._seal_anew(connection, about, sealed)
        return len(rows)

    def _seal_anew(self, connection: Connection, credential_id: str, sealed: Sealed) -> None:
        connection.execute(
            update(upstream_credential)
            .where(_table.credential_id == credential_id)
            .values(key_id=sealed.key_id, nonce=sealed.nonce, sealed=sealed.content)
        )

    # Any: a row of SQLAlchemy.
    def _for_server(self, row: Any, origin: str, tenant: str) -> "Credential | VaultGrant | None":
        credential, origins = self._opened(row)
        if not origins and (row.level != "service" or tenant == _OPERATORS):
            raise MissingCredentialsError(
                f"the credential {row.credential_id} of {row.source!r} was kept without its server; keep it "
                "anew. Nothing was sent"
            )
        if origin and origin in origins:
            if isinstance(credential, TokenGrant):
                return VaultGrant(self, row.credential_id, row.created_at)
            return credential
        logger.warning(
            "the credential %s of %r is kept for %s and was not sent to %r; keep it anew if the source moved",
            row.credential_id,
            row.source,
            ", ".join(origins) or "a server that is not known yet",
            origin,
        )
        return None

    def _sealed(self, slot: Slot, credential: Secret, origins: Sequence[str]) -> Sealed:
        text = json.dumps({"credential": _plain(credential), "origins": sorted(origins)})
        return self._keys.seal(text, slot.credential_id)

    def _opened(self, row: Any) -> tuple[Secret, Sequence[str]]:
        # What it is for is computed anew: a row that was moved to another user does not open.
        about = _kept(row).slot.credential_id
        said = json.loads(self._keys.open(Sealed(row.key_id, row.nonce, row.sealed), about))
        # Earlier ones were sealed without their servers.
        origins = said["origins"] if isinstance(said, dict) else ()
        credential = said["credential"] if isinstance(said, dict) else said
        if isinstance(credential, dict):
            return TokenGrant(**credential), origins
        return cast(Credential, credential if isinstance(credential, str) else tuple(credential)), origins


@dataclass(frozen=True, slots=True)
class VaultGrant:
    """A grant in a vault; see :class:`~toolshed.safety.token_grants.KeptGrant`.

    Attributes:
        vault: Where it is kept.
        credential_id: Which it is.
        created_at: When it was given.
    """

    vault: Vault
    credential_id: str
    created_at: datetime

    @property
    def identity(self) -> str:
        """Another for each grant that is kept, and when it is kept anew."""
        return f"{self.credential_id} {self.created_at.isoformat()}"

    def grant(self) -> TokenGrant:
        """It, as it is kept now."""
        return self.vault.grant(self.credential_id)

    def renew(self, before: TokenGrant, after: TokenGrant) -> None:
        """See :meth:`Vault.renew`."""
        self.vault.renew(self.credential_id, before, after)


@dataclass(frozen=True, slots=True)
class Scope:
    """The credentials that whoever asks may see and remove.

    Attributes:
        tenant: Those of a tenant; all tenants' when None.
        owner: Those of one user of it; all of the tenant when None.
        with_service: Whether the service's own too.
    """

    tenant: str | None = None
    owner: str | None = None
    with_service: bool = False

    def condition(self) -> Any:
        """Any: an expression of SQLAlchemy."""
        if self.tenant is None:
            return _table.credential_id != ""
        of_tenant = [_table.tenant == self.tenant, _table.level != "service"]
        if self.owner is not None:
            of_tenant += [_table.level == "user", _table.owner == self.owner]
        return or_(and_(*of_tenant), _table.level == "service") if self.with_service else and_(*of_tenant)


def _row(kept: KeptCredential, sealed: Sealed) -> dict[str, Any]:
    slot = kept.slot
    return {
        "credential_id": slot.credential_id,
        **{name: getattr(slot, name) for name in ("level", "tenant", "owner", "source", "scheme")},
        "key_id": sealed.key_id,
        "nonce": sealed.nonce,
        "sealed": sealed.content,
        "created_by": kept.created_by,
        "created_at": kept.created_at,
    }


def _kept(row: Any) -> KeptCredential:
    """Any: a row of SQLAlchemy."""
    slot = Slot(row.level, row.tenant, row.owner, row.source, row.scheme)
    return KeptCredential(slot, row.key_id, row.created_by, row.created_at)


def _with_id(credential_id: str) -> Select[Any]:
    return select(upstream_credential).where(_table.credential_id == credential_id)


def _plain(secret: Secret) -> Any:
    """Any: as JSON has it."""
    return asdict(secret) if isinstance(secret, TokenGrant) else secret
