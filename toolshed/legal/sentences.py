"""Sentence segmentation of legal text: one protocol, four segmenters.

``legal`` is the default: a linear boundary model with adjustable precision. ``nupunkt``, ``charboundary``
and ``regex`` are there to compare with, and for texts that they suit better.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Literal, Protocol

import nupunkt

from toolshed.errors import ConfigurationError, missing_extra
from toolshed.legal.boundary_model import BoundaryModel, ModelName, shipped_model, weights_version
from toolshed.legal.german import german_spans
from toolshed.legal.languages import is_instrument, language_of
from toolshed.legal.layout_units import with_layout_units
from toolshed.legal.long_runs import with_short_runs
from toolshed.legal.marked_headings import as_units, marked_headings
from toolshed.types import Span

Preset = Literal["balanced", "precise", "strict"]

# Least logarithm of the odds for a boundary. Chosen on the twelve decisions, leaving one document out.
PRESETS: Mapping[str, float] = {"balanced": 0.75, "precise": 1.5, "strict": 3.0}

# The Romance model is fitted on statutes for the most part: its odds are about even at their boundaries.
ROMANCE_SHIFT = -0.75
# Raise when rules for German, languages, layout or marked headings find other sentences.
_RULES_VERSION = 3

_REGEX_END = re.compile(r"""[.?!]["'”’)\]]{0,4}(?=\s+["'“‘(\[]?[A-Z0-9])|\n[^\S\n]*\n""")


class SentenceSegmenter(Protocol):
    """Finds the sentences of a text."""

    @property
    def version(self) -> str:
        """Name and version: another version may find other sentences."""

    def spans(self, text: str) -> list[Span]:
        """Tight spans of the sentences, end exclusive.

        They are ordered, do not overlap, index the text as it was given, and cover every character
        that is not white space.
        """


class LegalSegmenter:
    """Linear boundary models for English and the Romance languages, rules for German.

    The language is told for each text (:func:`~toolshed.legal.languages.language_of`). In one that is not
    known, only sure boundaries are taken. Items of a list and recitals on lines of their own are sentences;
    so are enumerators ("1.", "(a)"), headings, star pages and citation sentences, as in the
    gold of MultiLegalSBD.

    Args:
        preset: ``balanced``; ``precise`` or ``strict`` for fewer, surer boundaries.

    Raises:
        ConfigurationError: If there is no such preset.
    """

    def __init__(self, preset: str = "balanced") -> None:
        if preset not in PRESETS:
            raise ConfigurationError(f"unknown preset {preset!r}; choose one of {', '.join(PRESETS)}")
        self._threshold = PRESETS[preset]
        self._models: dict[ModelName, BoundaryModel] = {}
        self.version = f"legal:{preset}:{weights_version()}.{_RULES_VERSION}"

    def spans(self, text: str) -> list[Span]:
        """See :class:`SentenceSegmenter`."""
        headings = marked_headings(text)
        found = self._found(text)
        return as_units(text, found, headings) if headings else list(found)

    def _found(self, text: str) -> Iterable[Span]:
        match language_of(text):
            case "en":
                if not is_instrument(text):
                    return self._model("decisions").spans(text, self._threshold)
                return with_layout_units(text, self._model("instruments").spans(text, self._threshold))
            case "de":
                return german_spans(text)
            case "unknown":
                return self._model("decisions").spans(text, max(self._threshold, PRESETS["strict"]))
            case _:
                return self._model("romance").spans(text, self._threshold + ROMANCE_SHIFT)

    def _model(self, name: ModelName) -> BoundaryModel:
        """A model, read when the first text asks for it."""
        if name not in self._models:
            self._models[name] = shipped_model(name)
        return self._models[name]


class NupunktSegmenter:
    """nupunkt's Punkt model for legal text, with its layout reading and line breaks."""

    def __init__(self) -> None:
        self.version = f"nupunkt:{nupunkt.__version__}"

    def spans(self, text: str) -> list[Span]:
        """See :class:`SentenceSegmenter`."""
        short = with_short_runs(text)
        return tighten(text, short.given(nupunkt.sentence_spans(short.text, line_breaks=True)))


class CharBoundarySegmenter:
    """CharBoundary's small model (arXiv 2504.04131), a random forest over characters.

    Args:
        threshold: Least probability of a boundary.

    Raises:
        ConfigurationError: If the extra is not installed.
    """

    def __init__(self, threshold: float = 0.5) -> None:
        with warnings.catch_warnings():
            # It was saved by another scikit-learn and asks for an extra that it does not need.
            warnings.simplefilter("ignore")
            try:
                from charboundary import get_small_segmenter
            except ImportError as error:
                raise missing_extra("charboundary", "charboundary") from error
            self._segmenter = get_small_segmenter()
        self._threshold = threshold
        self.version = f"charboundary:small:{threshold}"

    def spans(self, text: str) -> list[Span]:
        """See :class:`SentenceSegmenter`."""
        if not text.strip():
            return []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            short = with_short_runs(text)
            found = self._segmenter.get_sentence_spans(short.text, threshold=self._threshold)
        return tighten(text, short.given(found))


class RegexSegmenter:
    """A stop before a capital, or a blank line: what one writes in a minute, as a floor to measure from."""

    version = "regex:1"

    def spans(self, text: str) -> list[Span]:
        """See :class:`SentenceSegmenter`."""
        bounds = [0, *(match.end() for match in _REGEX_END.finditer(text)), len(text)]
        return tighten(text, pairwise(bounds))


def tighten(text: str, spans: Iterable[Span]) -> list[Span]:
    """Trim white space off spans that together cover the text, and drop what is left empty.

    What a segmenter left out between two spans goes to the second; at the end, to the last.
    """
    tight: list[Span] = []
    begin = 0
    for _, end in spans:
        _append_trimmed(text, begin, end, tight)
        begin = max(begin, end)
    _append_trimmed(text, begin, len(text), tight)
    return tight


def _append_trimmed(text: str, begin: int, end: int, tight: list[Span]) -> None:
    piece = text[begin:end]
    start = begin + len(piece) - len(piece.lstrip())
    stop = begin + len(piece.rstrip())
    if stop > start:
        tight.append((start, stop))


SEGMENTERS: Mapping[str, Callable[[], SentenceSegmenter]] = {
    "legal": LegalSegmenter,
    "legal:balanced": LegalSegmenter,
    "legal:precise": lambda: LegalSegmenter("precise"),
    "legal:strict": lambda: LegalSegmenter("strict"),
    "nupunkt": NupunktSegmenter,
    "charboundary": CharBoundarySegmenter,
    "regex": RegexSegmenter,
}


@lru_cache(maxsize=len(SEGMENTERS))
def segmenter_named(name: str) -> SentenceSegmenter:
    """The segmenter of a name: ``legal``, ``legal:precise``, ``legal:strict``, ``nupunkt``, ...

    Raises:
        ConfigurationError: If there is none of that name.
    """
    if name not in SEGMENTERS:
        raise ConfigurationError(f"unknown segmenter {name!r}; choose one of {', '.join(SEGMENTERS)}")
    return SEGMENTERS[name]()
