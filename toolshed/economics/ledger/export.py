"""The ledger as CSV or Parquet files, one for each table."""

import csv
import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Column, RowMapping, Table, select

from toolshed.economics.ledger import tables
from toolshed.economics.ledger.ledger import Ledger
from toolshed.errors import LedgerError, missing_extra
from toolshed.state.columns import Moment

ExportFormat = Literal["csv", "parquet"]


def export_ledger(ledger: Ledger, folder: Path, *, kind: ExportFormat = "csv") -> list[Path]:
    """Write tasks, decisions, calls and outcomes; returns the files.

    Money is decimal with nine places, times are UTC, what is JSON in the ledger is JSON text. All tables show
    the same state of the ledger. A file appears under its name when it is complete.

    Raises:
        LedgerError: If the folder cannot be written.
        ConfigurationError: If Parquet is asked for and pyarrow is not installed.
    """
    write = _WRITERS[kind]
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ledger.database.reading() as connection:
            for table in tables.EXPORTED:
                rows = connection.execute(select(table).order_by(*table.primary_key)).mappings().all()
                path = folder / f"{table.name}.{kind}"
                partial = path.with_suffix(f".{kind}.partial")
                write(table, rows, partial)
                partial.replace(path)
                written.append(path)
    except OSError as error:
        raise LedgerError(f"the ledger could not be exported to {folder}: {error}") from error
    return written


def _write_csv(table: Table, rows: Sequence[RowMapping], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(column.name for column in table.columns)
        for row in rows:
            writer.writerow(_csv_text(column, row[column.name]) for column in table.columns)


# Any: what a column holds.
def _csv_text(column: Column[Any], value: Any) -> Any:
    if column.type.__visit_name__ == "JSON":
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}Z"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:f}" if isinstance(value, Decimal) else value


def _write_parquet(table: Table, rows: Sequence[RowMapping], path: Path) -> None:
    try:
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise missing_extra("pyarrow", "parquet") from error
    pyarrow.parquet.write_table(_columns(table, rows), path)


def _columns(table: Table, rows: Sequence[RowMapping]) -> Any:
    # Any: pyarrow brings no types.
    import pyarrow

    kinds = {
        tables.Money: pyarrow.decimal128(20, 9),
        Moment: pyarrow.timestamp("us", tz="UTC"),
    }
    named = {"BOOLEAN": pyarrow.bool_(), "FLOAT": pyarrow.float64()}
    arrays = {}
    for column in table.columns:
        values = [row[column.name] for row in rows]
        kind = kinds.get(type(column.type))
        if kind is None and column.type.__visit_name__ == "JSON":
            values = [json.dumps(value, ensure_ascii=False) for value in values]
        name = column.type.__visit_name__.upper()
        fallback = pyarrow.int64() if "INTEGER" in name else pyarrow.string()
        arrays[column.name] = pyarrow.array(values, kind or named.get(name, fallback))
    return pyarrow.table(arrays)


_WRITERS = {"csv": _write_csv, "parquet": _write_parquet}
