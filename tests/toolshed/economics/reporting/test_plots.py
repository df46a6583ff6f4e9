"""The picture of a report."""

from pathlib import Path

import pytest

from toolshed.economics.reporting.cost_of_pass import Trial, by_group
from toolshed.economics.reporting.plots import _unbeaten, plot_report
from toolshed.economics.reporting.report import CostReport
from toolshed.errors import TooLittleEvidenceError


def report(*trials: Trial) -> CostReport:
    return CostReport("model", by_group(trials), None, (), {})


def test_the_frontier_is_what_no_other_beats_in_both(tmp_path: Path) -> None:
    trials = [
        Trial("cheap", 1, False),
        Trial("cheap", 1, True),
        Trial("dear", 3, True),
        Trial("bad", 4, False),
    ]
    drawn = report(*trials)
    assert [row.group for row in _unbeaten(drawn.rows)] == ["cheap", "dear"]
    plot_report(drawn, tmp_path / "costs.png")
    assert (tmp_path / "costs.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_judged_is_nothing_to_draw(tmp_path: Path) -> None:
    with pytest.raises(TooLittleEvidenceError, match="nothing to draw"):
        plot_report(report(Trial("m", 1, None)), tmp_path / "costs.png")
