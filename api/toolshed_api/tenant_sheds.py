"""The knowledge bases of a service: one a tenant, so that none can learn anything of another."""

import re
import threading

from toolshed.catalog.reach import Reach
from toolshed.errors import ConfigurationError
from toolshed.settings import Settings
from toolshed.shed.location import TENANTS, Location
from toolshed.shed.opening import ShedArguments, options_from
from toolshed.shed.sharing import Sharing
from toolshed.shed.shed import Toolshed
from toolshed_api.callers import DEFAULT_TENANT
from toolshed_api.state import state_location

TENANT_NAME = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"


class TenantSheds:
    """Opens the knowledge base of each tenant when it is first asked for. Threads may share it.

    Tenants do not share stores: what is computed over all tools of a store (document frequencies, means,
    names, sources) tells one nothing of another, whatever is computed. They share the ledger, which books
    under the tenant's name.

    Args:
        settings: Where the default tenant's knowledge base is, and how all are opened.
        default: The default tenant's, where it is open already; it is left open at the end.
        sharing: Which of several processes over the same knowledge bases this is.
    """

    def __init__(
        self, settings: Settings, default: Toolshed | None = None, sharing: Sharing | None = None
    ) -> None:
        self._settings, self._sharing = settings, sharing
        self._lock = threading.Lock()
        self._given = default
        self._opened: dict[str, Toolshed] = {} if default is None else {DEFAULT_TENANT: default}

    def of(self, tenant: str) -> Toolshed:
        """The knowledge base of a tenant.

        Raises:
            ConfigurationError: If the name will not do.
            KnowledgeBaseError: If it cannot be opened.
        """
        with self._lock:
            # The default tenant's is made first: it takes no folder in which others lie already.
            for one in (DEFAULT_TENANT, tenant):
                if one not in self._opened:
                    self._opened[one] = self._open(one)
            return self._opened[tenant]

    def opened(self) -> list[Toolshed]:
        """Those that are open."""
        with self._lock:
            return list(self._opened.values())

    def opened_by_tenant(self) -> dict[str, Toolshed]:
        """Those that are open, by their tenants."""
        with self._lock:
            return dict(self._opened)

    def close(self) -> None:
        """Close those that were opened here."""
        with self._lock:
            for shed in self._opened.values():
                if shed is not self._given:
                    shed.close()
            self._opened.clear()

    def _open(self, tenant: str) -> Toolshed:
        at = Location.of(self._settings.kb)
        options = options_from(self._settings)
        options["tenant"] = tenant
        options["sharing"] = self._sharing
        options["state"] = state_location(self._settings)
        # Whoever asks is somewhere else: the machine's own network, files and programs are not his.
        options["reach"] = Reach.of_service(self._settings.allowed_sources)
        if tenant == DEFAULT_TENANT:
            return Toolshed(at.text, **options)
        check_tenant(tenant)
        return Toolshed(*self._place(at, options, tenant), **options)

    def _place(self, at: Location, options: ShedArguments, tenant: str) -> tuple[str]:
        """Where another tenant's knowledge base is; its costs stay in the one ledger."""
        if at.is_memory:
            return (at.text,)
        if at.folder is None:
            options["collection"] = f"{options['collection']}--{tenant}"
            return (at.text,)
        options["ledger"] = at.ledger(options["ledger"])
        return (str(at.folder / TENANTS / tenant),)


def check_tenant(name: str) -> None:
    """Refuse what is no name of a tenant: it names a folder, or a collection.

    Raises:
        ConfigurationError: If it will not do.
    """
    if not re.fullmatch(TENANT_NAME, name):
        raise ConfigurationError(
            f"{name[:80]!r} is no name of a tenant; use lower-case letters, digits and hyphens, 63 at most"
        )
