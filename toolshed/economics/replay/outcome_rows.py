"""Rows of outcome tables as spreadsheets write them; what cannot be read is named by its line."""

import csv
import gzip
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from toolshed.errors import SourceError
from toolshed.metering.usage import CHARACTERS_PER_TOKEN

_MAX_BYTES = 2_000_000_000
_MAX_ROWS = 5_000_000
_DELIMITERS = (",", ";", "\t", "|")
# What Excel, LibreOffice, SQL exports and people write; Excel writes TRUE and FALSE in the user's language.
_PASSED = frozenset(
    ("1", "1.0", "true", "t", "yes", "y", "pass", "passed", "ok", "success", "correct", "wahr", "vrai",
     "verdadero", "vero", "verdadeiro", "waar", "sant", "ja", "oui", "si", "sí")
)  # fmt: skip
_FAILED = frozenset(
    ("0", "0.0", "false", "f", "no", "n", "fail", "failed", "failure", "wrong", "incorrect", "falsch", "faux",
     "falso", "onwaar", "falskt", "nein", "non")
)  # fmt: skip
_ENCODINGS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
Cells = Mapping[str, str]
# The number in a column of a row; None where the cell is empty or there is no such column.
Number = Callable[[str], float | None]


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One model's outcome on one query.

    Attributes:
        line: Where it stands in its file.
        query, model, task_class: Their names.
        passed: Whether it passed.
        cost_usd: What it cost; None where the table has tokens instead, or nothing.
        tokens: Input and output tokens; None where it has none.
    """

    line: int
    query: str
    model: str
    task_class: str
    passed: bool
    cost_usd: float | None
    tokens: tuple[float, float] | None


def read_rows(file: Path, *, pass_at: float) -> list[OutcomeRow]:
    """Read a CSV file, or one that is compressed with gzip.

    Commas, semicolons, tabs or bars separate; a byte order mark, empty lines and the spelling of headers do
    not matter.

    Args:
        file: The file.
        pass_at: Judged reward from which a reply counts as passed.

    Raises:
        SourceError: If it is none, or a cell cannot be read; names the line and what would be right.
    """
    text = _text(file)
    names, delimiter, lines, n_read = _header(file, text)
    is_decimal_comma = delimiter == ";"
    rows: list[OutcomeRow] = []
    for number, cells in islice(_cells(file, lines, names, delimiter, n_read), _MAX_ROWS + 1):
        if len(rows) == _MAX_ROWS:
            raise SourceError(f"the outcome table {file} has more than {_MAX_ROWS:,} rows; split it")
        try:
            rows.append(_row(number, cells, pass_at, is_decimal_comma=is_decimal_comma))
        except ValueError as error:
            where = ", ".join(f"{key} {cells[key]!r}" for key in ("model", "query_id") if cells.get(key))
            raise SourceError(f"{file}, line {number}{f' ({where})' if where else ''}: {error}") from error
    if not rows:
        raise SourceError(f"the outcome table {file} has no rows")
    return rows


def _text(file: Path) -> str:
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except (OSError, EOFError) as error:
        raise SourceError(f"the outcome table {file} cannot be read: {error}") from error
    if len(content) > _MAX_BYTES:
        raise SourceError(f"the outcome table {file} has more than {_MAX_BYTES:,} bytes; split it")
    if content.startswith(b"PK\x03\x04"):
        raise SourceError(f"{file} is a workbook; save the sheet as CSV (UTF-8)")
    encoding = next((name for mark, name in _ENCODINGS.items() if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        # Excel's plain "CSV" on Windows; it has a character for nearly every byte.
        return content.decode("cp1252", "replace")


def _header(file: Path, text: str) -> tuple[list[str], str, io.StringIO, int]:
    """Names of the columns, what separates them, the lines that follow, and how many were read."""
    lines = io.StringIO(text, newline="")
    first = lines.readline().strip()
    named = None
    if first.lower().startswith("sep="):
        # Excel's hint to itself.
        named, first = first[4:5], lines.readline().strip()
    delimiter = named or max(_DELIMITERS, key=first.count)
    cells = next(csv.reader([first], delimiter=delimiter), [])
    names = [name.strip().lower().replace(" ", "_").replace("-", "_") for name in cells]
    has_query = {"query_id", "task_id"} & set(names) or {"category", "query_index"} <= set(names)
    has_outcome = {"passed", "judge_reward"} & set(names)
    if not has_query or "model" not in names or not has_outcome:
        raise SourceError(
            f"{file} needs the columns 'query_id', 'model' and 'passed' (or 'judge_reward'), and 'cost_usd' "
            f"or 'input_tokens' and 'output_tokens'; it has {', '.join(map(repr, names)) or 'none'}"
        )
    if len(set(names)) < len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise SourceError(f"{file} has the column {double!r} twice")
    return names, delimiter, lines, 2 if named else 1


def _cells(
    file: Path, lines: io.StringIO, names: Sequence[str], delimiter: str, n_read: int
) -> Iterator[tuple[int, Cells]]:
    """Rows with the number of their line; empty ones are left out."""
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) < len(names) or any(cell.strip() for cell in cells[len(names) :]):
                raise SourceError(
                    f"{file}, line {reader.line_num + n_read}: it has {len(cells)} cells, and there are "
                    f"{len(names)} columns"
                )
            yield reader.line_num + n_read, dict(zip(names, map(str.strip, cells), strict=False))
    except csv.Error as error:
        raise SourceError(f"{file}, line {reader.line_num + n_read}: {error}") from error


def _row(line: int, cells: Cells, pass_at: float, *, is_decimal_comma: bool) -> OutcomeRow:
    def number(name: str) -> float | None:
        return _number(name, cells.get(name, ""), is_decimal_comma=is_decimal_comma)

    if not cells["model"]:
        raise ValueError("model is empty; give the name of the model")
    passed = _passed(cells, number, pass_at)
    tokens = _tokens(number)
    return OutcomeRow(
        line, _query(cells), cells["model"], _task_class(cells), passed, number("cost_usd"), tokens
    )


def _passed(cells: Cells, number: Number, pass_at: float) -> bool:
    told = cells.get("passed", "")
    if told.lower() in _PASSED:
        return True
    if told.lower() in _FAILED:
        return False
    if told:
        raise ValueError(
            f"passed is {told!r}; write 1 or 0, TRUE or FALSE, yes or no, pass or fail. Grades go into the "
            "column judge_reward"
        )
    if not cells.get("judge_reward"):
        raise ValueError("passed is empty; write 1 or 0, or leave the query out for every model")
    return (number("judge_reward") or 0.0) >= pass_at


def _query(cells: Cells) -> str:
    for key in ("query_id", "task_id"):
        if key in cells:
            if not cells[key]:
                raise ValueError(f"{key} is empty; name the query that was asked")
            return cells[key]
    return f"{cells['category']}/{cells['query_index']}"


def _task_class(cells: Cells) -> str:
    kinds = ("task_class", "category", "domain", "source")
    return next((cells[key] for key in kinds if cells.get(key)), "all")


def _number(name: str, told: str, *, is_decimal_comma: bool) -> float | None:
    if not told:
        return None
    plain = told.lstrip("$€£ ").rstrip(" $€£")
    if is_decimal_comma and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        value = float(plain)
    except ValueError:
        raise ValueError(f"{name} is {told!r}, which is no number") from None
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{name} is {told!r}; it must be a number of 0 or more")
    return value


def _tokens(number: Number) -> tuple[float, float] | None:
    """Input and output tokens of a row; from characters where it has only those."""
    into = number("input_tokens")
    if into is not None:
        return into, number("output_tokens") or 0.0
    asked = number("prompt_chars")
    if asked is None:
        return None
    said = number("response_chars") or 0.0
    return math.ceil(asked / CHARACTERS_PER_TOKEN), math.ceil(said / CHARACTERS_PER_TOKEN)
