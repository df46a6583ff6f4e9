"""Eight bits against 32."""

import json

from click.testing import CliRunner

from toolshed.commands.main import main

SAMPLE = "evals/toolshed_evals/sample"


def test_eight_bits_rank_as_32_do_and_take_less() -> None:
    done = CliRunner().invoke(main, ["eval", "precision", SAMPLE, "--limit", "20", "--json"])
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)
    assert row["n_queries"] == 20
    assert row["recall_5"] > 0.5
    assert abs(row["recall_5_change"]) <= 0.1
    assert 0 < row["search_cpu"] < 1.5


def test_the_table() -> None:
    done = CliRunner().invoke(main, ["eval", "precision", SAMPLE, "--limit", "3"])
    assert done.exit_code == 0, done.output
    head, _, row = done.stdout.splitlines()
    assert row.startswith("| sample | 3 | ")
    assert head.count("|") == row.count("|")
