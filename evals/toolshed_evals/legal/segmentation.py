"""``toolshed eval sentences``: how well, and how fast, segmenters find the gold sentences."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from toolshed.errors import ConfigurationError
from toolshed.legal.boundary_model import BoundaryModel, ModelName, fitted_on, text_hash
from toolshed.legal.sentences import PRESETS, ROMANCE_SHIFT, LegalSegmenter, SentenceSegmenter
from toolshed.types import Span
from toolshed_evals.legal.baselines import BASELINES, OWN, segmenter_or_baseline
from toolshed_evals.legal.gold import BoundaryScores, GoldDocument, GoldError, load_gold, score_boundaries
from toolshed_evals.legal.training import documents_of, fitted_model, kept_documents, written_documents

logger = logging.getLogger(__name__)

HoldOut = Literal["document", "genre"]
# Models that are judged on what they were fitted on, by weights fitted without it.
_FITTED: Sequence[ModelName] = ("decisions", "romance")
_WARM_UP = "This loads what is loaded at first use. It is not measured.\n"


@dataclass(frozen=True, slots=True)
class SegmenterResult:
    """A segmenter's scores, and its speed on text that it had not seen."""

    scores: BoundaryScores
    chars_per_cpu_second: float

    def to_json(self) -> dict[str, float]:
        """The result as a JSON object."""
        return {**asdict(self.scores), "chars_per_cpu_second": self.chars_per_cpu_second}


@dataclass(frozen=True, slots=True)
class SegmentationReport:
    """What ``toolshed eval sentences`` found.

    Attributes:
        dataset: Name of the file or folder of gold.
        n_documents: Documents in it.
        n_sentences: Gold sentences in them.
        n_overlapping: Spans that began within the gold sentence before, and were left out.
        n_refitted: Documents that were scored by weights fitted without them.
        segmenters: What each segmenter reached.
    """

    dataset: str
    n_documents: int
    n_sentences: int
    n_overlapping: int
    n_refitted: int
    segmenters: dict[str, SegmenterResult]

    def to_json(self) -> dict[str, object]:
        """The report as a JSON object."""
        return {
            "dataset": self.dataset,
            "n_documents": self.n_documents,
            "n_sentences": self.n_sentences,
            "n_overlapping": self.n_overlapping,
            "n_refitted": self.n_refitted,
            "segmenters": {name: result.to_json() for name, result in self.segmenters.items()},
        }

    def table(self) -> str:
        """The report as text."""
        lines = [
            f"{self.n_documents:,} documents, {self.n_sentences:,} gold sentences",
            f"{'segmenter':<18} {'P':>6} {'R':>6} {'F1':>6} {'ends F1':>8} {'cut':>6} {'Mchar/CPU s':>12}",
        ]
        lines += [
            f"{name:<18} {result.scores.precision:6.3f} {result.scores.recall:6.3f} {result.scores.f1:6.3f} "
            f"{result.scores.ends_f1:8.3f} {result.scores.cut:6.3f} {result.chars_per_cpu_second / 1e6:12.2f}"
            for name, result in self.segmenters.items()
        ]
        return "\n".join(lines)


def evaluate_segmenters(
    path: Path | None,
    names: Sequence[str] = (),
    *,
    hold_out: HoldOut = "document",
    tick: Callable[[int, int], None] = lambda _done, _total: None,
) -> SegmentationReport:
    """Run segmenters over gold documents, one after the other in this process.

    Documents that the shipped weights were fitted on are scored by weights fitted without them, so
    that no segmenter is ever scored on what it learnt from.

    Args:
        path: A JSON Lines file of gold documents, or a folder of them; None for the contracts, statutes,
            terms, letters and decisions that we wrote and kept for judging.
        names: The segmenters; all that are installed when not given.
        hold_out: What weights are fitted without: the document that is scored, or all of its genre.
        tick: Told after each segmenter.

    Raises:
        GoldError: If the gold cannot be used.
        ConfigurationError: If a segmenter is unknown or not installed.
    """
    gold = load_gold(path) if path else kept_documents()
    segmenters = _chosen(names)
    has_legal = any(name.startswith("legal") for name in segmenters)
    held_out = HeldOut(gold if has_legal else (), hold_out)
    results: dict[str, SegmenterResult] = {}
    for done, (name, segmenter) in enumerate(segmenters.items()):
        tick(done, len(segmenters))
        spans, speed = _timed_spans(segmenter, gold)
        if name.startswith("legal") and held_out.n_documents:
            preset = name.partition(":")[2] or "balanced"
            spans = [held_out.segmenter(document, preset).spans(document.text) for document in gold]
        results[name] = SegmenterResult(score_boundaries(gold, spans), speed)
    tick(len(segmenters), len(segmenters))
    n_sentences = sum(len(document.spans) for document in gold)
    n_overlapping = sum(document.n_overlapping for document in gold)
    name = path.stem if path else "written"
    return SegmentationReport(name, len(gold), n_sentences, n_overlapping, held_out.n_documents, results)


