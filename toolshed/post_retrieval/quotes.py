"""Quotes: the sentences of a passage that answer the query, with where they stand."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from toolshed.backbones.lexical import terms
from toolshed.backbones.static import StaticEncoder
from toolshed.legal.documents import Passage, Span

# Headings, enumerators and the like are no quotes.
_MIN_WORDS = 5
# A sentence of this share of the best one's score is quoted too.
_NEARLY_BEST = 0.8
_LEXICAL_WEIGHT = 0.6


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a passage, by its offsets in the document.

    Attributes:
        start: Offset of its first character in the document.
        end: Offset after its last character.
        text: The sentence as it stands there.
        section: Label of the innermost section it stands in; empty where there is none.
        score: How well it answers the query; comparable within one search only.
    """

    start: int
    end: int
    text: str
    section: str
    score: float


def quotes(
    query: str, passages: Sequence[Passage], *, static: StaticEncoder, most: int = 2
) -> list[tuple[Quote, ...]]:
    """The sentences of each passage that speak most to the query, best first; one at least.

    Sentences are weighed by static vectors and by the query's words they hold, rare ones more; rarity is
    counted over the sentences of all the passages.
    """
    spans = [_quotable(passage) for passage in passages]
    texts = [
        passage.text[start - passage.start : end - passage.start]
        for passage, found in zip(passages, spans, strict=True)
        for start, end in found
    ]
    if not texts:
        return [() for _ in passages]
    scores = _scores(query, texts, static)
    picked = []
    position = 0
    for passage, found in zip(passages, spans, strict=True):
        own = scores[position : position + len(found)]
        position += len(found)
        picked.append(_best(passage, found, own, most))
    return picked


def _quotable(passage: Passage) -> list[Span]:
    """Spans of the sentences that can be quoted; all of them where none is long enough."""
    long_enough = [
        (start, end)
        for start, end in passage.sentences
        if len(passage.text[start - passage.start : end - passage.start].split()) >= _MIN_WORDS
    ]
    return long_enough or list(passage.sentences)


def _scores(query: str, texts: Sequence[str], static: StaticEncoder) -> list[float]:
    clean = [text.encode("utf-8", "replace").decode() for text in (query, *texts)]
    vectors = static.encode(clean)
    similar = vectors[1:] @ vectors[0]
    wanted = set(terms(query))
    sentence_terms = [set(terms(text)) for text in texts]
    counts = Counter(term for found in sentence_terms for term in found & wanted)
    rarity = {term: math.log(1 + len(texts) / (1 + counts[term])) for term in wanted}
    total = sum(rarity.values()) or 1.0
    return [
        float(similarity) + _LEXICAL_WEIGHT * sum(rarity[term] for term in found & wanted) / total
        for similarity, found in zip(similar, sentence_terms, strict=True)
    ]


def _best(passage: Passage, spans: Sequence[Span], scores: Sequence[float], most: int) -> tuple[Quote, ...]:
    if not spans:
        return ()
    ordered = sorted(zip(scores, spans, strict=True), key=lambda item: (-item[0], item[1]))
    least = ordered[0][0] * _NEARLY_BEST
    chosen = [item for position, item in enumerate(ordered[:most]) if position == 0 or item[0] >= least]
    return tuple(_quote(passage, span, score) for score, span in chosen)


def _quote(passage: Passage, span: Span, score: float) -> Quote:
    start, end = span
    section = passage.section_at(start)
    label = section.path[-1] if section else ""
    return Quote(start, end, passage.text[start - passage.start : end - passage.start], label, score)
