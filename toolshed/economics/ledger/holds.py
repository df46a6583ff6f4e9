"""Amounts that are reserved under a budget, and what was spent of them. Statements are built once."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from toolshed.economics.ledger.inserting import insert_new
from toolshed.economics.ledger.records import utc_now
from toolshed.economics.ledger.tables import budget_account, budget_hold, budget_settlement

_OF_ACCOUNT = (
    budget_account.c.tenant == bindparam("holder"),
    budget_account.c.window_start == bindparam("since"),
)
_COMMITTED = select(budget_account.c.committed_usd).where(*_OF_ACCOUNT)
_ADD = (
    update(budget_account)
    .where(*_OF_ACCOUNT)
    .values(committed_usd=budget_account.c.committed_usd + bindparam("more"))
)
_ADD_WITHIN = _ADD.where(budget_account.c.committed_usd <= bindparam("most"))
_HELD = select(budget_hold).where(budget_hold.c.hold_id == bindparam("hold"))


class BudgetWindow(NamedTuple):
    """Whose budget it is, and since when."""

    tenant: str
    window_start: datetime


def reserve(
    connection: Connection, hold_id: str, amount_usd: Decimal, *, cap_usd: Decimal, window: BudgetWindow
) -> bool:
    """Reserve an amount; returns whether the cap allows it. Under an id that is reserved it does nothing.

    The check and the reservation are one statement of the database, so that any number of callers together
    never commit more than the cap.
    """
    row = {"hold_id": hold_id, "reserved_usd": amount_usd, "reserved_at": utc_now(), **window._asdict()}
    if not insert_new(connection, budget_hold, [row]):
        return True
    wanted = {**_place(window), "more": amount_usd, "most": cap_usd - amount_usd}
    if connection.execute(_ADD_WITHIN, wanted).rowcount:
        return True
    # The first one of a window; or another was, which was not committed before and is waited for here.
    insert_new(connection, budget_account, [{**window._asdict(), "committed_usd": Decimal(0)}])
    return bool(connection.execute(_ADD_WITHIN, wanted).rowcount)


def settle(connection: Connection, hold_id: str, spent_usd: Decimal) -> bool:
    """Replace a reservation by what was spent, once; returns whether there is such a reservation."""
    held = connection.execute(_HELD, {"hold": hold_id}).mappings().first()
    if held is None:
        return False
    row = {"hold_id": hold_id, "spent_usd": spent_usd, "settled_at": utc_now()}
    if insert_new(connection, budget_settlement, [row]):
        window = BudgetWindow(held["tenant"], held["window_start"])
        connection.execute(_ADD, {**_place(window), "more": spent_usd - held["reserved"]})
    return True


def committed_usd(connection: Connection, window: BudgetWindow) -> Decimal:
    """What was spent or reserved."""
    return connection.execute(_COMMITTED, _place(window)).scalar() or Decimal(0)


def _place(window: BudgetWindow) -> dict[str, object]:
    return {"holder": window.tenant, "since": window.window_start}
