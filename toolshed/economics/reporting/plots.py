"""The picture of a cost report: pass rate over cost, with the frontier."""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path

from toolshed.economics.reporting.cost_of_pass import CostOfPass
from toolshed.economics.reporting.report import CostReport
from toolshed.errors import TooLittleEvidenceError, missing_extra

_BLUE, _GREY = "#0072b2", "#999999"


def plot_report(report: CostReport, path: Path) -> None:
    """Draw pass rate over mean cost, with the groups that no other beats in both.

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
    best = _unbeaten(points)
    figure = Figure(figsize=(8, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    x = [1000 * row.mean_cost_usd for row in best]
    axes.plot(x, [row.pass_rate for row in best], color=_BLUE, label="frontier", drawstyle="steps-post")
    for row in points:
        place = (1000 * row.mean_cost_usd, row.pass_rate)
        axes.scatter(*place, color=_BLUE if row in best else _GREY, zorder=3)
        axes.annotate(row.group, place, xytext=(6, -11), fontsize=8, textcoords="offset points")
    axes.set_xscale("log")
    axes.set_xlabel("dollars per 1,000 attempts" if report.by == "model" else "dollars per 1,000 tasks")
    axes.set_ylabel("pass rate")
    axes.margins(x=0.2, y=0.15)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=140)


def _unbeaten(points: Sequence[CostOfPass]) -> list[CostOfPass]:
    best: list[CostOfPass] = []
    for row in sorted(points, key=lambda row: (row.mean_cost_usd, -row.pass_rate)):
        if not best or row.pass_rate > best[-1].pass_rate:
            best.append(row)
    return best
