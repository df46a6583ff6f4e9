"""``toolshed eval compare``."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from toolshed.commands.main import main

SAMPLE = str(Path(__file__).parents[3] / "evals" / "toolshed_evals" / "sample")


def compare(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["eval", "compare", *arguments])


def test_compare_tests_each_pipeline_against_the_last(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    compared = compare(SAMPLE, "instant", "bm25-paper", "--out", str(runs))
    assert compared.exit_code == 0
    assert "minus bm25-paper" in compared.stdout
    assert sorted(path.name for path in runs.iterdir()) == [
        "sample.bm25-paper.json",
        "sample.bm25-paper.run",
        "sample.instant.json",
        "sample.instant.run",
    ]


def test_compare_speaks_json(tmp_path: Path) -> None:
    compared = compare(SAMPLE, "instant", "bm25", "--limit", "10", "--json", "--out", str(tmp_path / "r"))
    told = json.loads(compared.stdout)
    assert told["baseline"] == "bm25"
    assert [experiment["n_queries"] for experiment in told["experiments"]] == [10, 10]
    difference = told["differences"]["instant"]["recall@5"]
    assert difference["low"] <= difference["mean"] <= difference["high"]


@pytest.mark.parametrize("pipelines", [["instant"], ["instant", "x"]], ids=["one", "unknown"])
def test_two_known_pipelines_are_needed(pipelines: list[str]) -> None:
    result = compare(SAMPLE, *pipelines)
    assert result.exit_code == 2
    assert "give two or more of" in result.stderr
