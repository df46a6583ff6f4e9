"""Exports: exact, complete, under the names of the database."""

import csv
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet
import pytest

from tests.ledger_facts import write
from toolshed.economics.ledger.export import export_ledger
from toolshed.economics.ledger.ledger import Ledger
from toolshed.errors import LedgerError


def test_money_and_names_are_those_of_the_database(ledger: Ledger, tmp_path: Path) -> None:
    write(ledger)
    written = {path.stem: path for path in export_ledger(ledger, tmp_path, kind="parquet")}
    calls = pyarrow.parquet.read_table(written["call"]).to_pylist()
    assert sum(call["cost"] for call in calls) == 60 * Decimal("0.000000123")
    assert "failure_price" in pyarrow.parquet.read_table(written["task"]).column_names
    names = pyarrow.parquet.read_table(written["decision"]).column_names
    assert {"expected_cost", "exploration_cost"} <= set(names)


def test_text_files_hold_the_same(ledger: Ledger, tmp_path: Path) -> None:
    write(ledger)
    written = {path.stem: path for path in export_ledger(ledger, tmp_path, kind="csv")}
    with written["decision"].open() as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 60
    assert rows[0]["failed_before"] == "[]"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with Ledger() as ledger, pytest.raises(LedgerError, match="could not be exported"):
        export_ledger(ledger, tmp_path / "file")
