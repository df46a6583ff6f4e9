"""What a caller is, to the knowledge base of his tenant, and the credentials that are kept for his calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from toolshed.calling.destinations import call_origin
from toolshed.options import CallArguments
from toolshed.shed.shed import Toolshed
from toolshed.shed.view import ShedView
from toolshed_api.audit.trail import NO_TRAIL, AuditTrail, Note
from toolshed_api.callers import DEFAULT_TENANT, Caller, Scope

if TYPE_CHECKING:
    from toolshed.safety.vault import KeptCredential, Level, Secret
    from toolshed.safety.vault import Scope as VaultScope


@dataclass(frozen=True, slots=True)
class CallerRights:
    """A knowledge base, and who asks for it.

    Attributes:
        shed: The knowledge base of the caller's tenant.
        caller: Who asks.
        trail: Where it is written down what he did.
    """

    shed: Toolshed
    caller: Caller
    trail: AuditTrail = NO_TRAIL

    @property
    def _view(self) -> ShedView:
        return self.shed.seen_by(self.caller.visible, self.caller.name)

    @contextmanager
    def doing(
        self, scope: Scope, action: str, target: str = "", *, text: str | None = None
    ) -> Iterator[Note]:
        """Let the caller do something, if he may, and write down what came of it.

        Args:
            scope: What he must be allowed to do.
            action: What the audit log calls it.
            target: What it is done to.
            text: What he sent; only its digest is kept, unless the operator keeps texts.

        Raises:
            MissingScopeError: If he may not.
        """
        with self.trail.recording(self.caller, action, target, text=text) as note:
            self.caller.require(scope)
            yield note


class CredentialSlot(TypedDict):
    """What a credential is for: a source, and one of its schemes, or empty for whatever it asks for."""

    level: "Level"
    source: str
    scheme: str


@dataclass(frozen=True, slots=True)
class CallerCredentials(CallerRights):
    """The credentials that a caller keeps here for upstream servers."""

    def _with_credentials(self, tool_id: str, options: CallArguments) -> CallArguments:
        """With those that are kept for his calls to the tool's source, where he gives none himself."""
        if not self.shed.vault.is_set or options.get("credentials") is not None:
            return options
        tool = self._view.get_tool(tool_id)
        source, origin = tool.source, call_origin(tool, options.get("server"))
        shed, caller = self.shed, self.caller
        found = shed.vault.for_call(
            source,
            tenant=caller.tenant,
            owner=caller.name,
            origin=origin,
            token=caller.token,
            reach=shed.reach,
        )
        return options if found is None else CallArguments(**{**options, "credentials": {source: found}})

    def put_credential(self, slot: "CredentialSlot", credential: "Secret") -> "KeptCredential":
        """Keep a credential for upstream calls: a user his own, an administrator his tenant's.

        Args:
            slot: What it is for; whose it is follows from the caller.
            credential: It, or how a token is got.

        Raises:
            MissingScopeError: If he may not.
        """
        from toolshed.safety.vault import Slot

        caller, level = self.caller, slot["level"]
        with self.doing("call" if level == "user" else "admin", "credentials.put", slot["source"]):
            if level == "service":
                caller.require_tenant(DEFAULT_TENANT)
            tenant = "" if level == "service" else caller.tenant
            owner = caller.name if level == "user" else ""
            kept = Slot(level, tenant, owner, slot["source"], slot["scheme"])
            own = [tool for tool in self._view.definitions() if tool.source == slot["source"]]
            origins = sorted({call_origin(tool) for tool in own} - {""})
            return self.shed.vault.opened.put(kept, credential, by=caller.name, origins=origins)

    def credentials(self) -> "list[KeptCredential]":
        """Which credentials he may see that there are: his own; an administrator, those of his tenant."""
        with self.doing("admin" if "admin" in self.caller.scopes else "call", "credentials.list"):
            return self.shed.vault.opened.kept(self._credential_scope)

    def remove_credential(self, credential_id: str) -> bool:
        """Remove one of :meth:`credentials`; says whether it was there."""
        with self.doing("call", "credentials.remove", credential_id):
            return self.shed.vault.opened.remove(credential_id, within=self._credential_scope)

    @property
    def _credential_scope(self) -> "VaultScope":
        from toolshed.safety.vault import Scope as VaultScope

        caller = self.caller
        if "admin" not in caller.scopes:
            caller.require("call")
            return VaultScope(caller.tenant, caller.name)
        return VaultScope(caller.tenant, with_service=caller.tenant == DEFAULT_TENANT)
