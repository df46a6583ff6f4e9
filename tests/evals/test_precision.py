"""Eight bits against 32."""

import json

import pytest
from click.testing import CliRunner

from toolshed.commands.main import main
from toolshed_evals.datasets import Dataset
from toolshed_evals.precision import PrecisionRow

SAMPLE = "evals/toolshed_evals/sample"


def test_eight_bits_rank_as_32_do_and_take_less() -> None:
    done = CliRunner().invoke(main, ["eval", "precision", SAMPLE, "--limit", "20", "--json"])
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)
    assert row["n_queries"] == 20
    assert row["recall_5"] > 0.5
    assert abs(row["recall_5_change"]) <= 0.1
    assert 0 < row["search_cpu"] < 1.5


def test_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def compared(dataset: Dataset, *, limit: int) -> PrecisionRow:
        return PrecisionRow(dataset.name, limit, 0.9, 0.8, -0.0123, 0.001, 0.5, 0.25)

    monkeypatch.setattr("toolshed_evals.precision.compare_precisions", compared)
    done = CliRunner().invoke(main, ["eval", "precision", SAMPLE, "--limit", "3"])
    assert done.exit_code == 0, done.output
    head, _, row = done.stdout.splitlines()
    assert row == "| sample | 3 | 0.900 / 0.800 | -0.0123 / +0.0010 | 0.50 | 0.25 |"
    assert head.count("|") == row.count("|")
