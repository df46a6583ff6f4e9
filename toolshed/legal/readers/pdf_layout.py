"""From the pieces of text on a PDF page to lines in the order in which they are read."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

# A page has columns where almost no line crosses a gutter near its middle, both sides hold many lines, and
# those are as wide as their side: the cells of a table are not.
_MIDDLE = (0.3, 0.7)
_MOST_CROSSING = 0.12
_LEAST_ON_A_SIDE = 8
_LEAST_FILLED = 0.6
_MOST_PIECES = 3_000
_HYPHENS = "-\x02\u00ad‐"
# Line ends after these keep their hyphen: "self-\ndealing".
_PREFIXES = frozenset("self non third cross well high low long short ex so all half vice post anti".split())
_FIRST_WORD = re.compile(r"\S+")
# From the first letter of a word alone, so that a word of any length is read once.
_LAST_LETTERS = re.compile(r"(?<![^\W_])[^\W_]+$")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


class Piece(NamedTuple):
    """A piece of text of one line and where it stands; the origin is at the bottom left."""

    text: str
    left: float
    bottom: float
    right: float
    top: float


class Line(NamedTuple):
    """A line of text, and its upper and lower edge."""

    text: str
    top: float
    bottom: float


def lines_of(pieces: Sequence[Piece]) -> list[Line]:
    """The lines of a page, column by column; pieces at one height make a line."""
    gutter = _gutter(pieces)
    groups = [pieces] if gutter is None else _by_column(pieces, gutter)
    return [line for group in groups for line in _lines(group)]


def _gutter(pieces: Sequence[Piece]) -> float | None:
    """Where two columns part, or None."""
    if not 2 * _LEAST_ON_A_SIDE <= len(pieces) <= _MOST_PIECES:
        return None
    left, right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    low, high = (left + share * (right - left) for share in _MIDDLE)
    places = sorted({round(piece.left) - 0.5 for piece in pieces if low < piece.left < high})
    best = min(places, key=lambda x: (sum(p.left < x < p.right for p in pieces), -x), default=None)
    if best is None:
        return None
    before = [piece for piece in pieces if piece.right <= best]
    after = [piece for piece in pieces if piece.left >= best]
    crossing = len(pieces) - len(before) - len(after)
    if min(len(before), len(after)) < _LEAST_ON_A_SIDE or crossing > _MOST_CROSSING * len(pieces):
        return None
    return best if all(map(_is_filled, (before, after))) else None


def _is_filled(pieces: Sequence[Piece]) -> bool:
    """Whether the lines of a side are as wide as it, as those of running text are."""
    lines = list(_rows(pieces))
    width = max(piece.right for piece in pieces) - min(piece.left for piece in pieces)
    widths = sorted(max(p.right for p in line) - min(p.left for p in line) for line in lines)
    return len(lines) >= _LEAST_ON_A_SIDE and widths[len(widths) // 2] >= _LEAST_FILLED * width


def _rows(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    row: list[Piece] = []
    for piece in pieces:
        if row and not _at_one_height(row[-1], piece):
            yield row
            row = []
        row.append(piece)
    if row:
        yield row


def _at_one_height(one: Piece, other: Piece) -> bool:
    overlap = min(one.top, other.top) - max(one.bottom, other.bottom)
    return overlap >= 0.5 * min(one.top - one.bottom, other.top - other.bottom)


def _by_column(pieces: Sequence[Piece], gutter: float) -> Iterator[list[Piece]]:
    """Between lines that cross the gutter, the left column and then the right one."""
    ordered = sorted(pieces, key=lambda piece: -piece.top)
    left: list[Piece] = []
    right: list[Piece] = []
    for piece in ordered:
        if piece.left < gutter < piece.right:
            yield from (left, right, [piece])
            left, right = [], []
        else:
            (left if piece.right <= gutter else right).append(piece)
    yield from (left, right)


def _lines(pieces: Sequence[Piece]) -> Iterator[Line]:
    for row in _rows(pieces):
        text = " ".join(piece.text for piece in row)
        yield Line(text, max(piece.top for piece in row), min(piece.bottom for piece in row))


def without_hyphens(lines: Sequence[str]) -> list[str]:
    """The lines with the words whole that were hyphenated at their ends; what is left empty stays a line.

    A hyphen is kept where the rest of the text writes the word with one, before a capital or a digit, and
    after prefixes such as "self".
    """
    known = {word.lower() for line in lines for word in _WORD.findall(line)}
    whole = list(lines)
    for number in range(len(whole) - 1):
        line = whole[number]
        following = _next(whole, number)
        letters = _LAST_LETTERS.search(line[:-1]) if line and line[-1] in _HYPHENS else None
        rest = _FIRST_WORD.match(whole[following]) if following else None
        if letters and rest and rest[0][0].isalnum():
            hyphen = "-" if _keeps_hyphen(letters[0], _lead(rest[0]), known) else ""
            whole[number] = line[:-1] + hyphen + rest[0]
            whole[following] = whole[following][rest.end() :].lstrip()
    return [line.replace("\x02", "").replace("\u00ad", "") for line in whole]


def _next(lines: Sequence[str], number: int) -> int:
    """The number of the next line with text; 0 where there is none near."""
    return next((n for n in range(number + 1, min(number + 3, len(lines))) if lines[n]), 0)


def _lead(word: str) -> str:
    match = _WORD.match(word)
    return match[0] if match else ""


def _keeps_hyphen(before: str, after: str, known: set[str]) -> bool:
    if not after or not after[0].islower() or before[-1].isdigit():
        return True
    first, second = before.lower(), after.lower()
    if f"{first}{second}" in known:
        return False
    return f"{first}-{second}" in known or first in _PREFIXES
