"""The picture of pass rate over cost: who is drawn, what is refused, where names stand."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from toolshed.economics.ledger.ledger import Ledger
from toolshed.economics.ledger.records import Call, Outcome, Task
from toolshed.economics.replay.simulation import StreamOptions
from toolshed.economics.replay.tables import OutcomeTable, read_table
from toolshed.economics.reporting.intervals import MeanInterval
from toolshed.economics.reporting.plots import PolicyPoint, plot_report, policy_as_run, replayed_policy
from toolshed.economics.reporting.report import CostReport, build_report, table_report
from toolshed.economics.reporting.trials import Scope
from toolshed.errors import TooLittleEvidenceError
from toolshed.metering.usage import Usage


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
    plain, checked = replayed_policy(
        table,
        seeds=range(2),
        stream=StreamOptions(requests=200),
        progress=lambda *done: ticks.append(done),
    )
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


def test_a_report_by_day_is_drawn_as_spend_over_time(tmp_path: Path, drawn: list[Figure]) -> None:
    with Ledger() as ledger:
        for day in (1, 2, 4):
            task = ledger.add_task(Task("sums", created_at=datetime(2026, 5, day, 12, tzinfo=UTC)))
            ledger.add_call(Call(task.task_id, "agent", "m", Usage(9), Decimal(day)))
        plot_report(build_report(ledger, by="day"), tmp_path / "spend.png")
        with pytest.raises(TooLittleEvidenceError, match="nothing was spent"):
            plot_report(build_report(ledger, by="day", tenant="nobody"), tmp_path / "none.png")
    dollars, so_far = drawn[0].axes
    assert sum(bar.get_height() for bar in dollars.patches) == pytest.approx(7)
    assert list(so_far.lines[0].get_ydata()) == pytest.approx([1, 3, 3, 7]), (
        "a day without spend is drawn too"
    )


def test_what_our_policy_chose_is_a_point_once_enough_is_judged() -> None:
    with Ledger() as ledger:
        for i in range(24):
            task = ledger.add_task(Task("sums", f"t{i}"))
            ledger.add_call(Call(task.task_id, "agent", "m", Usage(9), Decimal("0.02")))
            ledger.add_outcome(Outcome(task.task_id, i % 4 > 0))
            if i == 10:
                assert policy_as_run(ledger, Scope()) == []
        (point,) = policy_as_run(ledger, Scope())
    assert (point.cost_usd.value, point.pass_rate.value) == (pytest.approx(0.02), pytest.approx(0.75))
