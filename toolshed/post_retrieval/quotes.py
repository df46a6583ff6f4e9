"""Quotes: the sentences of a passage that answer the query, with where they stand."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from toolshed.backbones.lexical import terms
from toolshed.documents import Passage
from toolshed.presets import QUOTE_NEARLY_BEST, QUOTE_WORDS_WEIGHT
from toolshed.rankings import Quote
from toolshed.types import Span

_ENUMERATOR = re.compile(r"(?:\(\w{1,5}\)|\w{1,3}[.)]|\d{1,3}(?:\.\d{1,3})+\.?|[•·–—*-])")
_ENDS = frozenset(".;:?!,—–")


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
    texts = [passage.quotable_texts for passage in passages]
    shares = iter(_word_shares(query, [text for own in texts for text in own]))
    return [
        _best(passage, [similarity + QUOTE_WORDS_WEIGHT * next(shares) for similarity in own], most)
        for passage, own in zip(passages, similarities, strict=True)
    ]


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
    section = passage.section_at(span[0])
    start, end = _whole(passage, span)
    label = section.path[-1] if section else ""
    return Quote(start, end, passage.text[start - passage.start : end - passage.start], label, score)


def _whole(passage: Passage, span: Span) -> Span:
    """A sentence with what belongs to it: its number in a list, and what it goes on from.

    "(b) be kept for six years." is quoted with its letter; what begins in the middle of a sentence, after a
    break that is none, with the words before.
    """
    start, end = span
    before = [other for other in passage.sentences if other[1] <= start]
    for first, last in reversed(before):
        text = passage.text[first - passage.start : last - passage.start]
        here = passage.text[start - passage.start : end - passage.start]
        goes_on = (
            here[:1].islower()
            and text[-1:] not in _ENDS
            and "\n\n" not in passage.text[last - passage.start : start - passage.start]
        )
        if not (_ENUMERATOR.fullmatch(text) or goes_on):
            break
        start = first
        if not goes_on:
            break
    return start, end