def _chosen(names: Sequence[str]) -> dict[str, SentenceSegmenter]:
    if names:
        return {name: segmenter_or_baseline(name) for name in names}
    found: dict[str, SentenceSegmenter] = {}
    for name in (*OWN, *BASELINES):
        try:
            found[name] = segmenter_or_baseline(name)
        except ConfigurationError as error:
            logger.warning("left out: %s", error)
    return found


class HeldOut:
    """Segmenters that never saw what they cut: documents that the shipped weights were fitted on are cut by
    weights fitted without them.

    Args:
        gold: The documents that are to be cut.
        hold_out: Whether the weights are fitted without the document, or without all of its genre. Those of
            other languages are many, and are cut by weights fitted on the other half of them.
    """

    def __init__(self, gold: Sequence[GoldDocument], hold_out: HoldOut = "document") -> None:
        self._by_genre = hold_out == "genre"
        self._seen: dict[str, ModelName] = {}
        for name in _FITTED:
            used = fitted_on(name)
            self._seen |= {one.text: name for one in gold if text_hash(one.text) in used}
        self._models: dict[tuple[ModelName, str], BoundaryModel] = {}
        self._training = {name: _training_documents(name, gold) for name in set(self._seen.values())}

    @property
    def n_documents(self) -> int:
        """How many of the documents were used for fitting."""
        return len(self._seen)

    def segmenter(self, document: GoldDocument, preset: str = "balanced") -> SentenceSegmenter:
        """The segmenter for a document: the shipped one, unless it was fitted on it."""
        name = self._seen.get(document.text)
        if name is None:
            return LegalSegmenter(preset)
        key = name, self._key(name, document)
        if key not in self._models:
            others = [one for one in self._training[name] if self._key(name, one) != key[1]]
            self._models[key] = fitted_model([one for one in others if one.text != document.text])
        shift = ROMANCE_SHIFT if name == "romance" else 0.0
        return _Fitted(self._models[key], PRESETS[preset] + shift)

    def _key(self, name: ModelName, document: GoldDocument) -> str:
        if name == "romance":
            return str(int(text_hash(document.text), 16) % 2)
        return document.genre if self._by_genre else document.document_id


def _training_documents(name: ModelName, gold: Sequence[GoldDocument]) -> list[GoldDocument]:
    """What the shipped weights were fitted on, as far as it is at hand: official files, and those given."""
    try:
        official = documents_of(name)
    except GoldError:
        official = written_documents()[:1] if name == "decisions" else []
    known = {one.text: one for one in (*official, *gold) if text_hash(one.text) in fitted_on(name)}
    if len(known) < len(fitted_on(name)):
        logger.warning(
            "only %d of the %d documents that 'legal' was fitted on are at hand; set TOOLSHED_DATA to the "
            "folder of the official files, or its scores will be too low",
            len(known),
            len(fitted_on(name)),
        )
    return list(known.values())


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A segmenter with a model of its own."""

    model: BoundaryModel
    threshold: float
    version: str = "legal:held-out"

    def spans(self, text: str) -> list[Span]:
        """See :class:`SentenceSegmenter`."""
        return list(self.model.spans(text, self.threshold))


def _timed_spans(
    segmenter: SentenceSegmenter, gold: Sequence[GoldDocument]
) -> tuple[list[list[Span]], float]:
    """The spans, and characters per second of CPU time of this first pass."""
    segmenter.spans(_WARM_UP)
    started = time.process_time()
    spans = [segmenter.spans(document.text) for document in gold]
    seconds = time.process_time() - started
    return spans, sum(len(document.text) for document in gold) / max(seconds, 1e-9)
