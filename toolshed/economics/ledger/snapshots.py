"""Snapshots of what facts come to: evidence and spend up to a time, with what was booked since added.

Facts are only ever added, so those up to a time are what they were while there are as many of them. Some are
booked late, or revise what was judged long ago: then an older snapshot is gone on from, or none.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, delete, func, select, union

from toolshed.economics.learning.evidence import Evidence, Judgement, TokenCount, fold
from toolshed.economics.ledger import tables
from toolshed.economics.ledger.inserting import insert_new
from toolshed.economics.ledger.judged import Facts, judgements, token_counts
from toolshed.economics.ledger.records import utc_now
from toolshed.errors import ToolshedError
from toolshed.state.database import Database

_logger = logging.getLogger(__name__)

# Calls are booked when they end, under the time when they began.
_SETTLED_AFTER = timedelta(minutes=15)
# Fewer facts are read in a moment.
_WORTH_KEEPING = 2_000
# Of the snapshots of a tenant, one for each doubling of the age: revisions reach back for days.
_MAX_KEPT = 12
_TIMES = {
    "outcome": tables.outcome.c.reported_at,
    "call": tables.call.c.started_at,
    "decision": tables.decision.c.decided_at,
}


@dataclass(frozen=True, slots=True)
class Known:
    """What facts come to.

    Attributes:
        evidence: What was seen of each arm.
        spent_usd: Dollars of calls that decisions led to.
        explored_usd: Dollars that exploration was expected to add.
        until: The time up to which facts are in it; None while there are none.
        n_added: Facts that were added to the snapshot that this was made from.
    """

    evidence: Evidence
    spent_usd: Decimal
    explored_usd: Decimal
    until: datetime | None = None
    n_added: int = 0


def known(connection: Connection, tenant: str, until: datetime | None = None) -> Known:
    """What the facts of a tenant come to, as :func:`.fold` gives it, from the latest snapshot that holds.

    Args:
        connection: A transaction that sees one state of the ledger.
        tenant: Whose.
        until: Facts up to this time; all when None.
    """
    revised: datetime | None = None
    for start in _snapshots(connection, tenant, until):
        assert start.until is not None
        # What was judged later than the snapshot was made is not in it to be revised.
        if revised is not None and start.until >= revised:
            continue
        new, first_revised = _judged_since(connection, tenant, start.until, until)
        if first_revised is None:
            return _added(connection, tenant, start, new, until)
        revised = first_revised
    nothing = Known(Evidence(), Decimal(0), Decimal(0))
    facts = Facts(until)
    return _added(
        connection, tenant, nothing, [one for *_, one in judgements(connection, tenant, facts)], until
    )


def refreshed(database: Database, tenant: str) -> Known:
    """What the facts of a tenant come to; keeps a snapshot of what has settled where that saves reading."""
    with database.reading() as connection:
        # Without any snapshot all facts are read: only once, and those first that can be kept.
        if _has_snapshot(connection, tenant):
            found = known(connection, tenant)
            if found.n_added < _WORTH_KEEPING:
                return found
        settled = utc_now() - _SETTLED_AFTER
        kept = known(connection, tenant, settled)
        if kept.n_added < _WORTH_KEEPING:
            return known(connection, tenant)
        n_facts = _n_facts(connection, settled)
    try:
        with database.writing() as connection:
            _keep(connection, tenant, settled, kept, n_facts)
    except ToolshedError as error:
        # A ledger that cannot be written to can be read, as slowly as without.
        _logger.warning("no snapshot of the evidence could be kept: %s", error)
    with database.reading() as connection:
        return known(connection, tenant)


def _has_snapshot(connection: Connection, tenant: str) -> bool:
    query = select(tables.snapshot.c.until).where(tables.snapshot.c.tenant == tenant).limit(1)
    return connection.execute(query).first() is not None


def _snapshots(connection: Connection, tenant: str, until: datetime | None) -> Iterator[Known]:
    """The snapshots that hold, latest first."""
    snapshot = tables.snapshot.c
    query = select(tables.snapshot).where(snapshot.tenant == tenant).order_by(snapshot.until.desc())
    if until is not None:
        query = query.where(snapshot.until <= until)
    for row in connection.execute(query).mappings().all():
        if row["n_facts"] == _n_facts(connection, row["until"]):
            evidence = Evidence.from_json(row["evidence"])
            yield Known(evidence, row["spent"], row["explored"], row["until"])


def _n_facts(connection: Connection, until: datetime) -> dict[str, int]:
    counts = {name: select(func.count()).where(time <= until) for name, time in _TIMES.items()}
    return {name: int(connection.execute(query).scalar_one()) for name, query in counts.items()}


def _judged_since(
    connection: Connection, tenant: str, since: datetime, until: datetime | None
) -> tuple[Sequence[Judgement], datetime | None]:
    """What was judged since a time, in order; and of what is now judged otherwise, when that was first."""
    outcome, decision = tables.outcome.c, tables.decision.c
    late = Facts(until)
    touched = union(
        select(outcome.task_id).where(outcome.reported_at > since, *late.until(outcome.reported_at)),
        select(decision.task_id).where(decision.decided_at > since, *late.until(decision.decided_at)),
    ).subquery()
    tasks = select(touched.c.task_id)
    before = {one: (at, judged) for one, at, judged in judgements(connection, tenant, Facts(since, tasks))}
    new: list[Judgement] = []
    for one, at, judged in judgements(connection, tenant, Facts(until, tasks)):
        if one not in before:
            new.append(judged)
        elif before[one] == (at, judged):
            del before[one]
    return new, min((at for at, _ in before.values()), default=None)


def _added(
    connection: Connection, tenant: str, start: Known, judged: Sequence[Judgement], until: datetime | None
) -> Known:
    """A snapshot with what came after it."""
    counted = list(_counted_since(connection, tenant, start.until, until))
    evidence = start.evidence
    for now, before in counted:
        evidence.count_tokens(now, instead_of=before)
    fold(judged, (), onto=evidence)
    spent, explored = _spent(connection, tenant, start.until, until)
    return Known(
        evidence,
        start.spent_usd + spent,
        start.explored_usd + explored,
        until,
        len(judged) + len(counted),
    )


def _counted_since(
    connection: Connection, tenant: str, since: datetime | None, until: datetime | None
) -> Iterator[tuple[TokenCount, TokenCount | None]]:
    """Tokens of the decisions that took some since a time, and what each had taken before."""
    if since is None:
        yield from ((one, None) for _, one in token_counts(connection, tenant, Facts(until)))
        return
    call = tables.call.c
    late = select(call.decision_id).where(call.decision_id.is_not(None), call.started_at > since)
    before = dict(token_counts(connection, tenant, Facts(since, late)))
    for one, now in token_counts(connection, tenant, Facts(until, late)):
        if before.get(one) != now:
            yield now, before.get(one)


def _spent(
    connection: Connection, tenant: str, since: datetime | None, until: datetime | None
) -> tuple[Decimal, Decimal]:
    """Dollars spent, and dollars explored, in a time."""

    def total(amount: Any, time: Any, row: Any) -> Decimal:
        query = select(func.sum(amount)).join(tables.task, tables.task.c.task_id == row.task_id)
        query = query.where(row.decision_id.is_not(None))
        query = query.where(tables.task.c.tenant == tenant, *Facts(until).until(time))
        if since is not None:
            query = query.where(time > since)
        return connection.execute(query).scalar() or Decimal(0)

    call, decision = tables.call.c, tables.decision.c
    spent = total(call.cost_usd, call.started_at, call)
    return spent, total(decision.exploration_usd, decision.decided_at, decision)


def _keep(connection: Connection, tenant: str, until: datetime, made: Known, n_facts: dict[str, int]) -> None:
    """Keep a snapshot, and of the older ones fewer the older they are."""
    row = {
        "tenant": tenant,
        "until": until,
        "n_facts": n_facts,
        "spent_usd": made.spent_usd,
        "explored_usd": made.explored_usd,
        "evidence": made.evidence.to_json(),
    }
    insert_new(connection, tables.snapshot, [row])
    snapshot = tables.snapshot.c
    times = connection.execute(
        select(snapshot.until).where(snapshot.tenant == tenant).order_by(snapshot.until.desc())
    ).scalars()
    thinned = _thinned(list(times), until)
    connection.execute(
        delete(tables.snapshot).where(snapshot.tenant == tenant, snapshot.until.not_in(thinned))
    )


def _thinned(times: Sequence[datetime], latest: datetime) -> list[datetime]:
    """Of times, latest first, one for each doubling of the age."""
    kept: dict[int, datetime] = {}
    for time in times:
        # The latest has a place of its own, however young the one before.
        age = -1 if time == latest else int((latest - time) / _SETTLED_AFTER).bit_length()
        kept[age] = time
    return sorted(kept.values(), reverse=True)[:_MAX_KEPT]
