"""Sentence segmenters of others, to compare with."""

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from toolshed.errors import ConfigurationError, missing_extra
from toolshed.legal.sentences import SEGMENTERS, SentenceSegmenter, segmenter_named, tighten
from toolshed.types import Span

# LangChain's default size; without overlap, or no chunk could be scored.
_CHUNK_CHARACTERS = 1000


class NltkPunkt:
    """NLTK's Punkt with its English data (``punkt_tab``)."""

    @cached_property
    def _tokenizer(self) -> Any:  # Any: nltk has no types
        import nltk
        from nltk.tokenize.punkt import PunktTokenizer

        folder = _packaged_nltk_data()
        if folder is not None and str(folder) not in nltk.data.path:
            nltk.data.path.append(str(folder))
        try:
            return PunktTokenizer("english")
        except LookupError as error:
            raise missing_extra("llama-index-core, which ships NLTK's Punkt data,", "baselines") from error

    @property
    def version(self) -> str:
        """See :class:`SentenceSegmenter`."""
        import nltk

        return f"nltk:{nltk.__version__}"

    def spans(self, text: str) -> list[Span]:
        """See :class:`SentenceSegmenter`."""
        return tighten(text, self._tokenizer.span_tokenize(text))


def _packaged_nltk_data() -> Path | None:
    """NLTK's wheel has no data; llama-index-core ships the genuine files."""
    spec = importlib.util.find_spec("llama_index.core") if importlib.util.find_spec("llama_index") else None
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "_static" / "nltk_cache"


class PySBD:
    """pySBD, the rules of Pragmatic Segmenter."""

    version = "pysbd"

    @cached_property
    def _segmenter(self) -> Any:  # Any: pysbd has no types
        import pysbd

        return pysbd.Segmenter(language="en", clean=False)

    def spans(self, text: str) -> list[Span]:
        """See :class:`SentenceSegmenter`."""
        return aligned(text, self._segmenter.segment(text))


class Sentencex:
    """sentencex of Wikimedia."""

    version = "sentencex"

    def spans(self, text: str) -> list[Span]:
        """See :class:`SentenceSegmenter`."""
        from sentencex import segment

        return aligned(text, segment("en", text))


class SpacySentencizer:
    """spaCy's rule-based sentencizer."""

    version = "spacy-sentencizer"

    @cached_property
    def _pipeline(self) -> Any:  # Any: spacy is an optional dependency
        import spacy

        pipeline = spacy.blank("en")
        pipeline.add_pipe("sentencizer")
        pipeline.max_length = 10**9
        return pipeline

    def spans(self, text: str) -> list[Span]:
        """See :class:`SentenceSegmenter`."""
        sentences = self._pipeline(text).sents
        return tighten(text, ((sentence.start_char, sentence.end_char) for sentence in sentences))


class LangChainRecursive:
    """LangChain's recursive character splitter: chunks, not sentences, and what they cut."""

    version = "langchain-recursive"

    @cached_property
    def _splitter(self) -> Any:  # Any: langchain-text-splitters is an optional dependency
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        return RecursiveCharacterTextSplitter(chunk_size=_CHUNK_CHARACTERS, chunk_overlap=0)

    def spans(self, text: str) -> list[Span]:
        """See :class:`SentenceSegmenter`."""
        return aligned(text, self._splitter.split_text(text))


BASELINES: Mapping[str, tuple[str, Callable[[], SentenceSegmenter]]] = {
    "nltk": ("nltk", NltkPunkt),
    "pysbd": ("pysbd", PySBD),
    "sentencex": ("sentencex", Sentencex),
    "spacy": ("spacy", SpacySentencizer),
    "langchain": ("langchain_text_splitters", LangChainRecursive),
}
# Presets are run when they are asked for.
OWN = ("legal", "legal:precise", "nupunkt", "charboundary", "regex")


def segmenter_or_baseline(name: str) -> SentenceSegmenter:
    """One of Toolshed's segmenters, or a baseline.

    Raises:
        ConfigurationError: If there is none of that name, or its package is not installed.
    """
    if name in SEGMENTERS:
        return segmenter_named(name)
    if name not in BASELINES:
        known = ", ".join([*SEGMENTERS, *BASELINES])
        raise ConfigurationError(f"unknown segmenter {name!r}; choose one of {known}")
    module, make = BASELINES[name]
    if importlib.util.find_spec(module) is None:
        raise missing_extra(module, "baselines")
    return make()


def aligned(text: str, pieces: Iterable[str]) -> list[Span]:
    """Spans of pieces that a splitter returned as strings, in order.

    Pieces are found by counting what is not white space, since splitters change the rest; ``str.find``
    would drop or misplace some of them.
    """
    positions = [position for position, character in enumerate(text) if not character.isspace()]
    spans: list[Span] = []
    begin = 0
    for piece in pieces:
        length = len("".join(piece.split()))
        if length and begin < len(positions):
            end = min(begin + length, len(positions))
            spans.append((positions[begin], positions[end - 1] + 1))
            begin = end
    return tighten(text, spans)
