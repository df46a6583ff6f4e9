"""Tells who asks, from what he shows."""

import asyncio
import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from starlette.datastructures import Headers

from toolshed.errors import ToolshedError
from toolshed.settings import Settings
from toolshed.shared_numbers import SharedNumbers
from toolshed.state.database import Database
from toolshed_api.access import shown_credentials
from toolshed_api.auth.changes import utc_now
from toolshed_api.auth.errors import InvalidAccessError
from toolshed_api.auth.grants import Grants, groups_as_subjects
from toolshed_api.auth.keys import Keys, key_id_of
from toolshed_api.auth.known import Directory, KeyUse, KnownKey
from toolshed_api.auth.pepper import derived
from toolshed_api.auth.tenants import Tenants
from toolshed_api.auth.tokens import TokenVerifier
from toolshed_api.callers import ANYBODY, DEFAULT_TENANT, Caller, Scope
from toolshed_api.problems import UnauthorizedError

VIEW_AS = "x-toolshed-view-as"
_MAX_VIEW_AS = 2_000
_SEARCH: frozenset[Scope] = frozenset({"search"})


class Authority:
    """Knows the keys of the environment and of the database, and asks issuers' keys of tokens.

    What is at hand is told without waiting; only what was never seen is read from the database, in a thread.

    Args:
        settings: Keys of the environment, and the issuers.
        database: Where keys, tenants and grants are stored.
        pepper: See :func:`~toolshed_api.auth.pepper.find_pepper`.
        changes: See :class:`~toolshed_api.auth.known.Directory`.

    Raises:
        ConfigurationError: If keys are stored with another pepper.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        pepper: bytes | None,
        changes: SharedNumbers | None = None,
    ) -> None:
        self._environment = [key.get_secret_value().encode() for key in settings.api_keys]
        self._environment_names = [
            _environment_name(key, place, pepper) for place, key in enumerate(self._environment, 1)
        ]
        self._verifier = TokenVerifier(settings.oidc)
        self.keys = Keys(database, pepper)
        self.keys.check_pepper()
        self.tenants, self.grants = Tenants(database), Grants(database)
        self.directory = Directory(database, self.keys, changes)
        self.use = KeyUse(self.keys)

    @property
    def is_open(self) -> bool:
        """Whether no key was ever made and no issuer is named: then there is nothing to show."""
        return not (self._environment or self._verifier.issuers or self.directory.has_keys)

    @contextmanager
    def changes(self) -> Iterator[None]:
        """Change who may do what; it counts at once, and in other services within a second."""
        try:
            yield
        finally:
            self.directory.expire()

    async def admitted(self, headers: Headers) -> Caller:
        """Who asks, or whom he looks through the eyes of.

        Raises:
            UnauthorizedError: If nothing valid is shown, or several things.
            ForbiddenTenantError: If his tenant is not known, or suspended.
            MissingScopeError: If he looks through another's eyes and is no administrator.
            StateError: If the database does not answer.
        """
        if self.directory.is_stale:
            await asyncio.to_thread(self.directory.look)
        if self.is_open:
            caller = ANYBODY
        else:
            caller = await self._shown(headers)
        viewed = headers.getlist(VIEW_AS)
        return await self._seen_as(caller, viewed) if viewed else caller

    async def is_trusted(self, headers: Headers) -> bool:
        """Whether he may learn what the default tenant holds."""
        try:
            caller = await self.admitted(headers)
        except ToolshedError:
            return False
        return caller.tenant == DEFAULT_TENANT and caller.visible.is_everything and "search" in caller.scopes

    async def _shown(self, headers: Headers) -> Caller:
        shown = shown_credentials(headers)
        if len(shown) > 1:
            raise UnauthorizedError("several keys or tokens are shown; show one")
        for credential in shown:
            return await self._caller_of(credential)
        raise UnauthorizedError("show a valid API key: 'Authorization: Bearer KEY' or 'X-API-Key: KEY'")

    async def _caller_of(self, credential: str) -> Caller:
        # Every key is compared, in constant time, so the answer's delay tells nothing.
        given = credential.encode("utf-8", "surrogateescape")
        matches = [hmac.compare_digest(given, key) for key in self._environment]
        if any(matches):
            return Caller(self._environment_names[matches.index(True)])
        key_id = key_id_of(credential)
        if key_id is not None:
            return await self._holder(key_id, credential)
        if self._verifier.issuers and credential.count(".") == 2:
            return await self._bearer(credential)
        raise UnauthorizedError("the key is not valid; ask an administrator for one")

    async def _holder(self, key_id: str, shown: str) -> Caller:
        known = self.directory.at_hand(key_id) or await asyncio.to_thread(self.directory.key, key_id)
        if known is None or not self.keys.is_same(shown, known.digest):
            raise UnauthorizedError("the key is not valid; ask an administrator for one")
        if known.is_revoked or _has_expired(known):
            raise UnauthorizedError("the key was revoked or has expired; ask an administrator for a new one")
        self.use.note(key_id)
        return known.caller

    async def _bearer(self, token: str) -> Caller:
        holder = await self._verifier.verify(token)
        who = holder.name, holder.tenant, holder.scopes, holder.subjects
        if self.directory.has_tenant_at_hand(holder.tenant):
            caller = self.directory.caller(*who)
        else:
            caller = await asyncio.to_thread(self.directory.caller, *who)
        return replace(caller, token=token)

    async def _seen_as(self, caller: Caller, viewed: list[str]) -> Caller:
        """The caller whom an administrator looks through the eyes of; he may search, and nothing more."""
        caller.require("admin")
        kind, _, name = viewed[0].partition(":")
        if len(viewed) > 1 or len(viewed[0]) > _MAX_VIEW_AS or kind not in ("key", "groups") or not name:
            raise InvalidAccessError(f"{VIEW_AS} is 'key:KEY_ID' or 'groups:NAME,NAME', and stands once")
        if kind == "key":
            whose = None if caller.tenant == DEFAULT_TENANT else caller.tenant
            record = await asyncio.to_thread(self.keys.get, name, tenant=whose)
            tenant, scopes, groups = record.tenant, frozenset(record.scopes), list(record.groups)
        else:
            tenant, scopes = caller.tenant, _SEARCH
            groups = [group.strip() for group in name.split(",")]
        eyes = await asyncio.to_thread(
            self.directory.caller, viewed[0], tenant, scopes, groups_as_subjects(groups)
        )
        return replace(
            eyes,
            scopes=_SEARCH & eyes.scopes & caller.scopes,
            viewed_by=caller.name,
            requests_per_minute=caller.requests_per_minute,
        )


def _environment_name(key: bytes, place: int, pepper: bytes | None) -> str:
    """What the holder of a key is called: the same wherever it stands among the others.

    Without a pepper a name that follows from the key would tell of it; then its place has to do.
    """
    if pepper is None:
        return f"environment:{place}"
    digest = hmac.digest(derived(pepper, "names of keys of the environment"), key, hashlib.sha256)
    return f"environment:{digest.hex()[:16]}"


def _has_expired(known: KnownKey) -> bool:
    return known.expires_at is not None and known.expires_at <= utc_now()
