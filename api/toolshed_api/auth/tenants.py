"""Tenants: whose tools, text and costs are meant."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from toolshed.errors import ConfigurationError
from toolshed.state.database import Database
from toolshed_api.auth.changes import changing, check_is_tenant, utc_now
from toolshed_api.auth.errors import AccessConflictError, InvalidAccessError
from toolshed_api.auth.tables import tenant
from toolshed_api.callers import DEFAULT_TENANT
from toolshed_api.tenant_sheds import check_tenant


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant.

    Attributes:
        name: Names its knowledge base, too.
        is_restricted: Whether its callers find only what was granted to them; otherwise they find all of it.
        is_suspended: Whether none of its callers is let in.
        created_at: When it was made.
    """

    name: str
    is_restricted: bool
    is_suspended: bool
    created_at: datetime


class Tenants:
    """The tenants of a service; ``default`` is always there.

    Args:
        database: Where they are stored.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, *, is_restricted: bool = False) -> Tenant:
        """Make a tenant.

        Raises:
            InvalidAccessError: If the name will not do.
            AccessConflictError: If there is one of this name.
        """
        try:
            check_tenant(name)
        except ConfigurationError as error:
            raise InvalidAccessError(str(error)) from error
        row = Tenant(name, is_restricted, is_suspended=False, created_at=utc_now())
        with changing(self._database) as connection:
            if connection.execute(select(tenant.c.name).where(tenant.c.name == name)).scalar():
                raise AccessConflictError(f"there is a tenant {name!r} already")
            connection.execute(insert(tenant), {one: getattr(row, one) for one in Tenant.__slots__})
        return row

    def change(
        self, name: str, *, is_restricted: bool | None = None, is_suspended: bool | None = None
    ) -> Tenant:
        """Restrict a tenant to grants or not, suspend it or not; None leaves it as it is.

        Raises:
            UnknownTenantError: If there is no such tenant.
            AccessConflictError: If the default tenant is to be suspended, which administers the others.
        """
        if name == DEFAULT_TENANT and is_suspended:
            raise AccessConflictError(f"the tenant {name!r} administers the others and cannot be suspended")
        given = {"is_restricted": is_restricted, "is_suspended": is_suspended}
        values = {column: value for column, value in given.items() if value is not None}
        with changing(self._database) as connection:
            check_is_tenant(connection, name)
            if values:
                connection.execute(update(tenant).where(tenant.c.name == name).values(**values))
        return self.get(name)

    def get(self, name: str) -> Tenant:
        """A tenant.

        Raises:
            UnknownTenantError: If there is no such tenant.
        """
        with self._database.reading() as connection:
            check_is_tenant(connection, name)
            row = connection.execute(select(tenant).where(tenant.c.name == name)).mappings().one()
        return Tenant(**row)

    def list_tenants(self) -> list[Tenant]:
        """All of them, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(tenant).order_by(tenant.c.name)).mappings().all()
        return [Tenant(**row) for row in rows]
