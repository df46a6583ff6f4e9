"""Judged queries of a user's own: which tools serve them."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolshed.errors import ConfigurationError, InvalidQueryError, SourceError
from toolshed.knowledge_base.examples import UsageExample
from toolshed.queries import checked_text

_MAX_BYTES = 256 * 2**20
_COLUMNS = ["query_id", "tool_id", "relevance"]


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query and the tools that serve it.

    Attributes:
        text: The query.
        tool_ids: Ids of these tools; at least one.
    """

    text: str
    tool_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class JudgedQueries:
    """Queries that can be tuned on.

    Attributes:
        queries: Those that some tool of the knowledge base serves.
        n_unknown: Judgements of tools that are not there.
    """

    queries: Sequence[JudgedQuery]
    n_unknown: int


def read_judged(qrels: Path, queries: Path | None, tool_ids: Sequence[str]) -> JudgedQueries:
    """Read judgements, and the texts of their queries.

    Args:
        qrels: Tab-separated, its first line ``query_id``, ``tool_id``, ``relevance``. A tool is named by its
            id, or by what follows the source in it where only one tool has that.
        queries: JSON Lines with ``id`` and ``text``; ``queries.jsonl`` beside ``qrels`` where None.
        tool_ids: The tools there are.

    Raises:
        SourceError: If a file cannot be read, is too long, or not in this form.
        ConfigurationError: If no judged tool is there.
    """
    known = _names(tool_ids)
    texts = _texts(queries or qrels.with_name("queries.jsonl"))
    needed: dict[str, set[str]] = {}
    n_unknown = 0
    for query_id, tool in _judgements(qrels):
        if query_id not in texts:
            raise SourceError(f"{str(qrels)!r} judges the query {query_id!r}, which has no text")
        if tool in known:
            needed.setdefault(query_id, set()).add(known[tool])
        else:
            n_unknown += 1
    if not needed:
        raise ConfigurationError(
            f"none of the tools that {str(qrels)!r} judges is in the knowledge base; ids are written "
            "source:name, and toolshed tools lists them"
        )
    return JudgedQueries([JudgedQuery(texts[i], frozenset(ids)) for i, ids in needed.items()], n_unknown)


def _names(tool_ids: Sequence[str]) -> Mapping[str, str]:
    """Tools by id, and by what follows the source where that is one tool's."""
    names: dict[str, list[str]] = {}
    for tool_id in tool_ids:
        names.setdefault(tool_id.partition(":")[2], []).append(tool_id)
    alone = {name: ids[0] for name, ids in names.items() if len(ids) == 1}
    return {**alone, **{tool_id: tool_id for tool_id in tool_ids}}


def _texts(path: Path) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    # Not splitlines: JSON may hold other line ends, such as U+2028, as they are.
    for number, line in enumerate(_read(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            query_id, text = _query(json.loads(line))
            text = checked_text(text)
        except InvalidQueryError as error:
            raise SourceError(f"line {number} of {str(path)!r} is no query: {error}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(
                f"line {number} of {str(path)!r} is no query: an object with 'id' and 'text' is wanted"
            ) from error
        if texts.setdefault(query_id, text) != text:
            raise SourceError(f"line {number} of {str(path)!r} has another text for the query {query_id!r}")
    return texts


def _query(row: Any) -> tuple[str, str]:
    # Any: any JSON, which may lack both.
    query_id, text = row["id"], row["text"]
    if not isinstance(text, str) or not isinstance(query_id, str | int):
        raise TypeError
    return str(query_id), text


def _judgements(path: Path) -> list[tuple[str, str]]:
    rows = csv.DictReader(_read(path).split("\n"), delimiter="\t")
    try:
        if rows.fieldnames != _COLUMNS:
            raise SourceError(
                f"{str(path)!r} begins with {rows.fieldnames}; its first line must be "
                "'query_id', 'tool_id', 'relevance', separated by tabs"
            )
        return [(row["query_id"], row["tool_id"]) for row in rows if int(row["relevance"]) > 0]
    except csv.Error as error:
        raise SourceError(f"line {rows.line_num + 1} of {str(path)!r} is no judgement: {error}") from error
    except (TypeError, ValueError) as error:
        raise SourceError(
            f"line {rows.line_num} of {str(path)!r} is no judgement: relevance is a whole number"
        ) from error


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SourceError(f"{str(path)!r} has more than {_MAX_BYTES:,} bytes")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{str(path)!r} cannot be read: {error}") from error


def from_examples(examples: Iterable[UsageExample]) -> list[JudgedQuery]:
    """Reported outcomes as judged queries: those whose text is kept.

    Raises:
        ConfigurationError: If none is.
    """
    needed: dict[str, set[str]] = {}
    n_without = 0
    for one in examples:
        if one.text:
            needed.setdefault(one.text, set()).add(one.tool_id)
        else:
            n_without += 1
    if not needed:
        raise ConfigurationError(
            f"no outcome of a request was reported whose text is kept ({n_without:,} without it). Open the "
            "knowledge base with keeps_requests=True and report, or give a file of judgements"
        )
    return [JudgedQuery(text, frozenset(ids)) for text, ids in needed.items()]
