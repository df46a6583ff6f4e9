"""Grants: the sources and tools that groups may find, where a tenant is restricted."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, insert, select

from toolshed.state.database import Database
from toolshed.visibility import Visibility
from toolshed_api.auth.changes import changing, check_is_tenant, check_text, utc_now
from toolshed_api.auth.errors import InvalidAccessError, UnknownGrantError
from toolshed_api.auth.tables import access_grant

GrantKind = Literal["source", "tool"]
# Everybody of a tenant, whatever his groups.
EVERYBODY = "group:*"
_MAX_SUBJECT, _MAX_OBJECT = 500, 1000
MAX_GRANTS = 100_000


@dataclass(frozen=True, slots=True)
class Grant:
    """That some callers may find something.

    Attributes:
        grant_id: Names it.
        tenant: Whose callers, and whose tools.
        subject: ``group:NAME`` (``group:*`` is everybody), or ``claim:NAME=VALUE`` of a token.
        kind: Whether a whole source is granted, or one tool.
        object: The name of the source, or the id of the tool. It need not be there yet.
        created_by: Who granted it.
        created_at: When.
    """

    grant_id: str
    tenant: str
    subject: str
    kind: GrantKind
    object: str
    created_by: str
    created_at: datetime


class Grants:
    """The grants of a service.

    Args:
        database: Where they are stored.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, tenant: str, subject: str, kind: GrantKind, thing: str, *, created_by: str) -> Grant:
        """Grant something; granting it again changes nothing.

        Raises:
            UnknownTenantError: If there is no such tenant.
            InvalidAccessError: If there can be no such grant, or there are too many.
        """
        subject = _checked_subject(subject)
        thing = check_text(thing, f"the {kind}", most=_MAX_OBJECT)
        made = Grant(secrets.token_hex(8), tenant, subject, kind, thing, created_by[:200], utc_now())
        with changing(self._database) as connection:
            check_is_tenant(connection, tenant)
            column = access_grant.c
            same = (column.subject == subject, column.kind == kind, column.object == thing)
            granted = select(access_grant).where(column.tenant == tenant)
            found = connection.execute(granted.where(*same)).mappings().first()
            if found is not None:
                return Grant(**found)
            if len(connection.execute(granted.with_only_columns(column.grant_id)).all()) >= MAX_GRANTS:
                raise InvalidAccessError(
                    f"the tenant {tenant!r} has {MAX_GRANTS:,} grants; grant sources rather than tools"
                )
            connection.execute(insert(access_grant), {one: getattr(made, one) for one in Grant.__slots__})
        return made

    def remove(self, grant_id: str, *, tenant: str | None = None) -> None:
        """Take a grant back.

        Raises:
            UnknownGrantError: If there is no such grant.
        """
        wanted = [access_grant.c.grant_id == grant_id]
        wanted += [access_grant.c.tenant == tenant] if tenant is not None else []
        with changing(self._database) as connection:
            if not connection.execute(delete(access_grant).where(*wanted)).rowcount:
                raise UnknownGrantError(
                    f"there is no grant {grant_id[:80]!r}; list them with: toolshed grants list"
                )

    def list_grants(self, tenant: str, *, after: str = "", limit: int | None = None) -> list[Grant]:
        """The grants of a tenant, by id."""
        query = select(access_grant).where(access_grant.c.tenant == tenant, access_grant.c.grant_id > after)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(access_grant.c.grant_id).limit(limit)).mappings().all()
        return [Grant(**row) for row in rows]


def granted_by_subject(connection: Connection, tenant: str) -> Mapping[str, Visibility]:
    """What each subject of a tenant was granted."""
    column = access_grant.c
    query = select(column.subject, column.kind, column.object).where(column.tenant == tenant)
    found: dict[str, dict[str, set[str]]] = {}
    for subject, kind, thing in connection.execute(query):
        found.setdefault(subject, {"source": set(), "tool": set()})[kind].add(thing)
    return {
        subject: Visibility(frozenset(granted["source"]), frozenset(granted["tool"]))
        for subject, granted in found.items()
    }


def union(granted: Mapping[str, Visibility], subjects: Iterable[str]) -> Visibility:
    """What a caller may find who is all of these."""
    parts = [granted[subject] for subject in dict.fromkeys((EVERYBODY, *subjects)) if subject in granted]
    if len(parts) == 1:
        return parts[0]
    return Visibility(
        frozenset().union(*(part.sources or () for part in parts)),
        frozenset().union(*(part.tool_ids for part in parts)),
    )


def groups_as_subjects(groups: Iterable[str]) -> list[str]:
    """The subjects that groups are."""
    return [f"group:{group}" for group in groups]


def _checked_subject(subject: str) -> str:
    kind, _, name = subject.partition(":")
    is_claim = kind == "claim"
    if kind not in ("group", "claim") or not name.strip() or (is_claim and "=" not in name.strip("=")):
        raise InvalidAccessError(
            f"a grant is not to {subject[:80]!r}; it is to 'group:NAME', to 'group:*' for everybody, or to "
            "'claim:NAME=VALUE'"
        )
    return f"{kind}:{check_text(name, 'the group or claim', most=_MAX_SUBJECT - 6)}"
