"""Quotes: the sentences of a passage that answer the query, with where they stand."""

import math
from collections import Counter
from collections.abc import Sequence

from toolshed.backbones.lexical import terms
from toolshed.backbones.static import StaticEncoder
from toolshed.documents import Passage
from toolshed.presets import QUOTE_NEARLY_BEST, QUOTE_WORDS_WEIGHT
from toolshed.rankings import Quote
from toolshed.types import Span
from toolshed.vectors import Vectors


def quotes(
    query: str,
    passages: Sequence[Passage],
    *,
    similarities: Sequence[Sequence[float]],
    most: int = 2,
) -> list[tuple[Quote, ...]]:
    """The sentences of each passage that speak most to the query, best first; one at least.

    Args:
        query: The query.
        passages: The passages.
        similarities: For each passage, the similarity of each of its quotable sentences to the query.
        most: Most quotes of a passage.

    A sentence's score is its similarity and the share of the query's words that it holds, rare ones
    counting more; rarity is counted over the sentences of all the passages.
    """
    texts = sentence_texts(passages)
    shares = iter(_word_shares(query, [text for own in texts for text in own]))
    return [
        _best(passage, [similarity + QUOTE_WORDS_WEIGHT * next(shares) for similarity in own], most)
        for passage, own in zip(passages, similarities, strict=True)
    ]


def sentence_texts(passages: Sequence[Passage]) -> list[list[str]]:
    """The quotable sentences of each passage."""
    return [
        [passage.text[start - passage.start : end - passage.start] for start, end in passage.quotable]
        for passage in passages
    ]


def static_similarities(
    asked: Vectors, passages: Sequence[Passage], static: StaticEncoder
) -> list[list[float]]:
    """Similarity of each quotable sentence to the static vector of what is asked."""
    texts = sentence_texts(passages)
    vectors = static.encode([text.encode("utf-8", "replace").decode() for own in texts for text in own])
    similar = iter((vectors @ asked).tolist())
    return [[next(similar) for _ in own] for own in texts]


def _word_shares(query: str, texts: Sequence[str]) -> list[float]:
    """How much of the query's words each text holds, rare words counting more; 0 to 1."""
    wanted = set(terms(query))
    found = [set(terms(text)) & wanted for text in texts]
    counts = Counter(term for own in found for term in own)
    rarity = {term: math.log(1 + len(texts) / (1 + counts[term])) for term in wanted}
    total = sum(rarity.values()) or 1.0
    return [sum(rarity[term] for term in own) / total for own in found]


def _best(passage: Passage, scores: Sequence[float], most: int) -> tuple[Quote, ...]:
    ordered = sorted(zip(scores, passage.quotable, strict=True), key=lambda item: (-item[0], item[1]))
    least = ordered[0][0] * QUOTE_NEARLY_BEST
    chosen = [item for position, item in enumerate(ordered[:most]) if position == 0 or item[0] >= least]
    return tuple(_quote(passage, span, score) for score, span in chosen)


def _quote(passage: Passage, span: Span, score: float) -> Quote:
    start, end = span
    section = passage.section_at(start)
    label = section.path[-1] if section else ""
    return Quote(start, end, passage.text[start - passage.start : end - passage.start], label, score)
