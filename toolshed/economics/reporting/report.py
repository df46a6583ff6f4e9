"""Reports over the ledger: cost-of-pass by model, class, pipeline or tenant, and the story of a task."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from sqlalchemy import func, select

from toolshed.economics.learning.evidence import DriftAlarm
from toolshed.economics.ledger import tables
from toolshed.economics.ledger.judged import judged_decisions, judged_tasks
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.replay.tables import OutcomeTable
from toolshed.economics.reporting.cost_of_pass import (
    ConditionalPassRate,
    CostOfPass,
    Frontier,
    Trial,
    by_group,
    conditional_pass_rates,
    frontier,
    frontier_of_trials,
)
from toolshed.errors import InvalidQueryError

GROUPINGS = ("model", "class", "pipeline", "tenant")


@dataclass(frozen=True)
class CostReport:
    """What was spent and what it bought.

    Attributes:
        by: What rows are grouped by.
        rows: Cost-of-pass of each group, the cheapest pass first.
        frontier: Of the models; None when nothing is judged, or rows are no models.
        conditional: Pass rates after a failure.
        component_usd: Dollars by component of the pipeline.
        alarms: Arms that began to pass less than predicted, where rows are models.
    """

    by: str
    rows: Sequence[CostOfPass]
    frontier: Frontier | None
    conditional: Sequence[ConditionalPassRate]
    component_usd: dict[str, float]
    alarms: Sequence[DriftAlarm] = ()

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; infinite and missing numbers are null, with ``never_passed`` beside them."""
        return {
            "by": self.by,
            "rows": [
                {**_plain(asdict(row)), "never_passed": row.n_passed == 0 and row.n_failed > 0}
                for row in self.rows
            ],
            "frontier": None if self.frontier is None else _plain(asdict(self.frontier)),
            "conditional_pass_rates": [_plain(asdict(one)) for one in self.conditional],
            "spend_by_component_usd": self.component_usd,
            "drift_alarms": [asdict(one) for one in self.alarms],
        }

    def to_text(self) -> str:
        """As a table."""
        if not self.rows:
            return "nothing is booked yet"
        width = max(len(self.by), *(len(row.group) for row in self.rows))
        lines = [
            f"{self.by:<{width}}  passed  failed  unknown  pass rate    mean cost   cost-of-pass   "
            "95 % interval",
            *(_row_text(row, width) for row in self.rows),
        ]
        if self.frontier is not None:
            human = "" if self.frontier.human_usd is None else f", a human at ${self.frontier.human_usd:g}"
            lines.append(
                f"\nfrontier {_dollars(self.frontier.usd)} a pass over {self.frontier.n_problems} "
                f"problems{human}"
                + ("" if isfinite(self.frontier.usd) else "; one was never passed: give --human")
            )
            for model, value in sorted(self.frontier.value_of.items(), key=lambda item: -item[1]):
                if isfinite(value) and value > 0:
                    lines.append(f"  without {model} it would be {_dollars(value)} dearer")
                elif value > 0:
                    lines.append(f"  without {model} some problem would never be passed")
        after = [one for one in self.conditional if one.n >= 5]
        if after:
            lines.append("\nafter a failure of another, on the same tasks:")
            for one in sorted(after, key=lambda one: -one.n)[:8]:
                lines.append(
                    f"  {one.model} after {one.after_failure_of}: {one.conditional:.1%} instead of "
                    f"{one.pass_rate:.1%} ({one.n} tasks)"
                )
        if self.alarms:
            lines += ["\ndrift:", *(f"  {one}" for one in self.alarms)]
        if self.component_usd:
            parts = ", ".join(f"{name} ${usd:.6f}" for name, usd in sorted(self.component_usd.items()))
            lines.append(f"\nspent on: {parts}")
        return "\n".join(lines)


def build_report(
    ledger: Ledger,
    *,
    by: str = "model",
    tenant: str | None = None,
    since: datetime | None = None,
    human_usd: float | None = None,
) -> CostReport:
    """Report what the ledger holds.

    Rows by model are attempts, with the calls of each; the other rows are whole tasks, with everything that
    was spent on them. The frontier compares models on the same problem where tasks name one, and on the same
    class otherwise.

    Args:
        ledger: The ledger.
        by: ``model``, ``class``, ``pipeline`` or ``tenant``.
        tenant: Only of this tenant.
        since: Only tasks that began then or later.
        human_usd: What a human costs on a problem.

    Raises:
        InvalidQueryError: If the grouping is unknown.
    """
    if by not in GROUPINGS:
        raise InvalidQueryError(f"unknown grouping {by!r}; choose of {', '.join(GROUPINGS)}")
    attempts = _attempts(ledger, tenant, since)
    trials = attempts if by == "model" else _tasks(ledger, by, tenant, since)
    has_judged = by == "model" and any(trial.passed is not None for trial in trials)
    return CostReport(
        by,
        by_group(trials),
        frontier_of_trials(trials, human_usd=human_usd) if has_judged else None,
        _retries(ledger, tenant, attempts) if by == "model" else [],
        _component_usd(ledger, tenant, since),
        ledger.evidence(tenant=tenant).alarms if by == "model" else (),
    )


