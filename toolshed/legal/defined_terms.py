"""Terms that a legal text defines: (the "Agreement"), "Losses" means ..."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from toolshed.documents import Passage
from toolshed.types import Span

_TERM = r"[\"“]([^\"“”\n]{2,60}?)[,.]?[\"”]"
_MEANS = re.compile(
    rf"(?:{_TERM}(?:,? (?:or|and) {_TERM})?|(?:^|[.;]\s)(?:The term |the term )?{_TERM})"
    r",?\s(?:as used \S[^,]{0,60}, )?(?:shall |will )?"
    r"(?:means?\b|(?:has|have) the meanings?\b|refers? to\b|includes?\b|is defined\b)"
)
_PARENTHESIS = re.compile(
    r"\((?:[^()\"“”]{0,80}\b)?(?:the|this|that|each|an?|our|such|collectively|together|individually|hereinafter|"
    r"hereafter|herein|or|and|as|,)?\s{0,2}[\"“][^()]{0,120}?[\"”][^()]{0,80}\)"
)
_CALLED = re.compile(
    rf"(?:hereinafter|hereafter|herein)\s[^\"“”]{{0,40}}{_TERM}|referred to (?:\w+ )?as (?:the )?{_TERM}"
)
_QUOTED = re.compile(_TERM)
# A parenthesis that quotes something else: a court's words, an emphasis.
_NO_DEFINITION = re.compile(
    r"\((?:quoting|citing|holding|finding|noting|stating|internal|emphasis|explaining)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A term and the sentence that defines it.

    Attributes:
        term: The term, without its quotation marks.
        start: Offset of the defining sentence.
        end: Offset after it.
    """

    term: str
    start: int
    end: int


def find_definitions(text: str, sentences: Iterable[Span]) -> list[Definition]:
    """The terms defined in a text, each once for each sentence that defines it."""
    found: list[Definition] = []
    for start, end in sentences:
        sentence = text[start:end]
        if '"' in sentence or "“" in sentence:
            found += [Definition(term, start, end) for term in dict.fromkeys(_terms(sentence))]
    return found


def with_definitions(passages: Sequence[Passage]) -> list[Passage]:
    """The passages with the terms that they define."""
    annotated = []
    for passage in passages:
        spans = ((start - passage.start, end - passage.start) for start, end in passage.sentences)
        terms = dict.fromkeys(definition.term for definition in find_definitions(passage.text, spans))
        annotated.append(replace(passage, defines=tuple(terms)) if terms else passage)
    return annotated


def _terms(sentence: str) -> Iterator[str]:
    for pattern in (_MEANS, _CALLED):
        for match in pattern.finditer(sentence):
            yield from (_clean(term) for term in match.groups() if term)
    for match in _PARENTHESIS.finditer(sentence):
        if not _NO_DEFINITION.match(match[0]):
            terms = [_clean(term) for term in _QUOTED.findall(match[0])]
            yield from (term for term in terms if term[:1].isupper())


def _clean(term: str) -> str:
    return " ".join(term.split()).strip(" ,.;")
