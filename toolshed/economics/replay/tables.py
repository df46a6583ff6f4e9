"""Outcome tables: every model's outcome and cost on every query."""

import csv
import gzip
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toolshed.economics.prices.price_file import PriceEntry, PriceFile
from toolshed.economics.prices.pricing import PriceSheet
from toolshed.errors import SourceError, ToolshedError
from toolshed.metering.usage import estimated_tokens

Matrix = NDArray[np.float64]
Row = Mapping[str, str]

# The stream of notes and benchmarks on BFCL: eight arms, and the model that one of them silently becomes.
_BFCL_ARMS = (
    "gemini-1.5-flash-preview-0514",
    "gpt-4o-mini-2024-07-18",
    "claude-3-haiku-20240307",
    "mistral-small-2402",
    "gpt-4o-2024-08-06-FC",
    "claude-3-5-sonnet-20240620",
    "gpt-4-0125-preview",
    "gpt-4-0613",
)
_BFCL_DRIFT = ("gpt-4o-mini-2024-07-18", "mistral-tiny-2312")


@dataclass(frozen=True)
class OutcomeTable:
    """Outcomes of all models on all queries.

    Attributes:
        name: What it is called in results.
        models: Models, in order of columns.
        queries: Query ids, in order of rows.
        classes: Names of task classes.
        class_of: Class of each query, ``[query]``.
        passed: 1 or 0, ``[query, model]``.
        cost_usd: Dollars, ``[query, model]``; NaN where the table has no price.
        tokens: Input and output tokens, ``[2, query, model]``; nano-dollars as input where it has only costs.
        prices: Prices of the tokens.
        arms: Models that are offered when none are named.
        drift: The arm that changes half way, and the model whose outcomes it then has.
    """

    name: str
    models: tuple[str, ...]
    queries: tuple[str, ...]
    classes: tuple[str, ...]
    class_of: NDArray[np.intp]
    passed: Matrix
    cost_usd: Matrix
    tokens: Matrix
    prices: PriceSheet
    arms: tuple[str, ...]
    drift: tuple[str, str]

    def columns(self, models: Sequence[str]) -> NDArray[np.intp]:
        """Columns of models.

        Raises:
            SourceError: If the table lacks one, or has no cost for it.
        """
        for model in models:
            if model not in self.models:
                raise SourceError(f"{self.name} has no model {model!r}; it has {', '.join(self.models)}")
        columns = np.array([self.models.index(model) for model in models], np.intp)
        for model, column in zip(models, columns, strict=True):
            if np.isnan(self.cost_usd[:, column]).any():
                raise SourceError(f"{self.name} has no cost of {model!r} for every query; leave it out")
        return columns


def read_table(path: str | Path, *, prices: PriceSheet | None = None, pass_at: float = 0.5) -> OutcomeTable:
    """Read a table in one of the layouts of the official data, or a CSV file of your own.

    A file of your own has the columns ``query_id``, ``model``, ``passed`` (or ``judge_reward``), one of
    ``cost_usd`` or ``input_tokens`` and ``output_tokens``, and optionally ``task_class``.

    Args:
        path: A folder with ``outcomes.csv`` or ``outcomes.csv.gz``, or such a file.
        prices: Prices of models, where the table has tokens and no price.
        pass_at: Reward from which a judged reply counts as passed.

    Raises:
        SourceError: If it cannot be read, or models have not all answered all queries.
    """
    path = Path(path)
    file = next(
        (f for f in (path, path / "outcomes.csv.gz", path / "outcomes.csv") if f.is_file()),
        None,
    )
    if file is None:
        raise SourceError(
            f"no outcome table at {str(path)!r}; it is a CSV file or a folder with outcomes.csv.gz"
        )
    rows = _rows(file)
    listed = _listed_prices(file.parent / "models.csv")
    name = file.parent.name if file.name.startswith("outcomes.csv") else file.stem
    try:
        return _table(name, rows, prices or PriceSheet(), listed, pass_at)
    except (KeyError, ValueError) as error:
        raise SourceError(f"{file} is no outcome table: {error}") from error


def _rows(file: Path) -> list[Row]:
    try:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open() as lines:
            rows: list[Row] = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error, EOFError) as error:
        raise SourceError(f"the outcome table {file} cannot be read: {error}") from error
    if not rows:
        raise SourceError(f"the outcome table {file} has no rows")
    missing = {"model"} - rows[0].keys()
    if missing or not {"passed", "judge_reward"} & rows[0].keys():
        raise SourceError(
            f"{file} needs the columns 'model' and 'passed' or 'judge_reward'; it has {[*rows[0]]}"
        )
    return rows


def _listed_prices(file: Path) -> dict[str, list[PriceEntry]]:
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8") as lines:
        return {
            row["model"]: [
                PriceEntry(
                    input_mtok=Decimal(row["input_usd_per_mtok"]),
                    output_mtok=Decimal(row["output_usd_per_mtok"]),
                )
            ]
            for row in csv.DictReader(lines)
            if row.get("input_usd_per_mtok")
        }


def _query(row: Row) -> str:
    for key in ("query_id", "task_id"):
        if key in row:
            return row[key]
    return f"{row['category']}/{row['query_index']}"


def _task_class(row: Row) -> str:
    return next((row[key] for key in ("task_class", "category", "domain", "source") if row.get(key)), "all")


