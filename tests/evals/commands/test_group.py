import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolshed.commands.main import main

SAMPLE = str(Path(__file__).parents[2] / "evals" / "toolshed_evals" / "sample")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["eval", *arguments])


def test_run_prints_json_for_machines() -> None:
    result = run("run", SAMPLE, "--pipeline", "instant", "--json")
    assert result.exit_code == 0
    summary = json.loads(result.stdout)
    assert (summary["dataset"], summary["n_tools"], summary["pipeline"]) == ("sample", 156, "instant")
    assert 0.5 < summary["metrics"]["recall@5"] <= 1


def test_compare_tests_each_pipeline_against_the_last_and_report_draws(tmp_path: Path) -> None:
    runs, reports = tmp_path / "runs", tmp_path / "reports"
    compared = run("compare", SAMPLE, "instant", "bm25-paper", "--out", str(runs))
    assert compared.exit_code == 0
    assert "minus bm25-paper" in compared.stdout
    assert sorted(path.name for path in runs.iterdir()) == [
        "sample.bm25-paper.json",
        "sample.bm25-paper.run",
        "sample.instant.json",
        "sample.instant.run",
    ]
    reported = run("report", str(runs), "--out", str(reports))
    assert reported.exit_code == 0
    text = (reports / "report.md").read_text()
    assert "| sample | 156 |" in text
    for plot in ("recall-over-k.png", "quality-over-latency.png"):
        assert f"({plot})" in text
        assert (reports / plot).read_bytes().startswith(b"\x89PNG")


def test_compare_speaks_json(tmp_path: Path) -> None:
    compared = run(
        "compare", SAMPLE, "instant", "bm25", "--limit", "10", "--json", "--out", str(tmp_path / "r")
    )
    told = json.loads(compared.stdout)
    assert told["baseline"] == "bm25"
    assert [experiment["n_queries"] for experiment in told["experiments"]] == [10, 10]
    difference = told["differences"]["instant"]["recall@5"]
    assert difference["low"] <= difference["mean"] <= difference["high"]


def test_runs_that_cannot_be_written_say_so() -> None:
    compared = run("run", SAMPLE, "--pipeline", "bm25-paper", "--limit", "2", "--out", "/dev/null/x")
    assert compared.exit_code == 1
    assert "cannot be written" in compared.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        pytest.param(["run", "nowhere"], 2, "is neither a data set", id="unknown-data-set"),
        pytest.param(["run", SAMPLE, "--pipeline", "x"], 2, "'x' is not one of", id="unknown-pipeline"),
        pytest.param(["compare", SAMPLE, "instant"], 2, "give two or more of", id="nothing-to-compare"),
        pytest.param(["compare", SAMPLE, "instant", "x"], 2, "give two or more of", id="unknown-in-compare"),
        pytest.param(["report", SAMPLE], 1, "holds no runs", id="no-runs"),
        pytest.param(["fetch", "imagenet"], 2, "'imagenet' is not one of", id="unknown-fetch"),
    ],
)
def test_misuse_and_failure_have_their_exit_codes(arguments: list[str], exit_code: int, message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == exit_code
    assert message in result.stderr
