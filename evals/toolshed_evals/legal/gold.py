"""Legal documents with gold sentence spans, and the measures of sentence segmentation."""

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolshed.errors import ToolshedError
from toolshed.types import Span


class GoldError(ToolshedError):
    """A file of gold sentences that cannot be used."""

    code = "unusable_gold"
    http_status = 422


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """A document and its sentences.

    Attributes:
        document_id: Its name.
        text: The text that the offsets index.
        spans: Tight spans of the sentences, in order; end exclusive.
        genre: The kind of document, where the file says it.
        n_overlapping: Spans of the file that began within the one before; they are left out.
    """

    document_id: str
    text: str
    spans: tuple[Span, ...]
    genre: str = ""
    n_overlapping: int = 0


def load_gold(path: Path) -> list[GoldDocument]:
    """Read a JSON Lines file, or all of a folder: ``{"id", "text", "spans": [[start, end], ...]}``.

    Spans that begin within the one before are left out and counted: official files have a few, and no
    segmenter cuts one text in two ways.

    Raises:
        GoldError: If there is nothing to read, or a line is not of that form.
    """
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    documents = [document for file in files for document in _read(file)]
    if not documents:
        raise GoldError(
            f"there are no documents in {str(path)!r}; expected JSON Lines of "
            '{"id", "text", "spans": [[start, end], ...]}, or a folder of such files'
        )
    return documents


def _read(file: Path) -> Iterable[GoldDocument]:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{str(file)!r} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _document(line, f"{str(file)!r}, line {number}")


def _document(line: str, where: str) -> GoldDocument:
    try:
        value = json.loads(line)
        text = value["text"]
        given = _tight(text, [(int(start), int(end)) for start, end in value["spans"]])
        spans = _flat(given)
        document = GoldDocument(
            str(value["id"]), text, spans, str(value.get("dataset", "")), len(given) - len(spans)
        )
    except (ValueError, KeyError, TypeError) as error:
        raise GoldError(
            f'{where}: expected {{"id", "text", "spans": [[start, end], ...]}} ({error!r})'
        ) from error
    last = 0
    for start, end in spans:
        if not last <= start < end <= len(text):
            raise GoldError(f"{where}: the span [{start}, {end}] is out of order or outside the text")
        last = end
    return document


def _flat(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans without those that begin within the one before."""
    kept: list[Span] = []
    for start, end in spans:
        if not kept or not kept[-1][0] <= start < kept[-1][1]:
            kept.append((start, end))
    return tuple(kept)


def _tight(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans without white space at their ends; official files have some with, which may overlap by it."""
    tight = []
    for start, end in spans:
        piece = text[start:end] if 0 <= start <= end <= len(text) else ""
        if piece.strip():
            start, end = start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
        tight.append((start, end))
    return tuple(tight)


@dataclass(frozen=True, slots=True)
class BoundaryScores:
    """How well boundaries were found, over all documents together (micro average).

    Attributes:
        precision, recall, f1: Of all span starts and ends, matched exactly (arXiv 2504.04131, section 4,
            on tight spans).
        ends_f1: The same for span ends alone.
        cut: Share of gold sentences with a predicted boundary inside.
    """

    precision: float
    recall: float
    f1: float
    ends_f1: float
    cut: float


def score_boundaries(gold: Sequence[GoldDocument], predicted: Sequence[Sequence[Span]]) -> BoundaryScores:
    """Score predicted spans, one list for each gold document."""
    both, ends = _Counts(), _Counts()
    n_cut = n_sentences = 0
    for document, spans in zip(gold, predicted, strict=True):
        gold_ends, found_ends = {end for _, end in document.spans}, {end for _, end in spans}
        gold_all = gold_ends | {start for start, _ in document.spans}
        found_all = found_ends | {start for start, _ in spans}
        both.add(gold_all, found_all)
        ends.add(gold_ends, found_ends)
        n_cut += count_cut(document.spans, found_all)
        n_sentences += len(document.spans)
    return BoundaryScores(
        both.precision, both.recall, both.f1, ends.f1, n_cut / n_sentences if n_sentences else 0.0
    )


def count_cut(sentences: Iterable[Span], boundaries: Iterable[int]) -> int:
    """Sentences with a boundary strictly inside."""
    ordered = sorted(boundaries)
    n_cut = 0
    for start, end in sentences:
        following = bisect_right(ordered, start)
        n_cut += following < len(ordered) and ordered[following] < end
    return n_cut


class _Counts:
    def __init__(self) -> None:
        self._n_right = self._n_gold = self._n_found = 0

    def add(self, gold: set[int], found: set[int]) -> None:
        self._n_right += len(gold & found)
        self._n_gold += len(gold)
        self._n_found += len(found)

    @property
    def precision(self) -> float:
        return self._n_right / self._n_found if self._n_found else 0.0

    @property
    def recall(self) -> float:
        return self._n_right / self._n_gold if self._n_gold else 0.0

    @property
    def f1(self) -> float:
        total = self._n_gold + self._n_found
        return 2 * self._n_right / total if total else 0.0
