"""What a question asks of legal text, read from its words: which document, a definition, an amount."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import log
from typing import Literal

from toolshed.backbones.lexical import STOP_WORDS, terms, words
from toolshed.knowledge_base.engine import Filter
from toolshed.knowledge_base.passages import PassageStore
from toolshed.types import Span

# What more of the passages than this are called by tells no document from another.
_MAX_NAMED_SHARE = 0.2
_MAX_NAMES = 12
_WORD = re.compile(r"[\w’'&-]+")
_ASKS_DEFINITION = re.compile(
    r"^\s*(?:what|who)\s+(?:is|are|counts?\s+as)\b|\b(?:means?|meaning|defin\w+|the\s+term|counts?\s+as|considered)\b",
    re.IGNORECASE,
)
# A kind of amount that a question asks for: money or a share, a time, or any number where it does not say.
AmountKind = Literal["money", "time", "number"]
_ASKS: Mapping[AmountKind, re.Pattern[str]] = {
    "money": re.compile(
        r"\bhow\s+much\b"
        r"|\b(?:what|which)\b(?:\s+\S+){0,4}?\s+(?:share|percentage|amount|interest|fines?|penalt(?:y|ies)|fees?|price"
        r"|rate|sum|salary|costs?|credit|rent|deposit|damages|compensation|premium|excess|royalty|commission)\b"
        r"|\b(?:up\s+to\s+what|the\s+most|maximum|highest|cap|ceiling|costs?)\b",
        re.IGNORECASE,
    ),
    "time": re.compile(
        r"\bhow\s+(?:long|soon|quickly|fast|often|old|late|early)\b|\b(?:by|until|since|from)\s+when\b|\bwhen\b"
        r"|\bhow\s+many\s+(?:minutes|hours|days|weeks|months|years)\b|\b(?:deadline|what\s+da(?:te|y)|notice\s+period)\b",
        re.IGNORECASE,
    ),
    "number": re.compile(
        r"\bhow\s+(?:many|tall|large|small|close|near|high|loud|cold|heavy|deep|far)\b"
        r"|\b(?:what|which)\s+(?:ratio|limit)\b|\bby\s+how\b",
        re.IGNORECASE,
    ),
}

# What comes before the term that is asked for.
_WHAT_IS = re.compile(
    r"(?:what|who) (?:is|are|counts? as) (?:the meaning of |the definition of |meant by )?"
    r"(?:the term )?(?:an? |the )?"
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what it asks for.

    Attributes:
        text: The question.
        terms: Index terms of its words, names left out where there are others.
        names: Rarity of each term that documents are called by, rare ones counting more.
        name_spans: Where the names stand in it.
        asks_definition: Whether it asks what something means.
        amounts: Kinds of amount that its answer may be.
    """

    text: str
    terms: frozenset[str]
    names: dict[str, float]
    name_spans: tuple[Span, ...]
    asks_definition: bool
    amounts: frozenset[AmountKind]


def read_question(text: str, store: PassageStore, only: Filter | None = None) -> Question:
    """Read a question; what documents are called by is looked up in the store."""
    found: dict[str, float] = {}
    spans: list[Span] = []
    capitalised = list(islice(_capitalised(text), _MAX_NAMES))
    n_passages = store.count(only) if capitalised else 0
    for span, own in capitalised:
        counts = {term: store.count({**(only or {}), "names": [term]}) for term in own}
        if all(0 < count <= max(1, _MAX_NAMED_SHARE * n_passages) for count in counts.values()):
            found |= {term: log(1 + n_passages / count) for term, count in counts.items()}
            spans.append(span)
    asked = frozenset(terms(text))
    return Question(
        text,
        asked - found.keys() or asked,
        found,
        tuple(spans),
        bool(_ASKS_DEFINITION.search(text)),
        frozenset(kind for kind, pattern in _ASKS.items() if pattern.search(text)),
    )


def _capitalised(text: str) -> Iterator[tuple[Span, list[str]]]:
    """Words that may be names, with their terms: capitalised, or with a digit in front."""
    for match in _WORD.finditer(text):
        word = match[0]
        if word[:1].isupper() or word[:1].isdigit():
            own = [] if word.lower() in STOP_WORDS else terms(word)
            if own:
                yield match.span(), own


def is_defined(question: Question, defines: tuple[str, ...]) -> bool:
    """Whether a question asks what one of these terms means.

    "What is a data broker?" does; "What is the fine for a data broker?" asks for the fine.
    """
    if not (question.asks_definition and defines):
        return False
    asked = " ".join(words(question.text))
    opening = _WHAT_IS.match(asked)
    if opening:
        asked = asked[opening.end() :]
    folded = (" ".join(words(term)) for term in defines)
    return any(term and _names_term(asked, term, is_first=opening is not None) for term in folded)


def _names_term(asked: str, term: str, *, is_first: bool) -> bool:
    place = f"{asked} " if is_first else f" {asked} "
    wanted = (f"{term} ", f"{term}s ")
    return place.startswith(wanted) if is_first else any(f" {form}" in place for form in wanted)
