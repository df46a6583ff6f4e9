"""Reports over the ledger: spend and cost-of-pass by model, class, pipeline, tenant, team or day."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import isfinite, isnan
from typing import Any

from sqlalchemy import func, select

from toolshed.economics.learning.evidence import DriftAlarm
from toolshed.economics.ledger import tables
from toolshed.economics.ledger.judged import judged_decisions
from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.replay.tables import OutcomeTable
from toolshed.economics.reporting.cost_of_pass import (
    ConditionalPassRate,
    CostOfPass,
    Frontier,
    Trial,
    by_group,
    conditional_pass_rates,
    cost_of_pass,
    frontier,
    frontier_of_trials,
)
from toolshed.economics.reporting.intervals import MIN_JUDGED, MIN_PASSED
from toolshed.economics.reporting.trials import GROUPINGS, Scope, attempts, tasks
from toolshed.errors import InvalidQueryError


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
        total: All rows together; None of a single one.
    """

    by: str
    rows: Sequence[CostOfPass]
    frontier: Frontier | None
    conditional: Sequence[ConditionalPassRate]
    component_usd: dict[str, float]
    alarms: Sequence[DriftAlarm] = ()
    total: CostOfPass | None = None

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; infinite and missing numbers are null, with ``never_passed`` beside them."""
        return {
            "by": self.by,
            "rows": [_row_json(row) for row in self.rows],
            "total": None if self.total is None else _row_json(self.total),
            "frontier": None if self.frontier is None else _plain(asdict(self.frontier)),
            "conditional_pass_rates": [_plain(asdict(one)) for one in self.conditional],
            "spend_by_component_usd": self.component_usd,
            "drift_alarms": [asdict(one) for one in self.alarms],
        }

    def to_text(self) -> str:
        """As a table."""
        if not self.rows:
            return "nothing is booked yet"
        width = max(len(self.by), 5, *(len(row.group) for row in self.rows))
        what = "attempts" if self.by == "model" else "tasks"
        lines = [
            f"{'':<{width}}  {'':>7}  {'tokens':>7}  {'tokens':>7}  {'':>11}  {what + ' known':>16}",
            f"{self.by:<{width}}  {'calls':>7}  {'in':>7}  {'out':>7}  {'spend':>11}  {'outcome':>7}  "
            f"{'unknown':>7}  {'passed':>7}  {'cost-of-pass':>12}   95 % interval",
            *(_row_text(row, width) for row in (*self.rows, *([self.total] if self.total else []))),
        ]
        if any(isnan(row.low) and row.n_passed + row.n_failed for row in self.rows):
            lines.append(f"(an interval needs {MIN_JUDGED} outcomes, {MIN_PASSED} of them passed)")
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
    until: datetime | None = None,
    human_usd: float | None = None,
) -> CostReport:
    """Report what the ledger holds.

    Rows by model are attempts, with the calls of each, and the calls that no decision led to; the other rows
    are whole tasks, with everything that was spent on them. A task is of the day, in UTC, on which it began.
    The frontier compares models on the same problem where tasks name one, and on the same class otherwise.

    Args:
        ledger: The ledger.
        by: ``model``, ``class``, ``pipeline``, ``tenant``, ``team`` or ``day``.
        tenant: Only of this tenant.
        since: Only tasks that began then or later.
        until: Only tasks that began before.
        human_usd: What a human costs on a problem.

    Raises:
        InvalidQueryError: If the grouping is unknown.
    """
    if by not in GROUPINGS:
        raise InvalidQueryError(f"unknown grouping {by!r}; choose of {', '.join(GROUPINGS)}")
    scope = Scope(tenant, since, until)
    trials = attempts(ledger, scope) if by == "model" else tasks(ledger, by, scope)
    rows = by_group(trials)
    if by == "day":
        rows.sort(key=lambda row: row.group)
    total = cost_of_pass(trials, "total") if len(rows) > 1 else None
    components = _component_usd(ledger, scope)
    if by != "model":
        return CostReport(by, rows, None, [], components, total=total)
    has_judged = any(trial.passed is not None for trial in trials)
    return CostReport(
        by,
        rows,
        frontier_of_trials(trials, human_usd=human_usd) if has_judged else None,
        _retries(ledger, scope, trials),
        components,
        ledger.evidence(tenant=tenant).alarms,
        total,
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


def _retries(ledger: Ledger, scope: Scope, trials: Sequence[Trial]) -> list[ConditionalPassRate]:
    judged = judged_decisions().subquery().c
    query = select(judged.arm, judged.failed_before, judged.passed).where(
        judged.attempt > 1, judged.passed.is_not(None)
    )
    query = scope.of(query, judged.tenant, judged.decided_at)
    with ledger.database.reading() as connection:
        rows = connection.execute(query).all()
    pairs: dict[tuple[str, str], list[bool]] = {}
    for arm, failed_before, passed in rows:
        if failed_before:
            pairs.setdefault((arm, failed_before[-1]), []).append(bool(passed))
    of_arm: dict[str, list[bool]] = {}
    for trial in trials:
        if trial.passed is not None:
            of_arm.setdefault(trial.group, []).append(trial.passed)
    return [
        ConditionalPassRate(
            arm, before, sum(of_arm[arm]) / len(of_arm[arm]), sum(seen) / len(seen), len(seen)
        )
        for (arm, before), seen in sorted(pairs.items())
    ]


def _component_usd(ledger: Ledger, scope: Scope) -> dict[str, float]:
    call, task = tables.call.c, tables.task.c
    query = (
        select(call.component, func.sum(call.cost_usd))
        .join(tables.task, task.task_id == call.task_id)
        .group_by(call.component)
    )
    with ledger.database.reading() as connection:
        rows = connection.execute(scope.of(query, task.tenant, task.created_at)).all()
    return {component: float(usd) for component, usd in rows}


def _row_text(row: CostOfPass, width: int) -> str:
    interval = "" if isnan(row.low) else f"{_dollars(row.low)} to {_dollars(row.high)}"
    n_known = row.n_passed + row.n_failed
    rate = f"{row.pass_rate:.1%}" if n_known else "-"
    return (
        f"{row.group:<{width}}  {row.n_calls:>7,}  {_tokens(row.input_tokens):>7}  "
        f"{_tokens(row.output_tokens):>7}  {_dollars(row.spend_usd):>11}  {n_known:>7,}  "
        f"{row.n_unknown:>7,}  {rate:>7}  {_dollars(row.cost_of_pass_usd):>12}   {interval}"
    ).rstrip()


def _row_json(row: CostOfPass) -> dict[str, Any]:
    return {**_plain(asdict(row)), "never_passed": row.n_passed == 0 and row.n_failed > 0}


def _tokens(n: int) -> str:
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if n >= size:
            return f"{n / size:.3g}{unit}" if n < 999.5 * size else f"{n / size:,.0f}{unit}"
    return str(n)


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
