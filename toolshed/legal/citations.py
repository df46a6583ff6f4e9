"""What a legal text cites, in a normal form that can be filtered by.

Cases and statutes are found by eyecite (Free Law Project); on top come the further sections of a list
("§§ 1110, 5103"), rules of procedure, docket numbers and bare sections ("§ 9-402"). "Id." stands for the
citation before it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from toolshed.documents import Passage
from toolshed.errors import InvalidQueryError, missing_extra
from toolshed.types import Span

CitationKind = Literal["case", "statute", "rule", "docket", "section", "id"]

# Sentences without any of these cite nothing; most do not have to be read by eyecite.
_MAY_CITE = re.compile(
    r"\d\s+[A-Z]|§|\b[Ii](?:d|bid)\.|\bN[Oo]s?\.\s*\S*\d|\bRule\s|R\.\s?(?:Civ|Crim|Ev|App|Ban)"
)
_FURTHER = re.compile(
    r"(?:\([A-Za-z0-9]{1,4}\)){0,6},?\s(?:(?:and|&|or)\s)?(?=\d)(\d[\w.:-]{0,14}\w|\d)(?![\w.]*\s[A-Z])"
)
_RULE = re.compile(
    r"\bFed\.\s?R\.\s?(Civ\.\s?P|Crim\.\s?P|Evid|App\.\s?P|Bankr\.\s?P)\.\s(\d{1,4}(?:\.\d)?)|\bRule\s(\d{1,3})\b"
)
_RULE_NAMES = {
    "civp": "Civ. P.",
    "crimp": "Crim. P.",
    "evid": "Evid.",
    "appp": "App. P.",
    "bankrp": "Bankr. P.",
}
_DOCKET = re.compile(
    r"\b(?:N[Oo]s?|Case No|Civ\. A\. No|Civil Action No)\.\s*"
    r"((?:\d{1,2}:)?\d{2,4}[- ](?:[A-Za-z]{1,5}[- .]{0,2}){1,3}\d{2,6}"
    r"(?:-[A-Z]{1,4}){0,3}|\d{2,4}-\d{2,6}(?: \d{2,4})?[A-Z]?)"
)
_BARE_SECTION = re.compile(r"(?<!\. )(?<!Ann )(?<!Code )§{1,2}\s?(\d[\w.:–-]{0,14}\w|\d)")
_ID = re.compile(r"\b(?:[Ii]d|[Ii]bid)\.")
_ONLY_PAGES = re.compile(r"[\d,\s–&n.-]*")
# How people type it: "38 USC 1110", "45 CFR 164.502".
_SIGN = r"\s*(?:§{1,2}|[Ss]ec(?:tion|\.))?\s*(?=\d)"
_TYPED_USC = re.compile(r"\b(\d{1,3})\s*U\.?\s?S\.?\s?C\.?(?:A\.?)?" + _SIGN)
_TYPED_CFR = re.compile(r"\b(\d{1,3})\s*C\.?\s?F\.?\s?R\.?" + _SIGN)
_SPACES = re.compile(r"\s+")
# Court, parties, reporters in parallel and date of one case stay well below this.
MAX_GIVEN = 1_000


@dataclass(frozen=True, slots=True)
class Citation:
    """A citation in a text.

    Attributes:
        kind: What is cited.
        start: Offset of its first character.
        end: Offset after its last character.
        text: The citation as it stands there.
        normal: What it is known by: ``550 U.S. 544``, ``38 U.S.C. § 1110``, ``Fed. R. Civ. P. 12``.
        is_parallel: Whether it is another name of the case cited just before it.
    """

    kind: CitationKind
    start: int
    end: int
    text: str
    normal: str
    is_parallel: bool = False


def find_citations(text: str, sentences: Iterable[Span] | None = None) -> list[Citation]:
    """The citations of a text, in order.

    Args:
        text: The text.
        sentences: Spans of its sentences; citations do not cross them. The whole text when not given.

    Raises:
        ConfigurationError: If eyecite is not installed.
    """
    found: list[Citation] = []
    memory = _Memory()
    for start, end in sentences or [(0, len(text))]:
        for citation in _in_sentence(text[start:end]):
            normal = memory.resolve(citation)
            if normal:
                found.append(
                    replace(citation, start=citation.start + start, end=citation.end + start, normal=normal)
                )
    return found


def with_citations(passages: Sequence[Passage]) -> list[Passage]:
    """The passages of a document with what they cite; "Id." reaches back into the passage before.

    Raises:
        ConfigurationError: If eyecite is not installed.
    """
    annotated: list[Passage] = []
    memory = _Memory()
    for passage in passages:
        cites: dict[str, None] = {}
        for start, end in passage.sentences:
            for citation in _in_sentence(passage.text[start - passage.start : end - passage.start]):
                cites[memory.resolve(citation)] = None
        cites.pop("", None)
        annotated.append(replace(passage, cites=tuple(cites)))
    return annotated


def normal_citation(text: str) -> str:
    """The normal form of a citation that a user gives; its own words where none is recognised.

    Raises:
        InvalidQueryError: If it is longer than any citation.
    """
    if len(text) > MAX_GIVEN:
        raise InvalidQueryError(
            f"a citation of {len(text):,} characters is none; give one of at most {MAX_GIVEN}, "
            "such as '38 U.S.C. § 1110'"
        )
    found = find_citations(_TYPED_CFR.sub(r"\1 C.F.R. § ", _TYPED_USC.sub(r"\1 U.S.C. § ", text)))
    return found[0].normal if found else _SPACES.sub(" ", text).strip()


class _Memory:
    """What was cited so far: "Id." stands for the last, "550 U.S. at 570" for the case of that volume."""

    def __init__(self) -> None:
        self._last = ""
        self._cases: dict[str, str] = {}

    def resolve(self, citation: Citation) -> str:
        """The normal form of a citation; empty for an "Id." that refers to nothing."""
        normal = citation.normal
        if citation.kind == "id":
            normal = self._last
        elif citation.kind == "case":
            volume = normal.rpartition(" ")[0]
            short = volume.endswith(" at")
            normal = self._cases.get(volume.removesuffix(" at"), normal) if short else normal
            if not short:
                self._cases[volume] = normal
        if not citation.is_parallel:
            self._last = normal or self._last
        return normal


def _in_sentence(sentence: str) -> list[Citation]:
    """Citations of one sentence; "Id." and short forms are not resolved yet."""
    if not _MAY_CITE.search(sentence):
        return []
    found = [*_from_reporters(sentence), *_rules(sentence)]
    taken = [(citation.start, citation.end) for citation in found]
    found += [
        citation
        for citation in (*_dockets(sentence), *_bare_sections(sentence), *_ids(sentence))
        if not any(start < citation.end and citation.start < end for start, end in taken)
    ]
    found.sort(key=lambda citation: citation.start)
    return [found[0], *(_told_parallel(*pair, sentence) for pair in pairwise(found))] if found else []


def _told_parallel(before: Citation, citation: Citation, sentence: str) -> Citation:
    between = sentence[before.end : citation.start]
    if before.kind == citation.kind == "case" and _ONLY_PAGES.fullmatch(between):
        return replace(citation, is_parallel=True)
    return citation


def _from_reporters(sentence: str) -> Iterator[Citation]:
    try:
        from eyecite import models

        from toolshed.legal.reporters import reporter_citations
    except ImportError as error:
        raise missing_extra("eyecite", "legal") from error
    for offset, citation in reporter_citations(sentence):
        start, end = (offset + place for place in citation.span())
        text = sentence[start:end]
        if isinstance(citation, models.FullLawCitation):
            normal = _one_section(citation.corrected_citation())
            yield Citation("statute", start, end, text, normal)
            if "§§" in text:
                yield from _further_sections(sentence, end, normal)
        elif isinstance(citation, models.FullCaseCitation):
            yield Citation("case", start, end, text, citation.corrected_citation())
        elif isinstance(citation, models.ShortCaseCitation):
            groups = citation.groups
            normal = f"{groups['volume']} {citation.corrected_reporter()} at {groups['page']}"
            yield Citation("case", start, end, text, normal)


def _one_section(normal: str) -> str:
    return _SPACES.sub(" ", normal.replace("§§", "§"))


def _further_sections(sentence: str, end: int, normal: str) -> Iterator[Citation]:
    """The sections after the first of a list: "38 U.S.C. §§ 1110, 5103, 5107(b)"."""
    code = normal.rpartition("§")[0]
    match = _FURTHER.match(sentence, end)
    while match:
        yield Citation("statute", match.start(1), match.end(1), match[1], f"{code}§ {match[1]}")
        match = _FURTHER.match(sentence, match.end())


def _rules(sentence: str) -> Iterator[Citation]:
    for match in _RULE.finditer(sentence):
        if match[1]:
            name = _RULE_NAMES[re.sub(r"[^a-z]", "", match[1].lower())]
            normal = f"Fed. R. {name} {match[2]}"
        else:
            normal = f"Rule {match[3]}"
        yield Citation("rule", match.start(), match.end(), match[0], normal)


def _dockets(sentence: str) -> Iterator[Citation]:
    for match in _DOCKET.finditer(sentence):
        yield Citation("docket", match.start(), match.end(), match[0], f"No. {_SPACES.sub(' ', match[1])}")


def _bare_sections(sentence: str) -> Iterator[Citation]:
    for match in _BARE_SECTION.finditer(sentence):
        yield Citation("section", match.start(), match.end(), match[0], f"§ {match[1]}")


def _ids(sentence: str) -> Iterator[Citation]:
    for match in _ID.finditer(sentence):
        yield Citation("id", match.start(), match.end(), match[0], "")
