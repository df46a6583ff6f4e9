"""Headings of statutes, contracts and decisions, and the sections between them.

A heading opens a line: "ARTICLE IV", "Section 2.1(a)", "§ 1983", "IV. DISCUSSION", "A. Standing",
"FINDINGS OF FACT", "WHEREAS", "1 Dog abduction" in UK Acts, "Article L. 121-1". Its title is the rest of
the line, a short run-in ("2.1 Fees. Customer shall ...") or, after a bare number, the next line. Headings say
where text belongs; they never cut it. What a table of contents lists is no heading.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from string import ascii_uppercase

from toolshed.documents import LegalDocument, Section
from toolshed.legal.boundary_features import wrap_width
from toolshed.legal.heading_titles import (
    ADDRESS,
    MAX_TITLE,
    is_phrase,
    is_title_case,
    title_behind_mark,
    title_of_clause,
    title_on_line,
)
from toolshed.legal.roman_numerals import roman_value

# From the outside in: an outer one ends every inner one. Headings without a rank (numerals, letters) nest
# in the order in which they first appear.
_RANKS = {
    "exhibit": 1,
    "schedule": 1,
    "appendix": 1,
    "annex": 1,
    "title": 2,
    "subtitle": 3,
    "chapter": 4,
    "subchapter": 5,
    "part": 6,
    "subpart": 7,
    "article": 8,
    "capitals": 9,
    "recitals": 9,
    "section": 10,
}
# The same words in German, French, Spanish, Italian and Portuguese.
_TRANSLATED = {
    word: kind
    for kind, words in {
        "annex": "anhang anlage annexe anexo allegato",
        "title": "titel titre título titolo buch livre libro livro",
        "chapter": "kapitel chapitre capítulo capo",
        "part": "teil partie parte",
        "subpart": "abschnitt sección sezione secção seção",
        "article": "artikel artículo articolo artigo art.",
    }.items()
    for word in words.split()
}
_WORDS = "|".join(
    form.replace(".", r"\.")
    for word in (*_RANKS, *_TRANSLATED)
    if word not in ("capitals", "recitals")
    for form in (word.title(), word.upper())
)
_NUMBER = (
    r"(?:[LRDA]\.?[ ]?\*?\d{1,4}(?:-\d{1,3}){0,4}|1er|[Pp]remier|PREMIER|Ier|[Uu]nique|\d{1,4}[.]?[ºo°]"
    r"|\d{1,4}-(?:bis|ter|quater|quinquies|sexies|septies)"
    r"|\d{1,5}[A-Za-z]{0,3}(?:[.:–-]\d{1,5}[A-Za-z]?){0,5}(?:\([A-Za-z0-9]{1,4}\)){0,6}"
    r"|[IVXLC]{1,7}(?:-[A-Z0-9]{1,3})?|[A-Z](?:-\d{1,3})?)(?!\w)"
)
_LINE = re.compile(
    rf"""^[ \t]*(?:
        (?P<word>{_WORDS}|Sec\.|SEC\.)[ \t]+(?P<word_number>{_NUMBER})
      | §{{1,2}}[ \t]*(?P<sign>{_NUMBER})
      | (?P<decimal>(?:[A-Z]|\d{{1,3}})(?:\.\d{{1,3}}){{1,5}}(?:\([A-Za-z0-9]{{1,4}}\)){{0,4}})
          (?=\.?[ \t]+["“(]?[A-Z])
      | (?P<integer>\d{{1,3}})(?=\.[ \t]+["“]?[A-Z])
      | (?P<plain>\d{{1,3}}[A-Z]{{0,2}})(?=[ \t]+[A-Z][^\n]{{2,100}}$)
      | (?P<letter>[IVXLC]{{1,7}}|[A-Z])(?=\.?[ \t]*\r?$|\.[ \t]+["“]?[A-Z])
      | (?P<small>[a-z])(?=\.[ \t]+["“]?[A-Z])
      | (?P<recital>WHEREAS)\b
      | (?P<capitals>(?=[A-Z"“(])[A-Z0-9 ,;:&'’"“”()/–-]{{4,90}}[A-Z0-9)"”:])(?=[ \t]*\r?$)
    )""",
    re.MULTILINE | re.VERBOSE,
)
# A heading in capitals is one when text of this length, or another heading, follows it.
_MIN_BODY, _MAX_LABEL = 60, 90
# A line of a table of contents, and how many of them make one.
_DOTS = re.compile(r"[.…_](?:[ \t]?[.…_]){3,}[ \t]*[\divx]{1,4}[ \t\r]*$")
_PAGE_NUMBER = re.compile(r"(?:\t|[ ]{2})[ \t]*\d{1,4}[ \t\r]*$")
_LONGEST_LINE = 200
_MIN_LISTED = 3
_CONTENTS = frozenset(
    {"contents", "table of contents", "arrangement of sections", "inhaltsverzeichnis", "inhaltsübersicht",
     "sommaire", "table des matières", "índice", "indice", "sommario", "sumário"}
)  # fmt: skip
_SUBSECTION = re.compile(r"\((?:1|a|A|i)\)\s")


@dataclass(frozen=True, slots=True)
class _Heading:
    """A heading before it has found its place."""

    start: int
    end: int
    kind: str
    number: str
    label: str


def find_sections(document: LegalDocument) -> list[Section]:
    """The sections of a document, in order; text before the first heading belongs to none."""
    found = sorted([*_given(document), *_found(document.text)], key=lambda heading: heading.start)
    headings = list(_without_overlaps(found))
    return list(_nested(_without_contents(headings, document.text)))


def _given(document: LegalDocument) -> Iterator[_Heading]:
    """Headings that the file marks; they rank above all that are recognised."""
    for heading in document.headings:
        label = _label(document.text[heading.start : heading.end])
        if label:
            match = _LINE.match(label)
            number = (match["word_number"] or match["sign"] or match["decimal"] or "") if match else ""
            yield _Heading(heading.start, heading.end, f"given {heading.level}", number, label)


def _found(text: str) -> Iterator[_Heading]:
    is_wrapped = wrap_width(text) > 0
    has_recitals = False
    last_plain = 0
    for match in _LINE.finditer(text):
        if is_wrapped and not _opens_a_block(text, match.start()):
            continue
        if match["plain"]:
            heading = _of_act(text, match, last_plain)
            if heading:
                last_plain = int(heading.number.rstrip(ascii_uppercase))
                yield heading
        elif match["recital"]:
            if not has_recitals:
                has_recitals = True
                yield _Heading(match.start("recital"), match.start("recital"), "recitals", "", "Recitals")
        elif match["capitals"]:
            if _is_capital_heading(text, match):
                start, end = match.span("capitals")
                has_recitals = has_recitals or "RECITALS" in match["capitals"]
                yield _Heading(start, end, "capitals", "", _label(match["capitals"]))
        else:
            yield from _numbered(text, match)


def _opens_a_block(text: str, line: int) -> bool:
    """Whether a line of wrapped text starts something: a blank line or the start of the text is before it."""
    before = text[max(0, line - 200) : line]
    return not before.strip() or before.rstrip(" \t\r").endswith("\n\n") or "\n\r\n" in before[-4:]


def _is_capital_heading(text: str, match: re.Match[str]) -> bool:
    words = match["capitals"].split()
    above = text[max(0, match.start() - 200) : match.start()]
    # The second line of a caption, or of a name in one.
    if above.strip() and not above.replace("\r", "").endswith("\n\n"):
        return False
    if sum(character.isalpha() for character in match["capitals"]) < 4 or words[-1] in ("v.", "V."):
        return False
    following = text[match.end() : match.end() + 400].lstrip()
    line = following.partition("\n")[0].rstrip()
    return len(line) >= _MIN_BODY or (_LINE.match(line) is not None and not line.isupper())


def _numbered(text: str, match: re.Match[str]) -> Iterator[_Heading]:
    start, number_end = match.start() + len(match[0]) - len(match[0].lstrip()), match.end()
    kind, number = _kind_and_number(match)
    line_end = text.find("\n", number_end)
    line_end = len(text) if line_end < 0 else line_end
    rest = text[number_end:line_end].rstrip()
    bare = rest.lstrip(" \t.:–—-")
    title_start = number_end + len(rest) - len(bare)
    if not bare:
        title_end = _title_on_next_line(text, line_end) if kind != "integer" else None
        if title_end is None and kind not in ("letter", *_RANKS):
            return
        end = title_end or number_end + len(rest)
    else:
        is_loose = kind in _RANKS or kind.startswith("decimal")
        title = title_on_line(bare, is_loose=is_loose) or title_behind_mark(rest, bare, is_loose=is_loose)
        if title is None and kind == "integer" and _stands_over_text(text, match.start(), line_end):
            title = bare if is_phrase(bare) else None
        if title is None and kind == "integer" and (title := title_of_clause(bare)):
            kind = "clause"
        if title is None:
            if not is_loose or bare[0].islower() or bare[0] in ",;)":
                return
            title = ""
        end = title_start + len(title) if title else number_end
    yield _Heading(start, end, kind, number, _label(text[start:end]))


def _of_act(text: str, match: re.Match[str], before: int) -> _Heading | None:
    """The heading of a section of a UK Act: "1 Dog abduction", with text below, in its order."""
    start, number_end = match.span("plain")
    line_end = text.find("\n", number_end)
    if line_end < 0:
        return None
    title = text[number_end:line_end].strip()
    following = text[line_end : line_end + 400].lstrip()
    if title.endswith((".", ";", ",", ":", "?")) or ADDRESS.search(title) or not following:
        return None
    opens_text = _SUBSECTION.match(following) is not None
    number = int(match["plain"].rstrip(ascii_uppercase))
    is_next = before <= number <= before + 3 and number > 0
    if not opens_text and not (is_next and len(following.partition("\n")[0]) >= _MIN_BODY):
        return None
    return _Heading(start, line_end, "section", match["plain"], _label(text[start:line_end]))


def _kind_and_number(match: re.Match[str]) -> tuple[str, str]:
    if match["word"]:
        word = match["word"].lower()
        word = _TRANSLATED.get(word, word)
        return ("section" if word == "sec." else word), match["word_number"]
    if match["sign"]:
        return "section", match["sign"]
    if match["decimal"]:
        return f"decimal {match['decimal'].count('.')}", match["decimal"]
    for kind in ("integer", "letter", "small"):
        if match[kind]:
            return kind, match[kind]
    raise AssertionError(match)


def _stands_over_text(text: str, start: int, line_end: int) -> bool:
    """Whether a line stands alone, and text follows that is no other line of its kind."""
    following = text[line_end : line_end + 400]
    if not _opens_a_block(text, start) or not following.replace("\r", "").startswith("\n\n"):
        return False
    line = following.lstrip().partition("\n")[0]
    match = _LINE.match(line)
    return bool(line) and (match is None or match["integer"] is None)


def _title_on_next_line(text: str, line_end: int) -> int | None:
    """Where the title ends that stands below a bare number, or None."""
    following = text[line_end : line_end + 2 * MAX_TITLE]
    lead = len(following) - len(following.lstrip())
    line = following.lstrip().partition("\n")[0].rstrip()
    if (
        following[:lead].count("\n") > 2
        or not line
        or len(line) > MAX_TITLE
        or line.endswith((".", ";", ",", ":"))
    ):
        return None
    if _LINE.match(line) and not line.isupper():
        return None
    # "Principles relating to processing of personal data": the Union capitalises the first word only.
    stop = line_end + lead + len(line)
    stands_alone = line[0].isupper() and text[stop : stop + 3].replace("\r", "").startswith("\n\n")
    return stop if stands_alone or is_title_case(line) else None


def _label(text: str) -> str:
    label = " ".join(text.split()).strip(" .:—–-#*=")
    return label if len(label) <= _MAX_LABEL else label[: _MAX_LABEL - 1] + "…"


def _without_overlaps(headings: Iterable[_Heading]) -> Iterator[_Heading]:
    last = -1
    for heading in headings:
        if heading.start >= last:
            yield heading
            last = max(heading.end, heading.start + 1)


def _without_contents(headings: list[_Heading], text: str) -> Iterator[_Heading]:
    """The headings without the lines of a table of contents.

    Such a line ends with dots and a page number, or stands among others that have no text below and end with
    a page number or come again further down.
    """
    later = Counter(map(_key, headings))
    is_listed = []
    for heading, end in zip(
        headings, [*(heading.start for heading in headings), len(text)][1:], strict=False
    ):
        later[_key(heading)] -= 1
        is_empty = not text[heading.end : end].strip(" \t\r\n.0123456789ivx…")
        has_page = _PAGE_NUMBER.search(_line_at(text, heading.start)) is not None
        is_listed.append(is_empty and (has_page or later[_key(heading)] > 0))
    for position, heading in enumerate(headings):
        is_one_of_many = (
            is_listed[position] and sum(is_listed[max(0, position - 2) : position + 3]) >= _MIN_LISTED
        )
        has_dots = _DOTS.search(_line_at(text, heading.start)) is not None
        if not (has_dots or is_one_of_many or heading.label.casefold() in _CONTENTS):
            yield heading


def _line_at(text: str, start: int) -> str:
    return text[start : start + _LONGEST_LINE].partition("\n")[0]


def _key(heading: _Heading) -> str:
    words = "".join(
        character for character in heading.label.casefold() if character.isalnum() or character == " "
    )
    return f"{heading.kind} {words.rstrip(' 0123456789')}"


def _nested(headings: Iterable[_Heading]) -> Iterator[Section]:
    """Give every heading its path; letters and numerals out of their order are no headings."""
    open_headings: list[_Heading] = []
    for found in headings:
        heading = _in_order(found, open_headings)
        if heading is None:
            continue
        while open_headings and not _contains(open_headings[-1], heading, open_headings):
            open_headings.pop()
        open_headings.append(heading)
        path = tuple(above.label for above in open_headings)
        yield Section(heading.start, heading.end, path, heading.number)


def _contains(outer: _Heading, inner: _Heading, open_headings: list[_Heading]) -> bool:
    """Whether ``inner`` goes below ``outer``, the innermost heading that is open."""
    # What follows recitals is agreed.
    if outer.kind == "recitals" or any(heading.kind == inner.kind for heading in open_headings):
        return False
    outer_rank, inner_rank = _rank(outer.kind), _rank(inner.kind)
    if inner_rank is not None:
        return outer_rank is not None and outer_rank < inner_rank
    if inner.kind.startswith("decimal") and (outer.kind == "section" or outer.kind.startswith("decimal")):
        return inner.number.startswith(f"{outer.number}.")
    # "10." is above "9.4". Other numerals and letters nest in the order in which they first appear.
    return not (inner.kind == "integer" and (outer.kind == "section" or outer.kind.startswith("decimal")))


def _rank(kind: str) -> int | None:
    if kind.startswith("given "):
        return int(kind.removeprefix("given ")) - 100
    return _RANKS.get(kind)


def _in_order(heading: _Heading, open_headings: list[_Heading]) -> _Heading | None:
    """Tell numerals from letters, and both from initials: "C." after "B." is a letter, "C. Ryan" a name.

    Numbering begins at the beginning and goes on from what is open; up to two steps may be missing.
    """
    if heading.kind == "clause":
        return _clause_in_order(heading, open_headings)
    if heading.kind not in ("letter", "small"):
        return heading
    previous = {above.kind: above.number for above in open_headings}
    if heading.kind == "small":
        return heading if _follows(ord(heading.number) - 96, ord(previous.get("small", "`")) - 96) else None
    value, before = roman_value(heading.number), roman_value(previous.get("numeral", ""))
    letter = ord(heading.number) - 64 if len(heading.number) == 1 else 0
    letter_before = ord(previous.get("capital letter", "@")) - 64
    if letter and letter_before and letter == letter_before + 1 and value != before + 1:
        kind = "capital letter"
    elif value and _follows(value, before):
        kind = "numeral"
    elif letter and _follows(letter, letter_before):
        kind = "capital letter"
    else:
        return None
    return replace(heading, kind=kind)


def _clause_in_order(heading: _Heading, open_headings: list[_Heading]) -> _Heading | None:
    """Clauses are counted from one, those with titles of their own among them."""
    before = next((int(above.number) for above in open_headings if above.kind == "integer"), 0)
    return replace(heading, kind="integer") if _follows(int(heading.number), before) else None


def _follows(value: int, before: int) -> bool:
    return value == 1 or 0 < before < value <= before + 3
