"""Data sets: tools, queries and which tools each query needs."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from toolshed.catalog.definitions import Catalog
from toolshed.catalog.json_shapes import parse_tools
from toolshed.catalog.sources import read_source
from toolshed.errors import ConfigurationError, SourceError
from toolshed.settings import read_settings
from toolshed.types import ToolDefinition

_SOURCE = "eval"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A retrieval benchmark.

    Attributes:
        name: How it is called on the command line and in reports.
        catalog: The tools, all of the official pool.
        queries: Text by query id.
        qrels: Ids of the relevant tools by query id; only queries that have some are scored.
    """

    name: str
    catalog: Catalog
    queries: dict[str, str]
    qrels: dict[str, frozenset[str]]

    @property
    def checksum(self) -> str:
        """SHA-256 over tools, queries and qrels."""
        content = json.dumps(
            [
                [tool.content_hash for tool in self.catalog.tools],
                sorted(self.queries.items()),
                sorted((query, sorted(tools)) for query, tools in self.qrels.items()),
            ]
        )
        return hashlib.sha256(content.encode()).hexdigest()


def dataset_tool_id(tool: ToolDefinition) -> str:
    """The id a data set knows the tool by."""
    return tool.key or tool.name


def data_folder() -> Path:
    """Where the official files are: ``TOOLSHED_DATA``, or what ``toolshed eval fetch`` made."""
    return read_settings().data


def load_dataset(name: str) -> Dataset:
    """Load a named data set or a folder in the neutral layout.

    Raises:
        ConfigurationError: If there is no such data set, or its files are missing.
        SourceError: If a file cannot be read.
    """
    try:
        if name in DATASETS:
            return DATASETS[name](name)
        if Path(name).is_dir():
            return _neutral(Path(name))
    except FileNotFoundError as error:
        advice = (
            "set TOOLSHED_DATA to the folder of the official data sets, or run: "
            "toolshed eval fetch toole && toolshed eval fetch sealtools"
            if name in DATASETS
            else "a data set is a folder with tools.jsonl, queries.jsonl and qrels.tsv"
        )
        raise ConfigurationError(f"{error.filename!r} is missing; {advice}") from error
    except (KeyError, ValueError, TypeError) as error:
        raise SourceError(f"the data set {name!r} is not in the expected layout: {error!r}") from error
    raise ConfigurationError(
        f"{name!r} is neither a data set ({', '.join(DATASETS)}) nor a folder with tools.jsonl, "
        "queries.jsonl and qrels.tsv"
    )


def read_plans(path: Path, dataset: Dataset) -> dict[str, tuple[str, ...]]:
    """The parts of queries by their texts, from JSON Lines with ``query_id`` and ``sub_queries``.

    Raises:
        SourceError: If a line is no plan, or of no query of the data set.
    """
    plans: dict[str, tuple[str, ...]] = {}
    try:
        for line in _json_lines(path):
            parts = line["sub_queries"]
            if not parts or not all(isinstance(part, str) and part.strip() for part in parts):
                raise ValueError(f"the sub-queries of {line['query_id']!r} are no texts")
            plans[dataset.queries[line["query_id"]]] = tuple(parts)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise SourceError(f"{str(path)!r} has no plans of {dataset.name!r}: {error!r}") from error
    return plans


def is_dev(query: str) -> bool:
    """Whether a ToolE query belongs to the fixed fifth that may be tuned on."""
    return int(hashlib.sha256(query.lower().encode()).hexdigest(), 16) % 5 == 0


def _seal_tools(split: str) -> Callable[[str], Dataset]:
    def load(name: str) -> Dataset:
        folder = data_folder() / "sealtools"
        rows = list(_json_lines(folder / f"{split}.jsonl"))
        return Dataset(
            name,
            parse_tools(list(_json_lines(folder / "tool.jsonl")), source=_SOURCE),
            {row["id"]: row["query"] for row in rows},
            {row["id"]: frozenset(call["api"] for call in row["calling"]) for row in rows},
        )

    return load


def _toole_pool() -> Catalog:
    text = (data_folder() / "toole" / "plugin_des.json").read_text(encoding="utf-8")
    described = json.loads(text).items()
    return parse_tools([{"name": name, "description": said} for name, said in described], source=_SOURCE)


def _toole_single(name: str) -> Dataset:
    """The 20,550 different queries; a text that occurs with several labels has them all."""
    labels: dict[str, set[str]] = {}
    with (data_folder() / "toole" / "all_clean_data.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            labels.setdefault(row["Query"], set()).add(row["Tool"])
    keep = is_dev if name.endswith("-dev") else (lambda _: True)
    ids = {f"s{n}": query for n, query in enumerate(labels) if keep(query)}
    return Dataset(name, _toole_pool(), ids, {i: frozenset(labels[query]) for i, query in ids.items()})


def _toole_multi(name: str) -> Dataset:
    text = (data_folder() / "toole" / "multi_tool_query_golden.json").read_text(encoding="utf-8")
    rows = {f"m{n}": row for n, row in enumerate(json.loads(text))}
    keep = is_dev if name.endswith("-dev") else (lambda _: True)
    rows = {i: row for i, row in rows.items() if keep(row["query"])}
    return Dataset(
        name,
        _toole_pool(),
        {i: row["query"] for i, row in rows.items()},
        {i: frozenset(row["tool"]) for i, row in rows.items()},
    )


def _toole_awareness(name: str) -> Dataset:
    """Questions half of which no tool serves; those have no qrels."""
    whole = _neutral(data_folder() / "toole_awareness")
    wants_dev = name.endswith("-dev")
    queries = {i: text for i, text in whole.queries.items() if is_dev(text) == wants_dev}
    return replace(
        whole, name=name, queries=queries, qrels={i: q for i, q in whole.qrels.items() if i in queries}
    )


DATASETS: dict[str, Callable[[str], Dataset]] = {
    "toole-single": _toole_single,
    "toole-multi": _toole_multi,
    "sealtools-dev": _seal_tools("dev"),
    "sealtools-test-in": _seal_tools("test_in_domain"),
    "sealtools-test-out": _seal_tools("test_out_domain"),
    "toole-single-dev": _toole_single,
    "toole-multi-dev": _toole_multi,
    "toole-awareness-dev": _toole_awareness,
    "toole-awareness-test": _toole_awareness,
}


def _neutral(folder: Path) -> Dataset:
    queries = {str(row["id"]): str(row["text"]) for row in _json_lines(folder / "queries.jsonl")}
    qrels: dict[str, set[str]] = {}
    with (folder / "qrels.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        if rows.fieldnames != ["query_id", "tool_id", "relevance"]:
            raise SourceError(
                f"{str(folder / 'qrels.tsv')!r} begins with {rows.fieldnames}; its first line must be "
                "'query_id', 'tool_id', 'relevance', separated by tabs"
            )
        for row in rows:
            if int(row["relevance"]) > 0:
                qrels.setdefault(row["query_id"], set()).add(row["tool_id"])
    unknown = sorted(qrels.keys() - queries.keys())
    if unknown:
        raise SourceError(
            f"{str(folder / 'qrels.tsv')!r} judges the query {unknown[0]!r}, which is not there"
        )
    if not qrels:
        raise SourceError(f"{str(folder / 'qrels.tsv')!r} names no relevant tool, so nothing can be measured")
    catalog = read_source(folder / "tools.jsonl", name=_SOURCE)
    return Dataset(
        folder.resolve().name, catalog, queries, {query: frozenset(ids) for query, ids in qrels.items()}
    )


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)
