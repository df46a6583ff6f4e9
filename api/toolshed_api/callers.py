"""Who asks: a tenant's caller, what he may do, and what he may find."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from toolshed.errors import ToolshedError
from toolshed.visibility import EVERYTHING, Visibility

# "chat" spends on models, through the gateway.
Scope = Literal["search", "call", "index", "admin", "chat"]
SCOPES: frozenset[Scope] = frozenset(get_args(Scope))
DEFAULT_TENANT = "default"


class MissingScopeError(ToolshedError):
    """The caller is known, and may not do this.

    Attributes:
        scope: What he lacks, where it is a scope.
    """

    code = "missing_scope"
    http_status = 403

    def __init__(self, message: str, *, scope: str | None = None) -> None:
        super().__init__(message)
        self.scope = scope


class ForeignSourceError(ToolshedError):
    """The caller may change tools, and not those of this source."""

    code = "foreign_source"
    http_status = 403


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        name: What the audit log calls him: the id of his key, or the subject of his token.
        tenant: Whose tools, text and costs are meant; a caller has one.
        scopes: What he may do.
        visible: The tools that he may find.
        requests_per_minute: How many he may make; None is as many as he likes.
        viewed_by: The administrator who looks through his eyes.
        token: Of the company's issuer, where he showed one; exchanged for one of an upstream server's.
    """

    name: str
    tenant: str = DEFAULT_TENANT
    scopes: frozenset[Scope] = SCOPES
    visible: Visibility = EVERYTHING
    requests_per_minute: int | None = None
    viewed_by: str | None = None
    token: str | None = field(default=None, repr=False)

    @property
    def sees_locations(self) -> bool:
        """Whether he may know where sources are in full: keys stand in addresses."""
        return not self.scopes.isdisjoint(("index", "admin"))

    def require(self, scope: Scope) -> None:
        """Refuse what the caller may not do.

        Raises:
            MissingScopeError: If he lacks a scope.
        """
        if scope not in self.scopes:
            raise MissingScopeError(
                f"this needs the scope {scope!r}, which {self.name!r} does not have", scope=scope
            )

    def require_tenant(self, tenant: str) -> None:
        """Refuse what only the callers of one tenant may do.

        Raises:
            MissingScopeError: If he is of another.
        """
        if self.tenant != tenant:
            raise MissingScopeError(
                f"this is for callers of the tenant {tenant!r}; {self.name!r} is of another"
            )

    def check_manages(self, tenant: str) -> None:
        """Refuse an administrator of one tenant what belongs to another; those of ``default`` manage all.

        Raises:
            MissingScopeError: If he does not manage it, whether it is there or not.
        """
        self.require("admin")
        if self.tenant not in (tenant, DEFAULT_TENANT):
            raise MissingScopeError(
                f"{self.name!r} administers the tenant {self.tenant!r} only; "
                f"ask an administrator of {DEFAULT_TENANT!r}"
            )


# Who asks where no keys are set: then only loopback is answered.
ANYBODY = Caller("anybody")
