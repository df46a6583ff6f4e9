"""The plots of a report, from runs written by hand."""

from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toolshed.catalog.definitions import Catalog
from toolshed.testing import make_tool
from toolshed_evals.datasets import Dataset
from toolshed_evals.experiments import Experiment
from toolshed_evals.plots import plot_quality_over_latency, plot_recall_over_k, subset


def experiment(dataset: str, pipeline: str) -> Experiment:
    metrics = {"recall@1": 0.5, "recall@5": 0.8, "recall@10": 0.9}
    return Experiment(
        dataset,
        10,
        2,
        pipeline,
        "",
        None,
        "",
        metrics,
        {"p50": 3.0},
        1.0,
        {"q": ["a"]},
        {"recall@5": {"q": 1.0}},
    )


@pytest.fixture
def panels(monkeypatch: pytest.MonkeyPatch) -> list[Axes]:
    """The panels of the figures that are saved."""
    found: list[Axes] = []
    save = Figure.savefig

    def saved(figure: Figure, *args: object, **options: object) -> None:
        found.extend(axis for axis in figure.axes if axis.get_visible())
        save(figure, *args, **options)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(Figure, "savefig", saved)
    return found


def test_equal_curves_are_both_seen(tmp_path: Path, panels: list[Axes]) -> None:
    names = ("default", "instant", "of my own")
    plot_recall_over_k([experiment("mine", name) for name in names], tmp_path)
    (panel,) = panels
    lines = {str(line.get_label()): line for line in panel.get_lines()}
    assert set(lines) == set(names)
    assert list(lines["default"].get_ydata()) == list(lines["instant"].get_ydata()) == [0.5, 0.8, 0.9]
    assert lines["instant"].get_linewidth() > 3 * lines["default"].get_linewidth()
    assert lines["instant"].get_zorder() < lines["default"].get_zorder()


def test_each_data_set_has_its_panel_and_no_panel_is_empty(tmp_path: Path, panels: list[Axes]) -> None:
    path = plot_recall_over_k([experiment(name, "default") for name in ("a", "b", "c")], tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [panel.get_title() for panel in panels] == ["a", "b", "c"]


def test_quality_over_latency_names_every_pipeline(tmp_path: Path, panels: list[Axes]) -> None:
    plot_quality_over_latency([experiment("a", "default"), experiment("a", "bm25")], tmp_path)
    assert [text.get_text() for text in panels[0].texts] == ["default", "bm25"]


def test_a_part_of_a_data_set_holds_what_its_queries_need() -> None:
    tools = tuple(make_tool(f"t{i}", "A tool.", source="s") for i in range(20))
    qrels = {f"q{i}": frozenset({f"t{i}", f"t{i + 1}"}) for i in range(10)}
    whole = Dataset("d", Catalog("s", tools, ()), dict.fromkeys(qrels, "?"), qrels)
    part = subset(whole, 8)
    names = {tool.name for tool in part.catalog.tools}
    assert len(part.catalog.tools) == len(names) == 8
    assert part.qrels
    assert all(relevant <= names for relevant in part.qrels.values())
    assert subset(whole, 8) == part
