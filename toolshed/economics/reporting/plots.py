"""The picture of a cost report: pass rate over cost, with the frontier and what policies reach."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from math import isfinite
from pathlib import Path
from typing import Any

from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.replay.simulation import Progress, StreamOptions, replay
from toolshed.economics.replay.tables import OutcomeTable
from toolshed.economics.reporting.cost_of_pass import CostOfPass
from toolshed.economics.reporting.intervals import MIN_JUDGED, MeanInterval, mean_interval
from toolshed.economics.reporting.report import CostReport
from toolshed.economics.reporting.trials import Scope, tasks
from toolshed.errors import TooLittleEvidenceError, missing_extra

_BLUE, _ORANGE, _GREY = "#0072b2", "#d55e00", "#999999"
_Places = tuple[tuple[int, int, str], ...]
# Where a label may stand, in points from what it names, the preferred place first.
_BELOW = ((6, -11, "left"), (6, 5, "left"), (-6, 5, "right"), (-6, -11, "right"))
_ABOVE = ((6, 5, "left"), (-6, 5, "right"), (6, -11, "left"), (-6, -11, "right"))


@dataclass(frozen=True, slots=True)
class PolicyPoint:
    """Where a policy lies: means over streams of requests, with their 95 % intervals."""

    name: str
    cost_usd: MeanInterval
    pass_rate: MeanInterval


def replayed_policy(
    table: OutcomeTable,
    *,
    seeds: Sequence[int] = range(12),
    stream: StreamOptions | None = None,
    progress: Progress | None = None,
) -> list[PolicyPoint]:
    """Our policy on streams of the table's queries, without and with a check that tells failures at once."""
    points = []
    for name, has_check in (("our policy", False), ("our policy, with a check", True)):
        options = replace(stream or StreamOptions(), has_check=has_check)
        found = replay(
            table, ["ours"], seeds=seeds, scenarios=["stationary"], options=options, progress=progress
        )
        runs = found["stationary"]["ours"]
        cost = mean_interval([run.spend_usd / options.requests for run in runs])
        points.append(PolicyPoint(name, cost, mean_interval([run.pass_rate for run in runs])))
    return points


def policy_as_run(ledger: Ledger, scope: Scope) -> list[PolicyPoint]:
    """What was chosen for the judged tasks of a ledger, attempts and checks included; none of too few."""
    judged = [trial for trial in tasks(ledger, "class", scope) if trial.passed is not None]
    if len(judged) < MIN_JUDGED:
        return []
    cost = mean_interval([trial.cost_usd for trial in judged])
    return [PolicyPoint("our policy, by task", cost, mean_interval([float(bool(t.passed)) for t in judged]))]


def plot_report(report: CostReport, path: Path, *, policies: Sequence[PolicyPoint] = ()) -> None:
    """Draw pass rate over mean cost, with the groups that no other beats in both, and policies.

    A report by day is drawn as spend over time.

    Raises:
        TooLittleEvidenceError: If no group has a judged attempt that cost something, or no day has spend.
    """
    if report.by == "day":
        _plot_spend(report, path)
        return
    points = [row for row in report.rows if isfinite(row.pass_rate) and row.mean_cost_usd > 0]
    if not points:
        raise TooLittleEvidenceError(
            "there is nothing to draw: no group has a judged attempt that cost something"
        )
    figure, axes = _canvas()
    _draw_frontier(axes, points)
    for policy in policies:
        _draw_policy(axes, policy)
    unit = "requests" if policies else "attempts" if report.by == "model" else "tasks"
    axes.set(xscale="log", xlabel=f"dollars per 1,000 {unit}", ylabel="pass rate")
    axes.margins(x=0.2, y=0.15)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, loc="lower right")
    figure.draw_without_rendering()
    taken: list[Any] = []
    for policy in policies:
        _label(axes, policy.name, policy.cost_usd.value, policy.pass_rate.value, _ABOVE, taken)
    for row in points:
        _label(axes, row.group, row.mean_cost_usd, row.pass_rate, _BELOW, taken)
    figure.savefig(path, dpi=140)


def _plot_spend(report: CostReport, path: Path) -> None:
    """Bars of dollars by day, those of tasks without an outcome apart, and their sum so far."""
    spent = {date.fromisoformat(row.group): row for row in report.rows if row.spend_usd > 0}
    if not spent:
        raise TooLittleEvidenceError("there is nothing to draw: nothing was spent on any day")
    figure, axes = _canvas()
    days = [min(spent) + timedelta(days=i) for i in range((max(spent) - min(spent)).days + 1)]
    known = [spent[day].spend_usd - spent[day].unknown_usd if day in spent else 0.0 for day in days]
    unknown = [spent[day].unknown_usd if day in spent else 0.0 for day in days]
    axes.bar(days, known, color=_BLUE, label="tasks with an outcome")
    axes.bar(days, unknown, bottom=known, color=_GREY, label="outcome unknown")
    axes.set(xlabel="day, UTC", ylabel="dollars a day")
    so_far = axes.twinx()
    sums = list(accumulate(a + b for a, b in zip(known, unknown, strict=True)))
    so_far.plot(days, sums, color=_ORANGE, marker="." if len(days) < 3 else None)
    so_far.set_ylabel("dollars so far", color=_ORANGE)
    so_far.set_ylim(bottom=0)
    figure.legend(frameon=False, loc="outside upper center", ncols=2)
    axes.grid(alpha=0.25, axis="y")
    figure.autofmt_xdate()
    figure.savefig(path, dpi=140)


def _canvas() -> tuple[Any, Any]:  # Any: matplotlib is an extra
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise missing_extra("matplotlib", "economics") from error
    figure = Figure(figsize=(8, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _draw_frontier(axes: Any, points: Sequence[CostOfPass]) -> None:  # Any: matplotlib is an extra
    best = _unbeaten(points)
    x = [1000 * row.mean_cost_usd for row in best]
    y = [row.pass_rate for row in best]
    axes.plot(x, y, color=_BLUE, label="frontier of single models", drawstyle="steps-post")
    for row in points:
        axes.scatter(1000 * row.mean_cost_usd, row.pass_rate, color=_BLUE if row in best else _GREY, zorder=3)


def _draw_policy(axes: Any, policy: PolicyPoint) -> None:
    axes.errorbar(
        1000 * policy.cost_usd.value,
        policy.pass_rate.value,
        xerr=1000 * policy.cost_usd.half_width,
        yerr=policy.pass_rate.half_width,
        color=_ORANGE,
        marker="D",
        markersize=6,
        capsize=3,
        zorder=4,
    )


def _label(axes: Any, name: str, cost_usd: float, rate: float, places: _Places, taken: list[Any]) -> None:
    """Write a name beside its point, at the first place that no other name takes."""
    point = (1000 * cost_usd, rate)
    for right, up, side in places:
        label = axes.annotate(
            name, point, xytext=(right, up), ha=side, fontsize=8, textcoords="offset points"
        )
        label.set_in_layout(False)
        box = label.get_window_extent()
        if not any(box.overlaps(other) for other in taken):
            break
        label.set_visible(False)
    label.set_visible(True)
    taken.append(box)


def _unbeaten(points: Sequence[CostOfPass]) -> list[CostOfPass]:
    best: list[CostOfPass] = []
    for row in sorted(points, key=lambda row: (row.mean_cost_usd, -row.pass_rate)):
        if not best or row.pass_rate > best[-1].pass_rate:
            best.append(row)
    return best