def _tokens(row: Row) -> tuple[float, float]:
    """Input and output tokens of a row; from characters where it has only those."""
    if row.get("input_tokens"):
        return float(row["input_tokens"]), float(row["output_tokens"] or 0)
    if row.get("prompt_chars"):
        return tuple(estimated_tokens("x" * int(row[key] or 0)) for key in ("prompt_chars", "response_chars"))  # type: ignore[return-value]  # two
    return float("nan"), float("nan")


def _table(
    name: str,
    rows: Sequence[Row],
    prices: PriceSheet,
    listed: dict[str, list[PriceEntry]],
    pass_at: float,
) -> OutcomeTable:
    queries = tuple(dict.fromkeys(_query(row) for row in rows))
    models = tuple(sorted({row["model"] for row in rows}))
    class_by_query = {_query(row): _task_class(row) for row in rows}
    classes = tuple(sorted(set(class_by_query.values())))
    of_query = {query: i for i, query in enumerate(queries)}
    of_model = {model: i for i, model in enumerate(models)}
    shape = (len(queries), len(models))
    passed, cost = np.full(shape, np.nan), np.full(shape, np.nan)
    tokens = np.full((2, *shape), np.nan)
    for row in rows:
        cell = (of_query[_query(row)], of_model[row["model"]])
        if not np.isnan(passed[cell]):
            raise ValueError(f"query {_query(row)!r} has two rows for {row['model']!r}")
        passed[cell] = _passed(row, pass_at)
        cost[cell] = float(row["cost_usd"]) if row.get("cost_usd") else np.nan
        tokens[:, cell[0], cell[1]] = _tokens(row)
    if np.isnan(passed).any():
        raise ValueError("not every model has an outcome for every query")
    if "cost_usd" in rows[0]:
        # Only dollars are known: a "token" then is a nano-dollar.
        tokens = np.stack([cost * 1e9, np.zeros(shape)])
        listed = {m: [PriceEntry(input_mtok=Decimal("0.001"), output_mtok=Decimal(0))] for m in models}
    sheet = PriceSheet(PriceFile(models={**listed, **prices.overrides.models}), name=f"{name} and list")
    if "cost_usd" not in rows[0]:
        cost = _priced(models, tokens, sheet)
    arms = tuple(m for i, m in enumerate(models) if not np.isnan(cost[:, i]).any())
    if not arms:
        raise SourceError(f"{name} has neither costs nor priced tokens of any model; give a price file")
    drift = _usual_drift(arms, passed, cost, of_model)
    if set(_BFCL_ARMS) <= set(arms) and _BFCL_DRIFT[1] in arms:
        arms, drift = _BFCL_ARMS, _BFCL_DRIFT
    class_of = np.array([classes.index(class_by_query[query]) for query in queries], np.intp)
    return OutcomeTable(name, models, queries, classes, class_of, passed, cost, tokens, sheet, arms, drift)


def _passed(row: Row, pass_at: float) -> float:
    if row.get("passed", "") != "":
        return float(row["passed"] in ("1", "true", "True", "1.0"))
    return float(float(row["judge_reward"]) >= pass_at)


def _priced(models: Sequence[str], tokens: Matrix, sheet: PriceSheet) -> Matrix:
    cost = np.full(tokens.shape[1:], np.nan)
    now = datetime.now(UTC)
    for column, model in enumerate(models):
        try:
            rates = sheet.rates(model, now)
        except ToolshedError:
            continue
        cost[:, column] = rates.request_usd + tokens[0, :, column] * rates.input_usd
        cost[:, column] += tokens[1, :, column] * rates.output_usd
    return cost


def _usual_drift(
    arms: Sequence[str], passed: Matrix, cost: Matrix, of_model: Mapping[str, int]
) -> tuple[str, str]:
    """The arm that is best at five cents a failure turns into the one that passes least."""
    columns = [of_model[arm] for arm in arms]
    expected = (cost[:, columns] + 0.05 * (1 - passed[:, columns])).mean(0)
    return arms[int(expected.argmin())], arms[int(passed[:, columns].mean(0).argmin())]


def named_table(name: str, folder: Path) -> Path:
    """The path of a table: one that exists as given, or one of the official data by name.

    Raises:
        SourceError: If neither exists; names the tables there are.
    """
    official = folder / "outcomes"
    for path in (Path(name), official / name):
        if path.exists():
            return path
    there = sorted(p.name for p in official.iterdir() if p.is_dir()) if official.is_dir() else []
    known = (
        f"; the official ones are {', '.join(there)}" if there else "; set TOOLSHED_DATA for official ones"
    )
    raise SourceError(f"no outcome table {name!r}{known}")


def with_arms(table: OutcomeTable, arms: Iterable[str], drift: tuple[str, str] | None = None) -> OutcomeTable:
    """The table with other arms on offer."""
    chosen = tuple(arms) or table.arms
    table.columns(chosen)
    if drift is None:
        drift = table.drift if table.drift[0] in chosen else None
    if drift is None:
        of_model = {model: i for i, model in enumerate(table.models)}
        drift = _usual_drift(chosen, table.passed, table.cost_usd, of_model)
    if drift[0] not in chosen or drift[1] not in table.models:
        raise SourceError(f"drift {drift[0]!r} to {drift[1]!r}: give an arm, and a model of the table")
    return replace(table, arms=chosen, drift=drift)
