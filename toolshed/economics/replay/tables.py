"""Outcome tables: every model's outcome and cost on every query."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toolshed.economics.prices.price_file import PriceEntry, PriceFile
from toolshed.economics.prices.pricing import PriceSheet
from toolshed.economics.replay.outcome_rows import OutcomeRow, read_rows
from toolshed.errors import SourceError, ToolshedError

Matrix = NDArray[np.float64]

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
        left_out: Models that cannot be offered, for nothing says what they cost, and why.
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
    left_out: Mapping[str, str] = field(default_factory=dict)

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
                why = self.left_out.get(model, "not every row has its cost")
                raise SourceError(
                    f"{self.name} has no cost of {model!r}: {why}; leave it out, or give a price file"
                )
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
    rows = read_rows(file, pass_at=pass_at)
    listed = _listed_prices(file.parent / "models.csv")
    name = file.parent.name if file.name.startswith("outcomes.csv") else file.stem
    return _table(name, rows, prices or PriceSheet(), listed)


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


def _table(
    name: str, rows: Sequence[OutcomeRow], prices: PriceSheet, listed: dict[str, list[PriceEntry]]
) -> OutcomeTable:
    queries = tuple(dict.fromkeys(row.query for row in rows))
    models = tuple(sorted({row.model for row in rows}))
    class_by_query = {row.query: row.task_class for row in rows}
    classes = tuple(sorted(set(class_by_query.values())))
    of_query = {query: i for i, query in enumerate(queries)}
    of_model = {model: i for i, model in enumerate(models)}
    passed, cost, tokens = _filled(name, rows, of_query, of_model)
    if not np.isnan(cost).all():
        # Only dollars are known: a "token" then is a nano-dollar.
        tokens = np.stack([cost * 1e9, np.zeros(cost.shape)])
        listed = {m: [PriceEntry(input_mtok=Decimal("0.001"), output_mtok=Decimal(0))] for m in models}
        left_out = {m: "no row has its cost" for i, m in enumerate(models) if np.isnan(cost[:, i]).all()}
        sheet = PriceSheet(PriceFile(models={**prices.overrides.models, **listed}), name=name)
    else:
        sheet = PriceSheet(PriceFile(models={**listed, **prices.overrides.models}), name=f"{name} and list")
        cost, left_out = _priced(models, tokens, sheet)
    _check_cells(name, rows, of_query, of_model, cost, left_out)
    arms = tuple(m for m in models if m not in left_out)
    if not arms:
        raise SourceError(f"{name} has neither costs nor priced tokens of any model; give a price file")
    drift = _usual_drift(arms, passed, cost, of_model)
    if set(_BFCL_ARMS) <= set(arms) and _BFCL_DRIFT[1] in arms:
        arms, drift = _BFCL_ARMS, _BFCL_DRIFT
    class_of = np.array([classes.index(class_by_query[query]) for query in queries], np.intp)
    return OutcomeTable(
        name, models, queries, classes, class_of, passed, cost, tokens, sheet, arms, drift, left_out
    )


def _filled(
    name: str, rows: Sequence[OutcomeRow], of_query: Mapping[str, int], of_model: Mapping[str, int]
) -> tuple[Matrix, Matrix, Matrix]:
    """Outcomes, dollars and tokens, NaN where a row says nothing; every model has a row for every query."""
    shape = (len(of_query), len(of_model))
    passed, cost, tokens = np.full(shape, np.nan), np.full(shape, np.nan), np.full((2, *shape), np.nan)
    for row in rows:
        cell = (of_query[row.query], of_model[row.model])
        if not np.isnan(passed[cell]):
            raise SourceError(
                f"{name}, line {row.line}: query {row.query!r} has two rows for {row.model!r}; a query that "
                "was tried twice needs two ids"
            )
        passed[cell] = row.passed
        cost[cell] = np.nan if row.cost_usd is None else row.cost_usd
        if row.tokens is not None:
            tokens[:, cell[0], cell[1]] = row.tokens
    holes = np.argwhere(np.isnan(passed))
    if len(holes):
        query, model = list(of_query)[holes[0][0]], list(of_model)[holes[0][1]]
        raise SourceError(
            f"{name}: not every model has an outcome for every query: {len(holes):,} rows are missing, the "
            f"first that of query {query!r} for {model!r}"
        )
    return passed, cost, tokens


def _check_cells(
    name: str,
    rows: Sequence[OutcomeRow],
    of_query: Mapping[str, int],
    of_model: Mapping[str, int],
    cost: Matrix,
    left_out: Mapping[str, str],
) -> None:
    """Refuse a table in which some queries of a model have a cost and others have none."""
    for row in rows:
        if row.model not in left_out and np.isnan(cost[of_query[row.query], of_model[row.model]]):
            raise SourceError(
                f"{name}, line {row.line} (model {row.model!r}, query {row.query!r}): neither cost_usd nor "
                "input_tokens; fill it in, or leave the query out for every model"
            )


def _priced(models: Sequence[str], tokens: Matrix, sheet: PriceSheet) -> tuple[Matrix, dict[str, str]]:
    """Dollars of every cell at the rates of now, and why models have none."""
    cost, left_out = np.full(tokens.shape[1:], np.nan), {}
    now = datetime.now(UTC)
    for column, model in enumerate(models):
        into, out = tokens[0, :, column], tokens[1, :, column]
        if np.isnan(into).all():
            left_out[model] = "no row has its tokens"
            continue
        try:
            rates = sheet.rates(model, now)
        except ToolshedError:
            left_out[model] = "it has no price"
            continue
        for above, tier in ((0, rates), *rates.tiers):
            held = into > above if above else ~np.isnan(into)
            usd = tier.request_usd + into * tier.input_usd + out * tier.output_usd
            cost[held, column] = usd[held]
    return cost, left_out


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
