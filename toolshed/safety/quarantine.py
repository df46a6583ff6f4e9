"""Definitions that are held back until somebody decides: durable, a tenant's own."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast, get_args

from sqlalchemy import and_, delete, select, update

from toolshed.catalog.locations import origin_of
from toolshed.errors import UnknownToolError
from toolshed.options import OnChange
from toolshed.safety.changes import Change
from toolshed.safety.tables import change_policy, quarantined_tool
from toolshed.state.database import Database
from toolshed.state.upserting import insert_new, upsert
from toolshed.types import ToolDefinition

Status = Literal["pending", "approved", "rejected"]
_STATUSES: Sequence[Status] = get_args(Status)
# More than this is one decision for a person; the oldest are shown.
_MAX_LISTED = 10_000


@dataclass(frozen=True, slots=True)
class HeldTool:
    """A definition that is held back.

    Attributes:
        tool: The definition, with where it was read.
        change: How it differs from the one that serves, as JSON: grade, grades, differences, findings.
        status: What was decided.
        seen_at: When it was first seen.
        decided_by: Who decided.
    """

    tool: ToolDefinition
    change: Mapping[str, Any]
    status: Status
    seen_at: datetime
    decided_by: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON, without the definition itself."""
        return {
            "tool_id": self.tool.tool_id,
            "content_hash": self.tool.content_hash,
            "status": self.status,
            "seen_at": self.seen_at.isoformat(),
            "decided_by": self.decided_by,
            **self.change,
        }


class Quarantine:
    """What is held back for one tenant; threads and processes may share the database.

    Args:
        database: Where it is kept.
        tenant: Whose.
    """

    def __init__(self, database: Database, tenant: str) -> None:
        self._database, self._tenant = database, tenant

    @property
    def policy(self) -> OnChange | None:
        """What happens to dangerous changes of this tenant's tools, where somebody said."""
        with self._database.reading() as connection:
            said = connection.execute(
                select(change_policy.c.on_change).where(change_policy.c.tenant == self._tenant)
            ).scalar()
        return cast(OnChange | None, said)

    def set_policy(self, on_change: OnChange) -> None:
        """Say what shall happen to dangerous changes from now on."""
        with self._database.writing() as connection:
            upsert(connection, change_policy, {"tenant": self._tenant, "on_change": on_change})

    def hold(self, changes: Sequence[tuple[ToolDefinition, Change]]) -> Mapping[str, Status]:
        """Hold definitions back, unless they were decided on before; the latest of a tool takes its place.

        Returns:
            The status of each by tool id; those that were approved need not be held.
        """
        statuses: dict[str, Status] = {}
        now = datetime.now(UTC)
        with self._database.writing() as connection:
            for tool, change in changes:
                known = connection.execute(select(quarantined_tool.c.status).where(self._is(tool))).scalar()
                statuses[tool.tool_id] = cast(Status, known) if known in _STATUSES else "pending"
                # What the source does not say any more needs no decision.
                connection.execute(
                    delete(quarantined_tool).where(
                        self._pending(tool.tool_id), quarantined_tool.c.tool_hash != _key(tool)
                    )
                )
                if known is None:
                    insert_new(connection, quarantined_tool, self._row(tool, change, now))
        return statuses

    def release(self, tool_ids: Sequence[str]) -> None:
        """Forget what is pending of tools whose source says again what serves."""
        with self._database.writing() as connection:
            for tool_id in tool_ids:
                connection.execute(delete(quarantined_tool).where(self._pending(tool_id)))

    def pending_ids(self) -> frozenset[str]:
        """The tools of which something waits for a decision."""
        return frozenset(one.tool.tool_id for one in self.held())

    def held(self, status: Status = "pending") -> list[HeldTool]:
        """What was held back, the oldest first."""
        table = quarantined_tool.c
        with self._database.reading() as connection:
            rows = connection.execute(
                select(quarantined_tool)
                .where(table.tenant == self._tenant, table.status == status)
                .order_by(table.seen_at, table.tool_hash)
                .limit(_MAX_LISTED)
            ).all()
        return [
            HeldTool(
                ToolDefinition.from_json(row.definition), row.change, row.status, row.seen_at, row.decided_by
            )
            for row in rows
        ]

    def one(self, tool_id: str, content_hash: str | None = None) -> HeldTool:
        """What waits for a decision of a tool.

        Args:
            tool_id: The tool.
            content_hash: Which definition of it was looked at; whatever waits, when not given.

        Raises:
            UnknownToolError: If nothing of it waits, or its source has changed it again.
        """
        for held in self.held():
            if held.tool.tool_id == tool_id:
                if content_hash not in (None, held.tool.content_hash):
                    raise UnknownToolError(
                        f"{tool_id!r} has changed again since it was looked at; look at it once more"
                    )
                return held
        raise UnknownToolError(
            f"nothing of {tool_id!r} waits for a decision; toolshed quarantine list tells what does"
        )

    def decide(self, held: HeldTool, status: Status, *, by: str) -> None:
        """Note a decision."""
        with self._database.writing() as connection:
            connection.execute(
                update(quarantined_tool)
                .where(self._is(held.tool))
                .values(status=status, decided_by=by[:200], decided_at=datetime.now(UTC))
            )

    def _row(self, tool: ToolDefinition, change: Change, now: datetime) -> dict[str, Any]:
        return {
            "tenant": self._tenant,
            "tool_hash": _key(tool),
            "tool_id": tool.tool_id,
            "content_hash": tool.content_hash,
            "definition": tool.to_json(),
            "change": {
                "grade": change.grade,
                "grades": list(change.grades),
                "differences": [one.to_json() for one in change.differences],
                "findings": [one.to_json() for one in change.findings],
            },
            "status": "pending",
            "seen_at": now,
        }

    # Any: an expression of SQLAlchemy.
    def _is(self, tool: ToolDefinition) -> Any:
        table = quarantined_tool.c
        return and_(table.tenant == self._tenant, table.tool_hash == _key(tool))

    def _pending(self, tool_id: str) -> Any:
        table = quarantined_tool.c
        return and_(table.tenant == self._tenant, table.tool_id == tool_id, table.status == "pending")


def _key(tool: ToolDefinition) -> str:
    """Ids may be longer than what databases index. What was approved of one server is not of another."""
    said = f"{tool.content_hash} {tool.tool_id} {origin_of(tool.location)}"
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
