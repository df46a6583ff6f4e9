"""The picture of pass rate over cost: who is drawn, what is refused, where names stand."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from toolshed.economics.replay.tables import OutcomeTable, read_table
from toolshed.economics.reporting.intervals import MeanInterval
from toolshed.economics.reporting.plots import PolicyPoint, plot_report, replayed_policy
from toolshed.economics.reporting.report import CostReport, table_report
from toolshed.errors import TooLittleEvidenceError


@pytest.fixture
def table(tmp_path: Path) -> OutcomeTable:
    """The dear model passes all, the cheap one every second; two more lie close to the dear one."""
    lines = ["query_id,task_class,model,passed,cost_usd"]
    for query in range(40):
        for model, passed, cost in (
            ("cheap", query % 2, 0.001),
            ("dear", 1, 0.01),
            ("dearer", int(query > 0), 0.0101),
            ("dearest", int(query > 1), 0.0102),
        ):
            lines.append(f"q{query},c,{model},{passed},{cost}")
    path = tmp_path / "own.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_table(path)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved."""
    figures: list[Figure] = []
    save = Figure.savefig

    def saved(figure: Figure, *args: object, **options: object) -> None:
        figures.append(figure)
        save(figure, *args, **options)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(Figure, "savefig", saved)
    return figures


def shown_names(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts if text.get_visible()]


def test_models_and_policies_are_named_and_no_name_covers_another(
    table: OutcomeTable, tmp_path: Path, drawn: list[Figure]
) -> None:
    ours = PolicyPoint("our policy", MeanInterval(0.0099, 0.001), MeanInterval(0.99, 0.005))
    plot_report(table_report(table), tmp_path / "costs.png", policies=[ours])
    assert (tmp_path / "costs.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(shown_names(drawn[0])) == ["cheap", "dear", "dearer", "dearest", "our policy"]
    boxes = [text.get_window_extent() for text in drawn[0].axes[0].texts if text.get_visible()]
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_our_policy_is_replayed_without_and_with_a_check(table: OutcomeTable) -> None:
    ticks: list[tuple[int, int]] = []
    plain, checked = replayed_policy(table, seeds=range(2), progress=lambda *done: ticks.append(done))
    assert [plain.name, checked.name] == ["our policy", "our policy, with a check"]
    assert ticks == [(1, 2), (2, 2)] * 2
    for point in (plain, checked):
        assert 0.001 <= point.cost_usd.value <= 0.012
        assert 0.5 <= point.pass_rate.value <= 1
        assert 0 <= point.pass_rate.half_width < 1


def test_without_a_judged_attempt_there_is_nothing_to_draw(tmp_path: Path) -> None:
    with pytest.raises(TooLittleEvidenceError, match="nothing to draw"):
        plot_report(CostReport("model", (), None, (), {}), tmp_path / "costs.png")
    assert not (tmp_path / "costs.png").exists()
