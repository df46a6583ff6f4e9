"""What a knowledge base keeps beside its tools: definitions that are held back, and credentials."""

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from toolshed.catalog.definitions import Catalog
from toolshed.catalog.reach import Reach
from toolshed.errors import ConfigurationError, NoSecretsKeyError, StateError, missing_extra
from toolshed.indexing.tools import Review
from toolshed.options import Credential, IndexArguments, OnChange
from toolshed.shed.location import Location, emptied
from toolshed.shed.tool_library import ToolLibrary
from toolshed.types import SyncReport, ToolDefinition

if TYPE_CHECKING:
    from toolshed.safety.quarantine import HeldTool, Quarantine
    from toolshed.safety.sealing import SecretKeys
    from toolshed.safety.token_grants import TokenKeeper
    from toolshed.safety.vault import Vault
    from toolshed.state.database import Database


class StateFile:
    """A database that is opened when it is first needed. Threads may share it.

    Args:
        at: Where the knowledge base is.
        given: Where the database is, where that was said.
        ledger: Where costs are booked.
    """

    def __init__(self, at: Location, given: str | None, ledger: str | Path | None) -> None:
        self._location = at.state(given, ledger=None if ledger is None else str(ledger))
        self._is_durable = self._location != "memory:" or at.is_memory
        self._lock = threading.Lock()
        self._database: Database | None = None

    @property
    def exists(self) -> bool:
        """Whether anything may be in it."""
        with self._lock:
            if self._database is not None or "://" in self._location:
                return True
        return self._location != "memory:" and Path(self._location).exists()

    @property
    def database(self) -> "Database":
        """The database.

        Raises:
            ConfigurationError: If nothing says where to keep it, or a package is missing.
            StateError: If it cannot be opened.
        """
        if not self._is_durable:
            raise ConfigurationError(
                "where shall this be kept? A Qdrant server keeps no state; give a file or a URL such as "
                "postgresql+psycopg://user@host/name (state=, TOOLSHED_STATE)"
            )
        with self._lock:
            if self._database is None:
                try:
                    from toolshed.state.database import Database
                except ModuleNotFoundError as error:
                    raise missing_extra("sqlalchemy", "economics") from error
                self._database = Database.open(self._location, "state", StateError)
            return self._database

    def damages(self) -> list[str]:
        """What is wrong with the file, if there is one."""
        if not (self._is_durable and self.exists):
            return []
        try:
            return emptied(self._location, "state") or self.database.damages()
        except StateError as error:
            return [str(error)]

    def close(self) -> None:
        """Release it."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None


def _read_keys(text: str) -> "SecretKeys":
    # Cryptography, which is needed where there is a key alone.
    from toolshed.safety.sealing import SecretKeys

    return SecretKeys.parse(text)


class CredentialVault:
    """Credentials for upstream servers, opened when one is first needed.

    Args:
        state: Where they are kept.
        secrets_key: What they are sealed with; see :meth:`.SecretKeys.parse`.

    Raises:
        ConfigurationError: If the key is none.
    """

    def __init__(self, state: StateFile, secrets_key: str | None) -> None:
        self._state = state
        self._keys = _read_keys(secrets_key) if secrets_key else None

    @cached_property
    def _tokens(self) -> "TokenKeeper":
        from toolshed.safety.token_grants import TokenKeeper

        return TokenKeeper()

    @property
    def is_set(self) -> bool:
        """Whether there is a key, so that credentials may be kept."""
        return self._keys is not None

    @property
    def opened(self) -> "Vault":
        """The vault.

        Raises:
            NoSecretsKeyError: If there is no key.
            StateError: If the database cannot be opened.
        """
        if self._keys is None:
            raise NoSecretsKeyError(
                "credentials are kept sealed only: set TOOLSHED_SECRETS_KEY to what toolshed credentials "
                "new-key prints, and keep it where the database is not"
            )
        from toolshed.safety.vault import Vault

        return Vault(self._state.database, self._keys)

    def for_call(
        self, source: str, *, tenant: str, owner: str, origin: str, token: str | None, reach: Reach
    ) -> Mapping[str, Credential] | Credential | None:
        """See :meth:`.Vault.for_call`; what is kept as a grant is a token by then.

        Args:
            source: Whose tools are called.
            tenant: Whose call it is.
            owner: The user.
            origin: The server that is called.
            token: What the user showed, to be exchanged for one of his there.
            reach: Where issuers may be.

        Raises:
            MissingCredentialsError: If an issuer refuses a token.
            SourceError: If an issuer cannot be reached.
        """
        from toolshed.safety.vault import VaultGrant

        def to_send(kept: Credential | VaultGrant) -> Credential:
            if isinstance(kept, VaultGrant):
                return self._tokens.token(kept, subject_token=token, reach=reach)
            return kept

        found = self.opened.for_call(source, tenant=tenant, owner=owner, origin=origin)
        if isinstance(found, Mapping):
            return {scheme: to_send(one) for scheme, one in found.items()}
        return None if found is None else to_send(found)


class ToolQuarantine:
    """Definitions whose changes are held back until somebody decides; see ``toolshed quarantine``.

    What serves meanwhile is the definition of before, and of a new tool nothing.

    Args:
        state: Where they are kept.
        tools: The tools of the knowledge base.
        tenant: Whose they are.
    """

    def __init__(self, state: StateFile, tools: ToolLibrary, tenant: str) -> None:
        self._state, self._tools, self._tenant = state, tools, tenant

    @property
    def _store(self) -> "Quarantine":
        from toolshed.safety.quarantine import Quarantine

        return Quarantine(self._state.database, self._tenant)

    @property
    def policy(self) -> OnChange:
        """What happens to dangerous changes where indexing does not say: ``accept`` or ``quarantine``."""
        return (self._store.policy if self._state.exists else None) or "accept"

    def set_policy(self, on_change: OnChange) -> None:
        """Say what shall happen to dangerous changes from now on."""
        self._store.set_policy(on_change)

    def held(self) -> "list[HeldTool]":
        """What waits for a decision, the oldest first."""
        return self._store.held() if self._state.exists else []

    def approve(self, tool_id: str, content_hash: str | None = None, *, by: str = "local") -> SyncReport:
        """Let a definition take the place of the one that serves.

        Args:
            tool_id: The tool.
            content_hash: Which definition was looked at; refused if its source changed it again since.
            by: Who decides.

        Raises:
            UnknownToolError: If nothing of it waits, or something else than was looked at.
        """
        store = self._store
        held = store.one(tool_id, content_hash)
        catalog = Catalog(held.tool.source, (held.tool,), location=held.tool.location)
        report = self._tools.sync(
            [catalog], IndexArguments(replace=True), remove_missing=False, review=_approved
        )
        store.decide(held, "approved", by=by)
        return report

    def reject(self, tool_id: str, content_hash: str | None = None, *, by: str = "local") -> None:
        """Never let a definition serve; what its source says next is looked at anew.

        Raises:
            UnknownToolError: If nothing of it waits, or something else than was looked at.
        """
        store = self._store
        store.decide(store.one(tool_id, content_hash), "rejected", by=by)

    def review(self, on_change: OnChange | None) -> Review | None:
        """What decides which definitions are held back; None where all are accepted."""
        return self._held_back if (on_change or self.policy) == "quarantine" else None

    def _held_back(
        self, pairs: Sequence[tuple[ToolDefinition | None, ToolDefinition]], current: Sequence[str]
    ) -> Mapping[str, str]:
        from toolshed.safety.changes import change_of

        store = self._store
        changes = [(after, change_of(before, after)) for before, after in pairs]
        dangerous = [(tool, change) for tool, change in changes if change.is_dangerous]
        statuses = store.hold(dangerous)
        harmless = [tool.tool_id for tool, change in changes if not change.is_dangerous]
        settled = store.pending_ids().intersection([*current, *harmless])
        store.release(sorted(settled))
        return {
            tool.tool_id: f"{tool.tool_id} ({', '.join(change.grades[:-1])})"
            + (", rejected before" if statuses[tool.tool_id] == "rejected" else "")
            for tool, change in dangerous
            if statuses[tool.tool_id] != "approved"
        }


def _approved(
    _pairs: Sequence[tuple[ToolDefinition | None, ToolDefinition]], _current: Sequence[str]
) -> Mapping[str, str]:
    """Holds nothing back; what is not listed stays where it is, as under any review."""
    return {}
