"""Passages: whole sentences packed to the encoder's token budget, with exact offsets.

A document is a tree of sections, paragraphs and sentences. Sentences are packed in order; a passage
prefers to end where a section or a paragraph does, but no heading cuts it short. A heading goes with
what follows it, an enumerator with its item, a citation sentence with what it supports. Only a
sentence longer than the budget is cut, at a clause, and the passage says so.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolshed.documents import LegalDocument, Passage
from toolshed.legal.headings import find_sections
from toolshed.legal.marked_headings import as_units, with_line_below
from toolshed.legal.sentences import SentenceSegmenter, segmenter_named
from toolshed.legal.tokens import TokenCounter, default_counter

# all-MiniLM-L6-v2 reads 256 tokens, two of them special.
DEFAULT_BUDGET = 254
# Raise when passages are cut by other rules: they are then written anew.
_RULES_VERSION = 4
# The header may take this share of the budget.
_MAX_HEADER_SHARE = 0.2
# A passage this full ends where a section does, or a paragraph.
_FULL_AT_SECTION, _FULL_AT_PARAGRAPH = 0.2, 0.85
# White space and rules are no tokens: a passage also ends after so many characters a token.
_CHARACTERS_PER_TOKEN = 16

_ENUMERATOR = re.compile(
    r"(?:[\[(]?[\w*]{1,5}[\])]|\*\d+|[A-Za-z\d]{1,4}\.|\d{1,3}(?:\.\d{1,3})+\.?|[•·\x95*–—-]"
    r"|(?:§{1,2}|Sec\.|SEC\.|Section|SECTION|Article|ARTICLE|Chapter|CHAPTER|Title|TITLE|Rule|RULE)\s*[\w.:-]{1,12})"
)
_CITATION_SENTENCE = re.compile(
    r"""\(?(?:
        (?:See|But\ see|Cf|But\ cf|Accord|Compare|Contra|E\.g|Id|Ibid|Ante|Post|Supra|Citing|Quoting)\b[.,]?
      | §{1,2}\s?\d
      | \d{1,4}\s(?:[A-Z][\w.']{0,9}\s?){1,5}(?:§{1,2}\s?)?\d
      | (?:[A-Z][\w.'’]{0,14}\s){1,4}(?:Code|Stat|Const|Laws)\b[^.;]{0,40}§
      | (?:Dkt|Doc|Tr|Compl|Aff|Decl|Br|J\.A|R)\.?\s[^.]{0,12}\d
      | [A-Z][^;]{1,90}?\sv\.\s[^;]{2,90}?,?\s\d{1,4}\s[A-Z]
    )""",
    re.VERBOSE,
)
_NON_SPACE = re.compile(r"\S")
_CLAUSE_END = re.compile(r"[;:,—–](?=\s)")


@dataclass(frozen=True, slots=True)
class PassageOptions:
    """How passages are cut.

    Attributes:
        budget: Most tokens of a passage, its header included.
        header: Whether passages get a contextual header: title and section path.
        segmenter: Name of the segmenter.
    """

    budget: int = DEFAULT_BUDGET
    header: bool = True
    segmenter: str = "legal"


@dataclass(slots=True)
class _Sentence:
    """A sentence, or a piece of one, on its way into a passage.

    Attributes:
        joins: Whether it must stay with the next (2), should (1), or need not (0).
        opens: ``section``, ``paragraph`` or nothing: what begins with it.
    """

    start: int
    end: int
    n_tokens: int
    section: int
    opens: str = ""
    joins: int = 0
    is_partial: bool = False


def build_passages(
    document: LegalDocument,
    *,
    options: PassageOptions | None = None,
    segmenter: SentenceSegmenter | None = None,
    counter: TokenCounter | None = None,
) -> list[Passage]:
    """Cut a document into passages.

    Args:
        document: The document.
        options: Budget, header, segmenter by name.
        segmenter: A segmenter of your own; takes precedence over the name.
        counter: Counts tokens; the default encoder's when not given.

    Returns:
        Passages in order. Together they hold every character of the text that is not white space.
    """
    options = options or PassageOptions()
    segmenter = segmenter or segmenter_named(options.segmenter)
    return _Builder(document, options, segmenter, counter or default_counter()).passages()


def cut_version(options: PassageOptions) -> str:
    """What documents are cut by: another version cuts them elsewhere."""
    return _version(segmenter_named(options.segmenter), options)


def _version(segmenter: SentenceSegmenter, options: PassageOptions) -> str:
    return f"{segmenter.version}:{_RULES_VERSION}:{options.budget}:{options.header:d}"


class _Builder:
    def __init__(
        self,
        document: LegalDocument,
        options: PassageOptions,
        segmenter: SentenceSegmenter,
        counter: TokenCounter,
    ) -> None:
        self._document, self._text = document, document.text
        self._options, self._counter = options, counter
        self._headers: dict[int, _Header] = {}
        # One that never fits is not counted again for every section.
        self._title = document.title if counter.count(document.title) <= self._header_budget else ""
        self._sections = find_sections(document)
        self._starts = [section.start for section in self._sections]
        self._spans = segmenter.spans(document.text)
        if document.headings:
            given = sorted((heading.start, heading.end) for heading in document.headings)
            headings = [with_line_below(document.text, heading) for heading in given]
            self._spans = as_units(document.text, self._spans, headings)
        self._version = _version(segmenter, options)

    def passages(self) -> list[Passage]:
        sentences = self._sentences()
        found: list[Passage] = []
        for group in self._packed(sentences):
            lead = self._text[found[-1].end : group[0].start] if found else ""
            found.append(self._passage(group, len(found), lead))
        return found

    def _passage(self, group: Sequence[_Sentence], ordinal: int, lead: str) -> Passage:
        document, start, end = self._document, group[0].start, group[-1].end
        header = self._header(group[0].section)
        first = max(group[0].section, 0)
        sections = tuple(self._sections[first : group[-1].section + 1])
        return Passage(
            document.document_id,
            ordinal,
            start,
            end,
            self._text[start:end],
            tuple((sentence.start, sentence.end) for sentence in group),
            lead=lead,
            title=document.title,
            section_path=self._path(group[0].section),
            sections=sections,
            page=document.page_at(start),
            last_page=document.page_at(end - 1),
            header=header.text,
            n_tokens=header.n_tokens + sum(sentence.n_tokens for sentence in group),
            is_partial=any(sentence.is_partial for sentence in group),
            version=self._version,
        )

    def _path(self, section: int) -> tuple[str, ...]:
        return self._sections[section].path if section >= 0 else ()

    def _header(self, section: int) -> "_Header":
        if section not in self._headers:
            self._headers[section] = self._new_header(section)
        return self._headers[section]

    @property
    def _header_budget(self) -> float:
        return self._options.budget * _MAX_HEADER_SHARE

    def _new_header(self, section: int) -> "_Header":
        """Title and section path, shortened from the left until it keeps to its share of the budget."""
        if not self._options.header:
            return _Header("", 0)
        parts = [part for part in (self._title, *self._path(section)) if part]
        while parts:
            text = " > ".join(parts)
            n_tokens = self._counter.count(text)
            if n_tokens <= self._header_budget:
                return _Header(text, n_tokens)
            parts = parts[1:]
        return _Header("", 0)

    def _sentences(self) -> list[_Sentence]:
        """The sentences with their tokens, sections and ties."""
        found: list[_Sentence] = []
        end, section = 0, -1
        for start, stop in self._spans:
            here = bisect_right(self._starts, start) - 1
            gap = self._text[end:start]
            opens = "section" if here != section else "paragraph" if gap.count("\n") > 1 else ""
            sentence = _Sentence(start, stop, self._count(start, stop), here, opens)
            if (
                found
                and not opens
                and found[-1].joins == 0
                and _CITATION_SENTENCE.match(self._text, start, stop)
            ):
                found[-1].joins = 1
            if self._is_lead_in(sentence):
                sentence.joins = 2
            found.append(sentence)
            end, section = stop, here
        if found:
            found[-1].joins = 0
        return found

    def _is_lead_in(self, sentence: _Sentence) -> bool:
        """Whether a sentence is a heading or an enumerator, which belong to what follows."""
        if sentence.section >= 0 and sentence.end <= self._sections[sentence.section].body:
            return True
        length = sentence.end - sentence.start
        return length <= 24 and bool(_ENUMERATOR.fullmatch(self._text, sentence.start, sentence.end))

    def _count(self, start: int, end: int) -> int:
        n_tokens = self._counter.count(self._text[start:end])
        return max(n_tokens, (end - start) // _CHARACTERS_PER_TOKEN)

    def _packed(self, sentences: Sequence[_Sentence]) -> Iterator[list[_Sentence]]:
        """Groups of sentences that make a passage."""
        group: list[_Sentence] = []
        n_tokens, room = 0, 0
        for unit in self._units(sentences):
            cost = sum(sentence.n_tokens for sentence in unit)
            if group and (n_tokens + cost > room or self._ends_well(unit[0], n_tokens, room)):
                yield from self._within_budget(group, room)
                group = []
            if not group:
                n_tokens, room = 0, self._room(unit[0].section)
            group.extend(unit)
            n_tokens += cost
        if group:
            yield from self._within_budget(group, room)

    def _room(self, section: int) -> int:
        return max(1, self._options.budget - self._header(section).n_tokens)

    @staticmethod
    def _ends_well(following: _Sentence, n_tokens: int, room: int) -> bool:
        if following.opens == "section":
            return n_tokens >= room * _FULL_AT_SECTION
        return following.opens == "paragraph" and n_tokens >= room * _FULL_AT_PARAGRAPH

    def _within_budget(self, group: list[_Sentence], room: int) -> Iterator[list[_Sentence]]:
        """Cut a group again where the counts of its sentences do not add up to that of its text.

        So it is with counters that count white space, and with control characters such as form feeds, at
        which sentences may end but which BERT drops, so that the words on both sides become one.
        """
        while len(group) > 1 and not self._fits(group[0].start, group[-1].end, room):
            kept = len(group) - 1
            while kept > 1 and not self._fits(group[0].start, group[kept - 1].end, room):
                kept -= 1
            yield group[:kept]
            group = group[kept:]
        yield group

    def _fits(self, start: int, end: int, room: int) -> bool:
        return self._counter.count(self._text[start:end]) <= room

    def _units(self, sentences: Sequence[_Sentence]) -> Iterator[list[_Sentence]]:
        """Sentences that stay together; ties are loosened, the weaker first, where they exceed the budget."""
        unit: list[_Sentence] = []
        for sentence in sentences:
            unit.append(sentence)
            if not sentence.joins:
                yield from self._loosened(unit, 1)
                unit = []

    def _loosened(self, unit: list[_Sentence], tie: int) -> Iterator[list[_Sentence]]:
        room = self._room(unit[0].section)
        if sum(sentence.n_tokens for sentence in unit) <= room:
            yield unit
        elif len(unit) == 1:
            yield from ([piece] for piece in self._pieces(unit[0], room))
        else:
            part: list[_Sentence] = []
            for sentence in unit:
                part.append(sentence)
                if sentence.joins <= tie or sentence is unit[-1]:
                    yield from self._loosened(part, tie + 1)
                    part = []

    def _pieces(self, sentence: _Sentence, room: int) -> Iterator[_Sentence]:
        """Cut a sentence that exceeds the budget: at a semicolon, a comma, a space, or anywhere."""
        start = sentence.start
        opens = sentence.opens
        while start < sentence.end:
            stop = self._cut(start, sentence.end, room)
            yield _Sentence(start, stop, self._count(start, stop), sentence.section, opens, is_partial=True)
            opens = ""
            following = _NON_SPACE.search(self._text, stop, sentence.end)
            start = following.start() if following else sentence.end

    def _cut(self, start: int, end: int, room: int) -> int:
        """Where the piece that starts at ``start`` ends: the best place within the room."""
        limit = self._furthest(start, end, room)
        if limit == end:
            return end
        window = self._text[start:limit]
        least = start + len(window) // 3
        ends = [match.end() for match in _CLAUSE_END.finditer(self._text, start, limit)]
        strong = [position for position in ends if self._text[position - 1] in ";:" and position > least]
        weak = [position for position in ends if position > least]
        space = (
            start + len(window.rstrip()) if self._text[limit].isspace() else self._last_space(start, limit)
        )
        # A shorter text can have more tokens: a word that is too odd for the vocabulary is one.
        places = (place for place in (*(strong or weak)[-1:], space) if place > start)
        return next((place for place in places if self._fits(start, place, room)), limit)

    def _last_space(self, start: int, limit: int) -> int:
        position = limit
        while position > start and not self._text[position - 1].isspace():
            position -= 1
        return start + len(self._text[start:position].rstrip())

    def _furthest(self, start: int, end: int, room: int) -> int:
        """The longest piece from ``start`` that keeps to the room, by bisection over its length."""
        low, high = start + 1, min(end, start + room * _CHARACTERS_PER_TOKEN)
        if self._count(start, high) <= room:
            return high
        while low < high:
            middle = (low + high + 1) // 2
            if self._count(start, middle) <= room:
                low = middle
            else:
                high = middle - 1
        return low


@dataclass(frozen=True, slots=True)
class _Header:
    text: str
    n_tokens: int