def table_report(table: OutcomeTable, *, human_usd: float | None = None) -> CostReport:
    """The same of an outcome table, for the arms on offer."""
    columns = table.columns(table.arms)
    costs, passed = table.cost_usd[:, columns], table.passed[:, columns]
    trials = [
        Trial(arm, float(costs[q, a]), bool(passed[q, a]))
        for a, arm in enumerate(table.arms)
        for q in range(len(costs))
    ]
    return CostReport(
        "model",
        by_group(trials),
        frontier(costs, passed, table.arms, human_usd=human_usd),
        conditional_pass_rates(passed, table.arms),
        {},
    )


def _attempts(ledger: Ledger, tenant: str | None, since: datetime | None) -> list[Trial]:
    judged = judged_decisions().subquery()
    query = (
        select(
            judged.c.arm,
            func.sum(tables.call.c.cost_usd),
            judged.c.passed,
            judged.c.problem,
            judged.c.task_class,
        )
        .outerjoin(tables.call, tables.call.c.decision_id == judged.c.decision_id)
        .group_by(judged.c.decision_id, judged.c.arm, judged.c.passed, judged.c.problem, judged.c.task_class)
    )
    if tenant is not None:
        query = query.where(judged.c.tenant == tenant)
    if since is not None:
        query = query.where(judged.c.decided_at >= since)
    with ledger.database.reading() as connection:
        return [
            Trial(r[0], float(r[1] or 0), None if r[2] is None else bool(r[2]), r[3] or r[4])
            for r in connection.execute(query)
        ]


def _tasks(ledger: Ledger, by: str, tenant: str | None, since: datetime | None) -> list[Trial]:
    judged = judged_tasks().subquery()
    group = judged.c.task_class if by == "class" else judged.c[by]
    query = (
        select(group, func.sum(tables.call.c.cost_usd), judged.c.passed)
        .outerjoin(tables.call, tables.call.c.task_id == judged.c.task_id)
        .group_by(judged.c.task_id, group, judged.c.passed)
    )
    if tenant is not None:
        query = query.where(judged.c.tenant == tenant)
    if since is not None:
        query = query.where(judged.c.created_at >= since)
    with ledger.database.reading() as connection:
        return [
            Trial(r[0] or "-", float(r[1] or 0), None if r[2] is None else bool(r[2]))
            for r in connection.execute(query)
        ]


def _retries(ledger: Ledger, tenant: str | None, attempts: Sequence[Trial]) -> list[ConditionalPassRate]:
    judged = judged_decisions().subquery()
    query = select(judged.c.arm, judged.c.failed_before, judged.c.passed).where(
        judged.c.attempt > 1, judged.c.passed.is_not(None)
    )
    if tenant is not None:
        query = query.where(judged.c.tenant == tenant)
    with ledger.database.reading() as connection:
        rows = connection.execute(query).all()
    pairs: dict[tuple[str, str], list[bool]] = {}
    for arm, failed_before, passed in rows:
        if failed_before:
            pairs.setdefault((arm, failed_before[-1]), []).append(bool(passed))
    of_arm: dict[str, list[bool]] = {}
    for trial in attempts:
        if trial.passed is not None:
            of_arm.setdefault(trial.group, []).append(trial.passed)
    return [
        ConditionalPassRate(
            arm, before, sum(of_arm[arm]) / len(of_arm[arm]), sum(seen) / len(seen), len(seen)
        )
        for (arm, before), seen in sorted(pairs.items())
    ]


def _component_usd(ledger: Ledger, tenant: str | None, since: datetime | None) -> dict[str, float]:
    call, task = tables.call.c, tables.task.c
    query = (
        select(call.component, func.sum(call.cost_usd))
        .join(tables.task, task.task_id == call.task_id)
        .group_by(call.component)
    )
    if tenant is not None:
        query = query.where(task.tenant == tenant)
    if since is not None:
        query = query.where(task.created_at >= since)
    with ledger.database.reading() as connection:
        return {r[0]: float(r[1]) for r in connection.execute(query)}


def _row_text(row: CostOfPass, width: int) -> str:
    interval = f"{_dollars(row.low)} to {_dollars(row.high)}"
    return (
        f"{row.group:<{width}}  {row.n_passed:>6}  {row.n_failed:>6}  {row.n_unknown:>7}  "
        f"{row.pass_rate:>9.1%}  {_dollars(row.mean_cost_usd):>11}  "
        f"{_dollars(row.cost_of_pass_usd):>13}   {interval}"
    )


def _dollars(amount_usd: float) -> str:
    if not isfinite(amount_usd):
        return "infinite" if amount_usd > 0 else "-"
    return f"${amount_usd:.6f}" if abs(amount_usd) < 1 else f"${amount_usd:,.2f}"


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items()}
        return None if isinstance(value, float) and not isfinite(value) else value

    return {key: plain(value) for key, value in values.items()}
