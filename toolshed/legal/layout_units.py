"""Units that the layout of a contract or statute shows, whatever a model says of their lines.

Items of a list whose enumerators follow one another, recitals, headings that are a word and a number, rows of
a table, lines of an address or a signature, and what stands alone between the parties on a cover.
"""

import re
from collections.abc import Iterable, Iterator

from toolshed.legal.boundary_features import wrap_width
from toolshed.legal.roman_numerals import roman_value
from toolshed.legal.vocabulary import ABBREVIATION_KINDS
from toolshed.types import Span

_ENUMERATED = re.compile(
    r"^[ \t]*(?P<mark>\((?P<inner>[a-z]{1,4}|[A-Z]{1,4}|\d{1,2})\)"
    r"|(?P<before>(?:\d{1,2}\.)*)(?P<last>\d{1,2})(?P<stop>\.?)|(?P<letter>[A-Za-z])\."
    r"|(?P<bullet>[•*–-]))[ \t]+(?=[^\s\d])",
    re.MULTILINE,
)
# Items of one list are this near to one another.
_NEAR = 4_000
# "(b) of this Section" at the start of a line goes on from the line above.
_ENDED = re.compile(r"(?:[.:;?!—]|[;,] (?:and|or)|\n[ \t]*(?:and|or))[\"”’)]?\s*$")
_REFERS = re.compile(r"(?:of|above|below|and|or|to|hereof|thereof|through)\b|\(")
_OPENS = re.compile(
    r"^[ \t]*(?:(?:WHEREAS|Whereas|NOW,? THEREFORE|Now,? therefore|IN WITNESS WHEREOF)\b"
    r"|(?<=\n\n)[\"“‘][^\"”’\n]{2,60}[\"”’],? (?:(?:shall )?means?|includes?|has|have|does not)\b)",
    re.MULTILINE,
)
_ALONE = re.compile(
    r"^[ \t]*((?:ARTICLE|SCHEDULE|EXHIBIT|ANNEX|APPENDIX|PART|CHAPTER)(?: (?:[IVXLC]{1,6}|\d{1,3}|[A-Z]))"
    r"|(?:Article|Schedule|Exhibit|Annex|Appendix|Part|Chapter) (?:[IVXLC]{1,6}|\d{1,3}|[A-Z])"
    r"|(?:Sincerely|Yours (?:faithfully|sincerely|truly)|Very truly yours|(?:Best|Kind) regards),?"
    r"|as (?:an? |the )?[A-Z][\w ]{2,30},?|-? ?and ?-?|between|of|by|to|[._]{5,})[ \t]*$",
    re.MULTILINE,
)
# These stand alone between blank lines only; elsewhere a line may be wrapped there.
_SMALL = ("as ", "and", "between", "of", "by", "to", "-")
_ROWS = re.compile(r"(?:^(?=[^\n]*\t)[^\n]{3,120}\n?){2,}", re.MULTILINE)
_BARRED = re.compile(r"^\|[^\n]+\|(?=[ \t]*$)", re.MULTILINE)
_PRICE = re.compile(r"   [\d$£€]")
_PRICED = re.compile(r"(?:^[ \t]*\S[^\n]{0,60}?\S[ ]{3,}[\d$£€][^\n]*\n?){2,}", re.MULTILINE)
# "**1.1 Access.** You may ..."
_EMPHASISED = re.compile(r"^[ \t]*(\*{1,3}(?=\w)[^*\n]{2,60}[.:]\*{1,3})(?=\s)", re.MULTILINE)
# "1.3 Term. Seven years": a title runs into the text of its item.
_RUN_IN = re.compile(
    r"(?:[A-Z][\w’'-]*,? (?:(?:and|of|or|for|by|to|the|in|on) )*){0,5}([A-Z][\w’'-]{3,})"
    r"\.(?=[ ]{1,2}[\"“(]?[A-Z\d$£€])"
)
_CELL_OF_SENTENCES = re.compile(r"[.?!] [A-Z]")
_SHORT_LINES = re.compile(r"\n\n(?=((?:[ \t]*(?:[A-Z0-9/_£$€+(]|by\b)[^\n]{0,44}(?:\n|\Z)){2,8})(?:\n|\Z))")
# "BY JURY. LANDLORD\nWAIVES", and not "J. P. Orrin".
_SENTENCE_END = re.compile(r"[^\W\d_]{4}[.?!] [A-Z]")
_GOES_ON = re.compile(r"(?:[,;:&–-]|\b(?:and|or|of|the|to|for|(?<=.)by|in|a|an|with))$")
_NUMBERED_HEADING = re.compile(r"(?:Section|SECTION|Sec\.|SEC\.) \d{1,3}(?:\.\d{1,3}){0,3}\.?")


def with_layout_units(text: str, sentences: Iterable[Span]) -> list[Span]:
    """Sentences that begin and end where the layout says so.

    Args:
        text: The text of a contract, a statute or terms.
        sentences: Tight spans, in order.
    """
    units = sorted([*_rows(text), *(match.span(1) for match in _EMPHASISED.finditer(text))])
    cuts = sorted({*_item_cuts(text), *_line_cuts(text), *(edge for unit in units for edge in unit)})
    pieces = _cut(text, _joined_headings(text, sentences), cuts)
    return list(_joined(pieces, units))


