"""Headings that a text marks as such are units of their own, whatever a model says of their lines."""

import re
from collections.abc import Iterable, Iterator, Sequence

from toolshed.types import Span

# Markdown: "## Fees", and a line above a line of dashes that opens a block.
_MARKED = re.compile(
    r"^[ \t>]{0,4}#{1,6}[ \t]+\S[^\n]*$|(?:(?<=\n\n)|\A)[^\s#>|=-][^\n]{0,200}\n(?:={3,}|-{3,})[ \t]*$",
    re.MULTILINE,
)
_RULE = re.compile(r"[ \t]*\n(?:={3,}|-{3,})(?=[ \t]*(?:\n|\Z))")


def marked_headings(text: str) -> list[Span]:
    """Spans of the headings that Markdown marks, in order."""
    if "# " not in text and "\n---" not in text and "\n===" not in text:
        return []
    return [_trimmed(text, *match.span()) for match in _MARKED.finditer(text)]


def with_line_below(text: str, heading: Span) -> Span:
    """A heading with the line of dashes below it, where there is one."""
    match = _RULE.match(text, heading[1])
    return heading[0], match.end() if match else heading[1]


def as_units(text: str, sentences: Iterable[Span], headings: Sequence[Span]) -> list[Span]:
    """Sentences that end where a heading begins and ends, and do not end inside one.

    Args:
        text: The text.
        sentences: Tight spans, in order.
        headings: Spans of headings, in order, none inside another.
    """
    units: list[Span] = []
    for start, end, heading in _pieces(sentences, headings):
        start, end = _trimmed(text, start, end)
        if start == end:
            continue
        if heading and units and heading[0] <= units[-1][0] < start:
            units[-1] = (units[-1][0], end)
        else:
            units.append((start, end))
    return units


def _pieces(sentences: Iterable[Span], headings: Sequence[Span]) -> Iterator[tuple[int, int, Span | None]]:
    """Sentences cut at the edges of headings, each with the heading that it lies in."""
    position = 0
    for start, end in sentences:
        while position < len(headings) and headings[position][1] <= start:
            position += 1
        following = position
        while start < end:
            heading = headings[following] if following < len(headings) else None
            if heading is None or heading[0] >= end:
                yield start, end, None
                break
            if start < heading[0]:
                yield start, heading[0], None
                start = heading[0]
            stop = min(end, heading[1])
            yield start, stop, heading
            start = stop
            following += 1


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    begin = start + len(piece) - len(piece.lstrip())
    return begin, max(begin, start + len(piece.rstrip()))
