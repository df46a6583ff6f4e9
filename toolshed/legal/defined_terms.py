"""Terms that a legal text defines: (the "Agreement"), "Losses" means ..., ‘boat data’ means, « le Loueur ».

English, German, French, Spanish, Italian and Portuguese, in the quotation marks that each of them prints;
English terms also without any, where a sentence opens with them: "Code means the Harbour Code of 1986."
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from toolshed.documents import Passage
from toolshed.types import Span

_OPENING, _CLOSING = "\"“„«»‘'", "\"”“»«’'"
# An apostrophe inside a word is no closing mark.
_TERM = (
    r"(?:[\"“„«»]\s?([^\"“”„«»\n]{2,60}?)\s?[,.]?[\"”“»«]"
    r"|(?<!\w)[‘']((?:[^‘’'\n]|(?<=\w)[’'](?=\w)){2,60})[,.]?[’'](?!\w))"
)
_VERBS = (
    r"(?:shall\s|will\s)?(?:means?\b|(?:has|have)\sthe\s(?:same\s)?meanings?\b|refers?\sto\b|includes?\b|is\sdefined\b)"
    r"|bezeichnet|bezeichnen|bedeutet|(?:ist|sind)\s(?=jede|alle|ein|der|die|das|wer\b)"
    r"|désigne|signifie|s['’]entend|significa|indica\b|designa|se\srefiere"
)
_MEANS = re.compile(
    rf"(?:{_TERM}(?:,?\s(?:or|and|oder|und|ou|o|et|e)\s{_TERM})?|(?:^|[.;]\s)(?:[Tt]he\sterm\s)?{_TERM})"
    rf"\*{{0,2}},?\s(?:as\sused\s\S[^,]{{0,60}},\s)?(?:{_VERBS})"
)
# The verb comes first: "Im Sinne dieses Gesetzes ist „Halter“ ...", "on entend par « ... »".
_IS = re.compile(
    rf"(?:\bbezeichnet(?:\sder\sAusdruck)?|\b[Ii]m\sSinne\s[^„»\"“]{{0,80}}?\b(?:ist|sind|bezeichnet|bedeutet|meint)(?:\sder\sAusdruck)?"
    rf"|\b(?:[Oo]n\sentend|[Ss]e\sentender[áa]n?|[Ss]e\sentiende|[Ee]ntende-se|[Ss]i\sintende)\s(?:par|por|per)"
    rf"|\b[Pp]er)\s{_TERM}(?=,?\s)"
)
_LEADS = (
    r"the|this|that|each|an?|our|such|collectively|together|individually|hereinafter|hereafter|herein|or|and|as|,"
    r"|im\sFolgenden:?|nachfolgend:?|nachstehend:?|kurz:?|ci-après\s?:?|dénommée?s?|en\sadelante,?|in\sseguito,?"
    r"|di\sseguito,?|doravante,?|adiante"
)
_PARENTHESIS = re.compile(
    rf"\((?:[^()\"“”„«»‘’]{{0,80}}\b)?(?:{_LEADS})?\s{{0,2}}[{_OPENING}][^()]{{0,120}}?[{_CLOSING}][^()]{{0,80}}\)"
)
_CALLED = re.compile(
    rf"(?:hereinafter|hereafter|herein|ci-après|im\sFolgenden|nachfolgend|en\sadelante|in\sseguito|doravante)[\s:,]"
    rf"[^\"“”„«»‘’]{{0,40}}{_TERM}|referred\sto\s(?:\w+\s)?as\s(?:the\s)?{_TERM}"
)
# An item of a list of definitions, as the Union prints them: «dato personale»: qualsiasi informazione.
_ITEM = re.compile(
    r"(?:^|\n)(?:\(?\w{1,3}[.)°º]\s+)?(?:«\s?([^«»\n.!?]{2,60}?)\s?»\s?[:,]\s"
    r"|„([^„“”\n.!?]{2,60})[“”](?:[:,]\s|\s(?=[a-zäöü]))"
    # A row of a table of definitions, or of a list of them: "Business Day": a day other than ...
    r"|[\"“]([^\"“”\n\t.!?]{2,60})[\"”](?:\t|:\s(?=[a-z])))"
)
# The same without marks, as they are printed in bold in the United Kingdom.
_BOLD_ITEM = re.compile(
    r"(?:^|\n)([A-Z][\w'’&/-]{1,30}(?:\s(?:[A-Z][\w'’&/-]{0,30}|of|and|or|the|for|to|in)){0,5}):\s"
    r"(?=(?:an?|the|any|all|each|every|such|those|that|has|have|means|in\srelation)\b)"
)
# Further terms before those that a verb defines: ‘batch’, ‘lot’ and ‘lorry’ mean ...
_LISTED = re.compile(rf"(?:{_TERM},\s?)+$")
# "of 1 High Street (Landlord)."
_ROLE = re.compile(
    r"\((Landlord|Tenant|Seller|Buyer|Supplier|Customer|Client|Consultant|Company|Borrower|Lender|Guarantor|Licensor"
    r"|Licensee|Contractor|Employer|Employee|Agent|Bank|Trustee|Lessor|Lessee|Purchaser|Vendor)\)(?=[.;,]?\s*(?:and)?$)"
)
# (the Seller)
_BOLD_NAME = re.compile(
    r"\((?:the|each\san?|together,?\sthe)\s([A-Z][\w'’&-]*(?:\s(?:[A-Z][\w'’&-]*|of|and)){0,4})\)"
)
# A sentence or a line opens with a term in capitals. Words that are no terms open sentences too.
_BARE = re.compile(
    r"(?:^|\n)(?:\(?\w{1,4}[.)]\s+)?([A-Z][\w'’&/-]{1,30}(?:\s(?:[A-Z][\w'’&/-]{0,30}|of|and|or|the|for|to|in)){0,5})"
    r",?\s(?:shall\smean|means?|(?:has|have|shall\shave)\sthe\s(?:same\s)?meanings?)\s(?!that\b|to\b)"
)
_NO_TERM = frozenset(
    """this that these those it which what he she they we you i by there nothing
    note example warning important attention re subject date title question answer""".split()
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
        terms = dict.fromkeys(_terms(text[start:end]))
        found += [Definition(term, start, end) for term in terms]
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
    if any(mark in sentence for mark in _OPENING):
        for pattern in (_MEANS, _IS, _CALLED, _ITEM):
            for match in pattern.finditer(sentence):
                listed = _LISTED.search(sentence, 0, match.start()) if pattern is _MEANS else None
                if listed:
                    yield from (_clean(first or second) for first, second in _QUOTED.findall(listed[0]))
                yield from (_clean(term) for term in match.groups() if term)
        for match in _PARENTHESIS.finditer(sentence):
            if not _NO_DEFINITION.match(match[0]):
                terms = [_clean(first or second) for first, second in _QUOTED.findall(match[0])]
                yield from (term for term in terms if any(word[:1].isupper() for word in term.split()))
    bare = [_BOLD_ITEM] if ": " in sentence else []
    bare += [_BARE] if " mean" in sentence else []
    for match in (match for pattern in bare for match in pattern.finditer(sentence)):
        if match[1].split()[0].lower() not in _NO_TERM:
            yield _clean(match[1])
    if "(" in sentence:
        for pattern in (_BOLD_NAME, _ROLE):
            yield from (_clean(match[1]) for match in pattern.finditer(sentence))


def _clean(term: str) -> str:
    return " ".join(term.split()).strip(" ,.;")
