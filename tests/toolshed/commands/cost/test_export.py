"""``toolshed cost export``: the ledger, exactly."""

import csv
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet
from click.testing import CliRunner, Result

from toolshed.commands.main import main


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["cost", *arguments])


def test_the_ledger_is_exported_exactly(kb: Path, tmp_path: Path) -> None:
    assert invoke("export", str(tmp_path / "out"), "--kb", str(kb)).exit_code == 0
    calls = pyarrow.parquet.read_table(tmp_path / "out" / "call.parquet").to_pylist()
    assert len(calls) == 12
    assert sum(call["cost"] for call in calls) == 9 * Decimal("0.00021") + 3 * Decimal("0.0035")
    assert invoke("export", str(tmp_path / "out"), "--format", "csv", "--kb", str(kb)).exit_code == 0
    with (tmp_path / "out" / "outcome.csv").open() as lines:
        assert len(list(csv.DictReader(lines))) == 11
