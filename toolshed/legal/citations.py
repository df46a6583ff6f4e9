"""What a legal text cites, in a normal form that can be filtered by.

Cases of the United States are found by eyecite (Free Law Project); statutes, and what the United Kingdom, the
Commonwealth and the European Union cite, by patterns of our own. On top come the further sections of a list
("§§ 1110, 5103"), rules of procedure, docket numbers and bare sections ("§ 9-402"). "Id." stands for the
citation before it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from toolshed.documents import Passage
from toolshed.errors import InvalidQueryError, missing_extra
from toolshed.legal.citation_forms import Citation, CitationKind, one_line
from toolshed.legal.commonwealth_citations import commonwealth_citations
from toolshed.legal.european_citations import european_citations
from toolshed.legal.us_short_names import short_named
from toolshed.legal.us_statutes import us_statutes
from toolshed.types import Span

__all__ = ["Citation", "CitationKind", "find_citations", "normal_citation", "with_citations"]

# Sentences without any of these cite nothing.
_MAY_CITE = re.compile(
    r"\d\s+[A-Z]|§|\b[Ii](?:d|bid)\.|\bN[Oo]s?\.\s*\S*\d|\bRule\s|R\.\s?(?:Civ|Crim|Ev|App|Ban)"
    r"|\d/\d|[\[(]\d{4}[\])]|:\d{4}:|\b[Aa]rt\w{0,6}\.?\s(?:[LRDA]\.?\s)?\S{0,3}\d|\b(?:Code|Law|Stat|[Ss]ections?"
    r"|[Ss]s?|I\.?R\.?C)\b\.?\s\S?\d"
    r"|\b(?:AIR|A\.I\.R\.|L\.?R\.?|BGH\w{1,2}|BV\w{4,6}E|CFR|USC|[Rr]egs?|[Rr]egulations?|Sch(?:edule)?"
    r"|CPR\s[Rr](?:ule)?)\b\.?\s\d"
    r"|\b[A-Z](?:[A-Za-z]|\.\s?[A-Z]){1,4}\.?\s\d|\b[A-Za-z]\.[A-Z]\.\s\d|U\.\s?S\.\sConst|\b[Tt]itle\s\d"
)
# Only these can be read as more by eyecite: a number before a name.
_MAY_REPORT = re.compile(r"\d\s+[A-Z]|§")
# "Abs." is a paragraph in German; eyecite takes it for the Ohio Law Abstract.
_GERMAN_PARAGRAPH = re.compile(r"\d\s?[a-z]?\sAbs\.\s")
_FURTHER = re.compile(
    r"(?:\([A-Za-z0-9]{1,4}\)){0,6},?\s(?:(?:and|&|or)\s)?(?=\d)(\d[\w.:-]{0,14}\w|\d)(?![\w.]*\s[A-Z])"
)
_RULE = re.compile(
    r"\bFed\.\s?R\.\s?(Civ\.\s?P|Crim\.\s?P|Evid|App\.\s?P|Bankr\.\s?P)\.\s(\d{1,4}(?:\.\d)?)"
    r"|\bRule\s(\d{1,3})\b"
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
# Court, parties, reporters in parallel and date of one case stay well below this.
MAX_GIVEN = 1_000


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
                cites |= dict.fromkeys((memory.resolve(citation), *citation.within))
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
    found = find_citations(text)
    return found[0].normal if found else one_line(text)


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
    readers = (us_statutes, short_named, commonwealth_citations, european_citations)
    own = _longest(citation for reader in readers for citation in reader(sentence))
    further = [
        more
        for citation in own
        if citation.kind == "statute" and "§§" in citation.text
        for more in _further_sections(sentence, citation.end, citation.normal)
    ]
    found = _without_overlaps([*own, *further], [])
    found += _without_overlaps(_from_reporters(_blanked(sentence, found), sentence), found)
    found += _without_overlaps(_rules(sentence), found)
    found += _without_overlaps((*_dockets(sentence), *_bare_sections(sentence), *_ids(sentence)), found)
    found.sort(key=lambda citation: citation.start)
    return [found[0], *(_told_parallel(*pair, sentence) for pair in pairwise(found))] if found else []


def _longest(citations: Iterable[Citation]) -> list[Citation]:
    """Of citations that overlap, the one that begins first, and of those the longest."""
    ordered = sorted(citations, key=lambda citation: (citation.start, -citation.end, citation.normal))
    kept: list[Citation] = []
    for citation in ordered:
        if not kept or citation.start >= kept[-1].end:
            kept.append(citation)
    return kept


def _without_overlaps(citations: Iterable[Citation], taken: Sequence[Citation]) -> list[Citation]:
    """The citations that begin in none of those taken, nor reach into one."""
    spans = sorted((citation.start, citation.end) for citation in taken)
    starts = [start for start, _ in spans]
    kept = []
    for citation in citations:
        before = bisect_right(starts, citation.start) - 1
        is_free = before < 0 or spans[before][1] <= citation.start
        if is_free and (before + 1 == len(spans) or spans[before + 1][0] >= citation.end):
            kept.append(citation)
    return kept


def _blanked(sentence: str, found: Sequence[Citation]) -> str:
    """The sentence with what was found, and German paragraphs, blanked: nothing else may be read into it."""
    pieces, end = [], 0
    for citation in sorted(found, key=lambda citation: citation.start):
        pieces += [sentence[end : citation.start], " " * (citation.end - citation.start)]
        end = citation.end
    blanked = "".join([*pieces, sentence[end:]])
    return _GERMAN_PARAGRAPH.sub(lambda match: " " * len(match[0]), blanked)


def _told_parallel(before: Citation, citation: Citation, sentence: str) -> Citation:
    between = sentence[before.end : citation.start]
    if before.kind == citation.kind == "case" and _ONLY_PAGES.fullmatch(between):
        return replace(citation, is_parallel=True)
    return citation


def _from_reporters(blanked: str, sentence: str) -> Iterator[Citation]:
    try:
        from eyecite import models

        from toolshed.legal.reporters import reporter_citations
    except ImportError as error:
        raise missing_extra("eyecite", "legal") from error
    if not _MAY_REPORT.search(blanked):
        return
    for offset, citation in reporter_citations(blanked):
        start, end = (offset + place for place in citation.span())
        text = sentence[start:end]
        if isinstance(citation, models.FullLawCitation):
            normal = one_line(citation.corrected_citation().replace("§§", "§"))
            yield Citation("statute", start, end, text, normal)
            if "§§" in text:
                yield from _further_sections(sentence, end, normal)
        elif isinstance(citation, models.FullCaseCitation):
            yield Citation("case", start, end, text, citation.corrected_citation())
        elif isinstance(citation, models.ShortCaseCitation):
            groups = citation.groups
            normal = f"{groups['volume']} {citation.corrected_reporter()} at {groups['page']}"
            yield Citation("case", start, end, text, normal)


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
        yield Citation("docket", match.start(), match.end(), match[0], f"No. {one_line(match[1])}")


def _bare_sections(sentence: str) -> Iterator[Citation]:
    for match in _BARE_SECTION.finditer(sentence):
        yield Citation("section", match.start(), match.end(), match[0], f"§ {match[1]}")


def _ids(sentence: str) -> Iterator[Citation]:
    for match in _ID.finditer(sentence):
        yield Citation("id", match.start(), match.end(), match[0], "")