def _joined_headings(text: str, sentences: Iterable[Span]) -> Iterator[Span]:
    """ "Section 2.01." and the title on its line are one."""
    lead: Span | None = None
    for start, end in sentences:
        if lead and "\n" not in text[lead[1] : start]:
            start = lead[0]
        elif lead:
            yield lead
        is_lead = _NUMBERED_HEADING.fullmatch(text, start, end) is not None
        lead = (start, end) if is_lead else None
        if not is_lead:
            yield start, end
    if lead:
        yield lead


def _cut(text: str, sentences: Iterable[Span], cuts: list[int]) -> Iterator[Span]:
    position = 0
    for start, end in sentences:
        while position < len(cuts) and cuts[position] <= start:
            position += 1
        while position < len(cuts) and cuts[position] < end:
            piece = text[start : cuts[position]].rstrip()
            if piece:
                yield start, start + len(piece)
            rest = text[cuts[position] : end]
            start = end - len(rest.lstrip())
            position += 1
        if start < end:
            yield start, end


def _joined(pieces: Iterable[Span], units: list[Span]) -> Iterator[Span]:
    """The pieces of one unit as one."""
    position = 0
    held: Span | None = None
    for start, end in pieces:
        while position < len(units) and units[position][1] <= start:
            position += 1
        is_inside = position < len(units) and units[position][0] <= start
        if held and is_inside and held[0] >= units[position][0]:
            held = held[0], end
            continue
        if held:
            yield held
        held = start, end
    if held:
        yield held


def _item_cuts(text: str) -> Iterator[int]:
    """Where confirmed items begin, and their enumerators and titles end; a bullet belongs to its item."""
    for match in _confirmed(text):
        yield match.start("mark")
        # "1 Fees" is one, as it is printed in Acts of the United Kingdom.
        if not match["bullet"] and (match["stop"] or match["before"] or not match["last"]):
            yield match.end()
            title = _RUN_IN.match(text, match.end())
            if title and title[1].lower() not in ABBREVIATION_KINDS:
                yield title.end()


def _confirmed(text: str) -> list[re.Match[str]]:
    """Enumerators that follow another of their kind, or are followed."""
    last: dict[tuple[str, int], re.Match[str]] = {}
    found: dict[int, re.Match[str]] = {}
    for match in _ENUMERATED.finditer(text):
        if not _opens_an_item(text, match):
            continue
        for style, value in _values(match):
            before = last.get((style, value - 1))
            if before and match.start() - before.end() < _NEAR:
                found[before.start()] = before
                found[match.start()] = match
            last[style, value] = match
            if match["bullet"]:
                last[style, value - 1] = match
    return [found[start] for start in sorted(found)]


def _opens_an_item(text: str, match: re.Match[str]) -> bool:
    above = text[max(0, match.start() - 60) : match.start()]
    if not above.strip() or above.rstrip(" \t\r").endswith("\n\n"):
        return True
    return _ENDED.search(above) is not None and not _REFERS.match(text, match.end())


def _values(match: re.Match[str]) -> Iterator[tuple[str, int]]:
    """Kinds of enumerator that this may be one of, each with its place in the order."""
    if match["bullet"]:
        yield match["bullet"], 1
    elif match["last"]:
        yield f"{match['before']}#", int(match["last"])
    else:
        inner = match["inner"] or match["letter"]
        style = "()" if match["inner"] else "."
        if inner.isdigit():
            yield style, int(inner)
            return
        style += "A" if inner.isupper() else "a"
        if len(set(inner)) == 1 and len(inner) < 3:
            yield style, ord(inner[0].lower()) - 96 + 26 * (len(inner) - 1)
        if roman_value(inner.upper()):
            yield f"{style} roman", roman_value(inner.upper())


def _line_cuts(text: str) -> Iterator[int]:
    """Where recitals and greetings begin, and both ends of what stands alone on its line."""
    for match in _OPENS.finditer(text):
        yield match.start() + len(match[0]) - len(match[0].lstrip())
    for match in _ALONE.finditer(text):
        above, below = text[max(0, match.start() - 2) : match.start()], text[match.end() : match.end() + 2]
        is_apart = not above.strip() and below == "\n\n"
        if is_apart or not match[1].startswith(_SMALL):
            yield from match.span(1)
    yield from _short_line_cuts(text)


def _short_line_cuts(text: str) -> Iterator[int]:
    """Ends of the lines of addresses and signatures, which are shorter than wrapped text would be."""
    width = wrap_width(text)
    # A block at the start of the text has a blank line before it, too.
    for match in _SHORT_LINES.finditer(f"\n\n{text}"):
        lines = match[1].rstrip().split("\n")
        is_wrapped = 0 < width < 1.5 * max(len(line.strip()) for line in lines)
        is_text = is_wrapped or _SENTENCE_END.search(match[1]) is not None
        if not is_text and not any(_GOES_ON.search(line.strip()) for line in lines[:-1]):
            place = match.start(1) - 2
            for line in lines[:-1]:
                place += len(line) + 1
                yield place


def _rows(text: str) -> Iterator[Span]:
    """Rows of tables whose cells are short; of those that bars mark, all."""
    if "|\n" in text:
        yield from (match.span() for match in _BARRED.finditer(text))
    patterns = [_ROWS] if "\t" in text else []
    patterns += [_PRICED] if _PRICE.search(text) else []
    for pattern in patterns:
        for match in pattern.finditer(text):
            if not _CELL_OF_SENTENCES.search(match[0]):
                start = match.start()
                for line in match[0].splitlines(keepends=True):
                    yield start + len(line) - len(line.lstrip()), start + len(line.rstrip())
                    start += len(line)
