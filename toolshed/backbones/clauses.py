"""Sentences and clauses of short texts, as spans: what queries and descriptions are cut into.

Quick and tolerant rather than exact: a query is read in microseconds, and an overlooked boundary
only makes a sub-query longer. Legal text has its own segmenter.
"""

import re
from collections.abc import Iterator
from itertools import islice

from toolshed.types import Span

# Every repetition that may fail late is bounded or possessive: no query, however odd, takes quadratic time.
_PROTECTED = re.compile(
    r"""https?://\S+ | [^\s@]{1,64}@[^\s@]{1,253}\.\w{1,24}
      | "[^"\n]{0,400}" | “[^“”\n]{0,400}” | (?<!\w)'[^'\n]{1,200}'(?!\w) | ‘[^‘’\n]{0,400}’
      | \d{1,12}(?:[.,:]\d{1,12})+
      | \b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?
        \s\d{1,2}(?:st|nd|rd|th)?,\s\d{2,4}\b
      | \b[A-Z]\w{0,40}(?:,|\s(?:and|&))\s(?:(?:the|of|and|a)\s)?[A-Z]\w{0,40}
      | \b(?:e\.g|i\.e|etc|vs|Mr|Mrs|Ms|Dr|St|No|Inc|Ltd|U\.S|a\.m|p\.m)\.
    """,
    re.VERBOSE,
)
_SENTENCE_END = re.compile(
    r"[.!?]{1,16}+[\"'”’)]{0,16}+(?=\s|$)|[。！？；]+|\n\s{0,40}\n|\n(?=\s{0,40}(?:[-*•]|\d{1,4}[.)])\s)"
    # A line of a list or of a chat; one that goes on in lower case with a preposition or so was only wrapped.
    r"|\n(?=\s{0,40}(?:[^\W\d_a-z]|\w{1,24}:\s|\d|[\"“]))"
    r"|\n(?!\s{0,40}(?:to|in|on|at|for|from|of|with|and|or|the|an?|by|that|which|who|as|into|than|is|are|if)\b)"
)
# A quotation that ends with its sentence, and one that stands inside of a sentence.
_QUOTED_END = re.compile(r"""[.!?]["”’']$""")
_BEGINS_SENTENCE = re.compile(r"""\s{1,40}[^\W\d_a-z]|\s{0,40}$""")
_CLAUSE_BREAK = re.compile(
    r"[;:]\s{1,4}|,?\s{1,4}(?:and|as well as|plus|but|while)\s{1,4}(?:(?:then|also|finally|lastly)\s{1,4})?"
    r"|,?\s{1,4}(?:then|after that|afterwards)\s{1,4}|,\s{1,4}(?:or\s{1,4})?|\s{1,4}[-–—]\s{1,4}|[，、]",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_LEAD_IN = re.compile(
    r"""^(?:\W*+(?:first(?:ly|\sof\sall)?|second(?:ly)?|third(?:ly)?|then|next|after\sthat|afterwards|finally|lastly
      |additionally|also|furthermore|moreover|in\saddition|meanwhile|besides|and|but|so|please|kindly)\b[\s,:]*+)+""",
    re.IGNORECASE | re.VERBOSE,
)
_MIN_CLAUSE_WORDS = 3


def _protected(text: str) -> str:
    """The text with every protected span masked by letters, offsets unchanged."""

    def masked(match: re.Match[str]) -> str:
        inside = match.group()
        if _QUOTED_END.search(inside) and _BEGINS_SENTENCE.match(text, match.end()):
            return "x" * (len(inside) - 2) + inside[-2:]
        return "x" * len(inside)

    return _PROTECTED.sub(masked, text)


def sentence_spans(text: str) -> Iterator[Span]:
    """Spans of the sentences, trimmed of white space and of lead-ins such as "Finally,"."""
    masked = _protected(text)
    start = 0
    for match in _SENTENCE_END.finditer(masked):
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    """The span without its surrounding white space and lead-in, when words are left."""
    inside = text[start:end]
    start += len(inside) - len(inside.lstrip())
    start += lead_in_length(text[start:end].rstrip())
    end = start + len(text[start:end].rstrip())
    if _WORD.search(text, start, end):
        yield start, end


def clause_spans(text: str, start: int, end: int) -> Iterator[Span]:
    """Cut a sentence at conjunctions where both sides keep three words or more."""
    masked = _protected(text[start:end])
    begin = 0
    for match in _CLAUSE_BREAK.finditer(masked):
        if _is_clause(masked, begin, match.start()) and _is_clause(masked, match.end(), len(masked)):
            yield from _trimmed(text, start + begin, start + match.start())
            begin = match.end()
    yield from _trimmed(text, start + begin, end)


def lead_in_length(text: str) -> int:
    """Characters of an opening such as "Then, please" that carry no need."""
    match = _LEAD_IN.match(text)
    return match.end() if match and match.end() < len(text) else 0


def _is_clause(text: str, start: int, end: int) -> bool:
    words = islice(_WORD.finditer(text, start, end), _MIN_CLAUSE_WORDS)
    return sum(1 for _ in words) == _MIN_CLAUSE_WORDS
