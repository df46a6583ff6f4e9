"""Sparse encoders: words for BM25 and character n-grams, from Unicode text and identifiers.

Terms are hashed to 32-bit indices, so a sparse vector needs no vocabulary and a document's vector
does not depend on the other documents. The inverse document frequency is applied when searching.
"""

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np
import Stemmer
import xxhash
from numpy.typing import NDArray

from toolshed.presets import BM25Preset
from toolshed.vectors import QueryWords, SparseVector

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_HUMP = re.compile(
    r"[^\W\d_]*?[a-z](?=[A-Z])|[A-Z]+(?=[A-Z][a-z])|[^\W\d_]+|\d+",
)
_CONTRACTION = re.compile(r"'(?:s|t|m|d|re|ve|ll)$")
# Scripts written without spaces are indexed by overlapping pairs of characters.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af\u0e00-\u0e7f]+")
# Longer words are identifiers, hashes or encoded data: their n-grams say nothing about a tool.
_MAX_WORD = 40
# Shorter words share their few n-grams with too many others.
_MIN_NGRAM_WORD = 4
# The words of a catalog and its queries; a stream of ever new ones costs 25 MB, no more.
_REMEMBERED_WORDS = 16_384
# Raise when terms or n-grams of a text change, or the texts that records are made of: what is stored with
# others is then indexed again. The first could be wrong where several threads read words at once; the second
# knew nothing of titles and services.
TERMS_VERSION = 3

STOP_WORDS = frozenset(
    """a an the and or but nor so if then than that this these those there here of in on at by for from
    to into onto with without within about as is are was were be been being am do does did doing done
    have has had having will would shall should can could may might must i me my mine myself we us our
    ours ourselves you your yours yourself he him his she her hers it its itself they them their theirs
    what which who whom whose when where why how all any both each few more most other some such no not
    only own same too very just also please thank thanks let lets need needs needed want wants wanted
    like help able me some using use used via e.g i.e etc i'm i'd i've i'll it's don't can't what's
    let's that's there's you're we're they're isn't aren't wasn't weren't doesn't didn't haven't hasn't
    hadn't won't wouldn't shouldn't couldn't he's she's they've we've we'll you'll they'll""".split()
)


class _ThreadsOwn(threading.local):
    """A stemmer keeps the word that it works on in itself: each thread has its own."""

    def __init__(self) -> None:
        self.stemmer = Stemmer.Stemmer("english", 0)


_own = _ThreadsOwn()


@lru_cache(maxsize=_REMEMBERED_WORDS)
def _stem(word: str) -> str:
    """Stem an English word; other words pass nearly unchanged."""
    return str(_own.stemmer.stemWord(word))


def split_identifier(word: str) -> list[str]:
    """Split ``getHTTPResponse2`` into ``get HTTP Response 2``."""
    return _HUMP.findall(word)


def words(text: str) -> list[str]:
    """Split text into lower-cased words, identifiers into their parts.

    An identifier of several parts yields itself as well, so an exact name can be found. Chinese,
    Japanese, Korean and Thai runs yield overlapping pairs of characters.
    """
    found: list[str] = []
    for word in _written_words(text):
        found.extend(_word_parts(word))
    return found


def _written_words(text: str) -> list[str]:
    # Plain text is in that form already.
    return _WORD.findall(text if text.isascii() else unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=_REMEMBERED_WORDS)
def _word_parts(word: str) -> tuple[str, ...]:
    if len(word) > _MAX_WORD:
        return ()
    if _UNSPACED.search(word):
        return tuple(_unspaced_pairs(word))
    lowered = word.lower().replace("’", "'")
    if _CONTRACTION.search(lowered):
        return (lowered,)
    parts = split_identifier(word)
    if len(parts) <= 1 or (lowered.isalpha() and word[1:].islower()):
        return (lowered,)
    return (*(part.lower() for part in parts), lowered)


def _unspaced_pairs(word: str) -> Iterable[str]:
    for run in _UNSPACED.split(word):
        if run:
            yield run.lower()
    for match in _UNSPACED.finditer(word):
        run = match.group()
        yield from (run[i : i + 2] for i in range(max(1, len(run) - 1)))


def terms(text: str) -> list[str]:
    """Index terms of a text: stemmed words without stop words."""
    return [_stem(word) for word in words(text) if word not in STOP_WORDS]


def word_ngrams(word: str, size: int = 4) -> tuple[str, ...]:
    """Character n-grams inside word boundaries: ``card`` gives ``_car card ard_``."""
    padded = f"_{word}_"
    return tuple(padded[i : i + size] for i in range(max(1, len(padded) - size + 1)))


@lru_cache(maxsize=4 * _REMEMBERED_WORDS)
def term_index(term: str) -> int:
    """Hash a term to its 32-bit index in a sparse vector."""
    return xxhash.xxh32_intdigest(term.encode())


def bm25_vector(fields: Mapping[str, str], preset: BM25Preset) -> SparseVector:
    """Saturated term weights of a document from the text of each field, BM25F (Robertson et al., CIKM 2004).

    Each field's term frequency is divided by its length normalisation before the fields are added
    and saturated.
    """
    frequencies: Counter[str] = Counter()
    for name, text in fields.items():
        weight, usual_length = preset.fields[name]
        counts = Counter(terms(text))
        length = sum(counts.values())
        scale = weight / (1 - preset.b + preset.b * length / usual_length) if length else 0.0
        for term, count in counts.items():
            frequencies[term] += count * scale  # type: ignore[assignment]  # Counter of floats
    weights: dict[int, float] = {}
    for term, frequency in frequencies.items():
        index = term_index(term)
        weights[index] = weights.get(index, 0.0) + frequency / (frequency + preset.k1)
    return SparseVector.from_weights(weights)


def ngram_vector(text: str) -> SparseVector:
    """Sublinear n-gram weights of the words that are no stop words, normalised to length one."""
    counts = Counter(
        term_index(gram) for word in words(text) if word not in STOP_WORDS for gram in word_ngrams(word)
    )
    weights = {index: 1 + float(np.log(count)) for index, count in counts.items()}
    norm = float(np.sqrt(sum(w * w for w in weights.values()))) or 1.0
    return SparseVector.from_weights({index: w / norm for index, w in weights.items()})


def query_words(text: str) -> QueryWords:
    """Read the words of a query, stop words left out."""
    found: dict[int, frozenset[int]] = {}
    for word in _written_words(text):
        found.update(_query_terms(word))
    return QueryWords(np.fromiter(found, dtype=np.uint32, count=len(found)), tuple(found.values()))


@lru_cache(maxsize=_REMEMBERED_WORDS)
def _query_terms(word: str) -> tuple[tuple[int, frozenset[int]], ...]:
    """Term and n-grams of each part of a word as written; sub-queries share most of their words."""
    parts = (part for part in _word_parts(word) if part not in STOP_WORDS)
    return tuple((term_index(_stem(part)), _ngram_indices(part)) for part in parts)


def _ngram_indices(word: str) -> frozenset[int]:
    if len(word) < _MIN_NGRAM_WORD:
        return frozenset()
    return frozenset(map(term_index, word_ngrams(word)))


def as_query_vector(indices: NDArray[np.uint32]) -> SparseVector:
    """The sparse vector of a query: every term counts once."""
    return SparseVector(indices, np.ones(len(indices), np.float32))
