"""The picture of a cost report: pass rate over cost, with the frontier and what policies reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from toolshed.economics.replay.simulation import Progress, StreamOptions, replay
from toolshed.economics.replay.tables import OutcomeTable
from toolshed.economics.reporting.cost_of_pass import CostOfPass
from toolshed.economics.reporting.intervals import MeanInterval, mean_interval
from toolshed.economics.reporting.report import CostReport
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
    table: OutcomeTable, *, seeds: Sequence[int] = range(12), progress: Progress | None = None
) -> list[PolicyPoint]:
    """Our policy on streams of the table's queries, without and with a check that tells failures at once."""
    points = []
    for name, has_check in (("our policy", False), ("our policy, with a check", True)):
        options = StreamOptions(has_check=has_check)
        found = replay(
            table, ["ours"], seeds=seeds, scenarios=["stationary"], options=options, progress=progress
        )
        runs = found["stationary"]["ours"]
        cost = mean_interval([run.spend_usd / options.requests for run in runs])
        points.append(PolicyPoint(name, cost, mean_interval([run.pass_rate for run in runs])))
    return points


def plot_report(report: CostReport, path: Path, *, policies: Sequence[PolicyPoint] = ()) -> None:
    """Draw pass rate over mean cost, with the groups that no other beats in both, and policies.

    Raises:
        TooLittleEvidenceError: If no group has a judged attempt that cost something.
    """
    points = [row for row in report.rows if isfinite(row.pass_rate) and row.mean_cost_usd > 0]
    if not points:
        raise TooLittleEvidenceError(
            "there is nothing to draw: no group has a judged attempt that cost something"
        )
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise missing_extra("matplotlib", "economics") from error

    figure = Figure(figsize=(8, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
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
