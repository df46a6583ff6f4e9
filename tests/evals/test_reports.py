"""Reports: tables from runs written by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from toolshed.errors import SourceError
from toolshed_evals.experiments import Experiment, save_experiment
from toolshed_evals.measures import MEASURES
from toolshed_evals.reports import comparison, comparison_table, summary_table, write_report

QUERIES = [f"q{i}" for i in range(8)]


def experiment(pipeline: str, recall: float) -> Experiment:
    return Experiment(
        dataset="mine",
        n_tools=1234,
        n_queries=len(QUERIES),
        pipeline=pipeline,
        stages="",
        commit=None,
        checksum="",
        metrics=dict.fromkeys(MEASURES, recall),
        latency_ms={"p50": 3.25, "p95": 4.0, "p99": 5.0},
        index_seconds=1.5,
        run={query: ["a"] for query in QUERIES},
        per_query={name: dict.fromkeys(QUERIES, recall) for name in MEASURES},
    )


def test_a_row_holds_the_measures_and_the_times() -> None:
    *_, row = summary_table([experiment("default", 0.75)]).splitlines()
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == ["mine", "1,234", "8", "default", *["0.750"] * 7, "3.2", "1.5"]


def test_every_pipeline_is_compared_with_the_last() -> None:
    better, worse, base = experiment("better", 1.0), experiment("worse", 0.25), experiment("base", 0.5)
    told = comparison([better, worse, base])
    assert told["baseline"] == "base"
    assert {name: d["recall@5"]["mean"] for name, d in told["differences"].items()} == {
        "better": 0.5,
        "worse": -0.25,
    }
    # All eight differences have one sign: 2 of 2^8 assignments of signs are as extreme.
    assert told["differences"]["better"]["recall@5"]["p_value"] == pytest.approx(2 / 2**8, abs=0.004)
    table = comparison_table([better, worse, base])
    assert "| better | recall@5 | +0.5000 | [+0.5000, +0.5000] |" in table
    assert "minus base" in table


def test_runs_over_other_queries_cannot_be_compared() -> None:
    other = experiment("other", 0.5)
    other = replace(other, per_query={name: {"x": 1.0} for name in MEASURES})
    with pytest.raises(SourceError, match="do not cover the same queries"):
        comparison([experiment("default", 0.5), other])


def test_the_report_has_the_intervals_and_shows_the_plots(tmp_path: Path) -> None:
    save_experiment(experiment("default", 0.75), tmp_path / "runs")
    path = write_report(tmp_path / "runs", tmp_path / "out")
    text = path.read_text(encoding="utf-8")
    assert "| mine | default | 0.7500 | [0.7500, 0.7500] |" in text
    assert "![recall over k](recall-over-k.png)" in text
    assert (tmp_path / "out" / "recall-over-k.png").is_file()


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no runs"):
        write_report(tmp_path, tmp_path / "out")
