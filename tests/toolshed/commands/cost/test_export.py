"""``toolshed cost export``: the ledger, exactly."""

import csv
import sys
from decimal import Decimal
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

from toolshed.commands.main import main


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["cost", *arguments])


def test_the_ledger_is_exported_exactly(kb: Path, tmp_path: Path) -> None:
    assert invoke("export", str(tmp_path / "out"), "--format", "parquet", "--kb", str(kb)).exit_code == 0
    calls = pyarrow.parquet.read_table(tmp_path / "out" / "call.parquet").to_pylist()
    assert len(calls) == 12
    assert sum(call["cost"] for call in calls) == 9 * Decimal("0.00021") + 3 * Decimal("0.0035")


def number_or_text(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def test_csv_says_what_parquet_says(kb: Path, tmp_path: Path) -> None:
    assert invoke("export", str(tmp_path), "--kb", str(kb)).exit_code == 0
    assert invoke("export", str(tmp_path), "--format", "parquet", "--kb", str(kb)).exit_code == 0
    written = sorted(tmp_path.glob("*.csv"))
    assert "outcome.csv" in [path.name for path in written]
    for path in written:
        pyarrow.csv.write_csv(pyarrow.parquet.read_table(path.with_suffix(".parquet")), tmp_path / "expected")
        with path.open(newline="") as found, (tmp_path / "expected").open(newline="") as expected:
            rows = [
                [[number_or_text(cell) for cell in row] for row in csv.reader(file)]
                for file in (found, expected)
            ]
            assert rows[0] == rows[1]


def test_parquet_without_pyarrow_is_explained_and_csv_needs_none(
    kb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert invoke("export", str(tmp_path), "--kb", str(kb)).exit_code == 0
    refused = invoke("export", str(tmp_path), "--format", "parquet", "--kb", str(kb))
    assert refused.exit_code == 2
    assert "pyarrow is not installed" in refused.stderr
    assert "pip install '.[parquet]'" in refused.stderr
