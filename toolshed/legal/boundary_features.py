"""Where a sentence may end in legal text, and what speaks for and against it.

A boundary candidate is a gap between two tokens: after a stop with its closing quotes, brackets and
glued note reference ("settled.[17] In"), at a line end, after a star page ("*904") or an enumerator
that opens a line ("(a)", "1.2"), and at wide gaps of tables and captions. Everything else is inside a
sentence. Each candidate is described by a handful of strings, grouped by what they look at, so that a
linear model can score each group once and remember it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import nupunkt

from toolshed.legal.vocabulary import ABBREVIATION_KINDS, CITATION_OPENERS, OPENERS

# Every alternative begins with one set of characters, which the engine looks for at full speed.
# Repetitions that may fail late are bounded or possessive: no text takes quadratic time.
_AFTER_FIRST = (
    r"""(?:(?<=[.?!…])["'”’“»)\]]*+(?:\[[\w*]{1,5}\]|\d{1,3}(?=\s))?+(\s+)"""
    r"|(?<=\*)(?<!\S\*)\d++(\s+)|(?<=\n)\s*"
)
_NARROW = re.compile(r"[.?!…*\n]" + _AFTER_FIRST + ")")
_WIDE = re.compile(r"[.?!…*\n\t ]" + _AFTER_FIRST + r"|(?<=\t)\s*|(?<= )[ ]{2}\s*)")
# "[2019] UKSC 41" opens with a year.
_ENUMERATOR = re.compile(
    r"(?!\[(?:1[6-9]|20)\d\d\])(?:[\[(][\w*]{1,5}[\])]|\w{1,3}\)|\d{1,3}(?:\.\d{1,3}){1,8})(?=([^\S\n]+)\S)"
)
# A line that is an item of a list, a recital, or a heading that is marked as such.
_ITEM = re.compile(
    r"(?:[\[(]\w{1,5}[\])]|\w{1,3}[.)]|\d{1,3}(?:\.\d{1,3})+\.?|[-–—•·*#]{1,6})[^\S\n]+\S|WHEREAS\b"
)
_CONJUNCTIONS = ("; and", "; or", ", and", ", or", "\nand", "\nor")
_LEFT_NOTE = re.compile(r"""(?:\[[\w*]{1,5}\]|(?<=[.?!"”’'])\d{1,3})$""")
_RIGHT_NOTE = re.compile(r"\[[\w*]{1,5}\]$")
_LEFT_OPENERS, _RIGHT_OPENERS = "\"'“‘([", "\"'“”‘’(["
_LEFT_STOPS, _RIGHT_STOPS = ".?!…:;,", ".,;:?!"
_CLOSERS = "\"'”’»)]"
_ROMAN = re.compile(r"[IVXLC]{1,5}")
# Longer tokens are no words: their ends say enough. Lines are measured up to this length.
_TOKEN_WINDOW = 48
_LINE_WINDOW = 160
# What opens a line and is no sentence: a sentence behind it begins the line as well.
_ENUMERATOR_LENGTH = 12
_MAX_WRAP_WIDTH = 110
_MEMO = 65_536
_CAPITALISED_KINDS = frozenset(
    {"title", "month", "day", "reporter", "statute", "court", "company", "street", "ab"}
)
_LENGTHS = (3, 8, 20, 45, 80, 140)
_GAP_GROUPS = {" ": "s", "d": "s", "n": "n", "p": "n", "P": "n", "w": "w", "t": "t", "e": "e"}

_ABBREVIATIONS = frozenset(nupunkt.load("default").abbreviations)


class Candidate(NamedTuple):
    """A gap where a sentence may end: ``text[end:start]`` is white space.

    Attributes:
        end: Offset after the last character on the left.
        start: Offset of the first character on the right.
        gap: `` `` one space, ``d`` two, ``w`` wide, ``t`` a tab, ``n`` a line end, ``p`` a blank line,
            ``P`` several, ``e`` after an enumerator that opens a line.
    """

    end: int
    start: int
    gap: str


class Left(NamedTuple):
    """The last token before a candidate.

    Attributes:
        features: What it says by itself.
        kind: Its shape, or what it abbreviates, with its marks: what pairs are made of.
    """

    features: tuple[str, ...]
    kind: str


class Right(NamedTuple):
    """The first token after a candidate.

    Attributes:
        features: What it says by itself.
        kind: Its shape, with its marks.
        detail: The same and what it abbreviates.
        opener: ``O`` for a word that opens sentences, ``S`` for one that opens citations.
    """

    features: tuple[str, ...]
    kind: str
    detail: str
    opener: str


def candidates(text: str) -> Iterator[Candidate]:
    """Every place where a sentence may end, in order."""
    first = len(text) - len(text.lstrip())
    yield from _after_enumerator(text, first)
    pattern = _WIDE if "\t" in text or "   " in text else _NARROW
    last_start = -1
    for match in pattern.finditer(text):
        start = match.end()
        if start >= len(text):
            return
        end = match.start(match.lastindex or 0)
        if not match.lastindex:
            while end and text[end - 1].isspace():
                end -= 1
        if end <= first or start <= last_start:
            continue
        last_start = start
        gap = _gap_kind(text[end:start])
        yield Candidate(end, start, gap)
        if gap in "npP":
            yield from _after_enumerator(text, start)


def _after_enumerator(text: str, start: int) -> Iterator[Candidate]:
    match = _ENUMERATOR.match(text, start)
    if match:
        yield Candidate(match.end(), match.end(1), "e")


def _gap_kind(gap: str) -> str:
    n_lines = gap.count("\n")
    if n_lines:
        return "n" if n_lines == 1 else "p" if n_lines == 2 else "P"
    if "\t" in gap:
        return "t"
    return " " if len(gap) == 1 else "d" if len(gap) == 2 else "w"


def wrap_width(text: str) -> int:
    """Column at which the lines of a text are wrapped; 0 when a line is a paragraph."""
    lengths = sorted(len(line) for line in text.split("\n") if len(line) > 25)
    if len(lengths) < 5 or lengths[-1] > _LINE_WINDOW:
        return 0
    usual = lengths[int(len(lengths) * 0.9)]
    return usual if usual <= _MAX_WRAP_WIDTH else 0


def _shape(core: str) -> str:
    """What a token looks like without its quotes and punctuation."""
    if not core:
        return "empty"
    length = len(core)
    if length == 1:
        if core.isdigit():
            return "num"
        return "I" if core == "I" else "L" if core.isupper() else "l" if core.isalpha() else "sym"
    if core.isalpha():
        if core.islower():
            return "w" if length > 3 else "w3"
        if core.isupper():
            return "rom" if _ROMAN.fullmatch(core) else "W" if length > 3 else "W3"
        return ("C" if length > 4 else "C4") if core.istitle() else "mx"
    if core.isdigit():
        return "num4" if length == 4 else "num"
    if core[0] == "*" and core[1:].isdigit():
        return "star"
    if core[1] == "." and all(len(part) == 1 for part in core.split(".")):
        return "init"
    if any(character.isdigit() for character in core):
        return "alnum" if any(character.isalpha() for character in core) else "dig"
    return "Cx" if core[0].isupper() else "wx"


def _abbreviation_kind(core: str) -> str:
    """What a token abbreviates; ``ab`` where only nupunkt knows it, ``-`` for other words.

    Names of months, states, courts and reporters are capitalised: "in.", "me." and "so." are words. So are
    most entries of nupunkt's list that hold nothing but small letters.
    """
    lowered = core.lower()
    kind = ABBREVIATION_KINDS.get(lowered) or ("ab" if lowered in _ABBREVIATIONS else "-")
    if kind in _CAPITALISED_KINDS and core.isalpha() and core.islower():
        return "-"
    return kind


def left_token(token: str) -> Left:
    """What the last token before a gap says."""
    note = _LEFT_NOTE.search(token) if token[-1] == "]" or token[-1].isdigit() else None
    noted = token[: note.start()] if note else token
    closed = noted.rstrip(_CLOSERS)
    core = closed.rstrip(_LEFT_STOPS)
    stops, closers = closed[len(core) :], noted[len(closed) :]
    core = core.lstrip(_LEFT_OPENERS)
    lowered = core.lower()
    stop = _stop_kind(stops)
    shape = _shape(core)
    abbreviation = "-"
    if shape == "init" or stop == "." or "." in core:
        abbreviation = _abbreviation_kind(core)
    if abbreviation == "-" and "." in core and stop == ".":
        abbreviation = "~" + _abbreviation_kind(core.rsplit(".", 1)[-1])
    end = stop + _closing_kind(closers) + ("" if not note else "[" if token[-1] == "]" else "d")
    features = (
        f"left:{shape}|{stop}",
        f"left abbreviation:{abbreviation}|{end}",
        f"left word:{lowered if stop in ('.', '-') else ''}|{stop}",
    )
    return Left(features, (shape if abbreviation == "-" else abbreviation) + end)


def _stop_kind(stops: str) -> str:
    if not stops:
        return "-"
    if len(stops) == 1:
        return stops
    return ".." if stops == ".." else "..." if not stops.strip(".") else stops[-1] + "+"


def _closing_kind(closers: str) -> str:
    """The last closing mark and, where there are more, the first."""
    if not closers:
        return ""
    marks = closers[-1] if len(closers) == 1 else closers[-1] + closers[0]
    return "".join("p" if mark == ")" else "b" if mark == "]" else "q" for mark in marks)


def right_token(token: str) -> Right:
    """What the first token after a gap says."""
    bare = token.lstrip(_RIGHT_OPENERS)
    opening = token[: len(token) - len(bare)]
    note = _RIGHT_NOTE.search(bare) if bare[-1:] == "]" else None
    closed = (bare[: note.start()] if note else bare).rstrip(_CLOSERS)
    core = closed.rstrip(_RIGHT_STOPS)
    stops = closed[len(core) :]
    lowered = core.lower()
    open_kind = "".join(_opener_kind(opener) for opener in opening[:2])
    shape = _mark(core) or (_shape(core) if core else "e" + stops[:1])
    stop = stops[-1:]
    abbreviation = "-"
    if stop == "." or "." in core:
        abbreviation = _abbreviation_kind(core)
        if abbreviation == "-" and "." in core:
            abbreviation = "~" + ABBREVIATION_KINDS.get(lowered.split(".")[0], "x")
    capital = core[:1].isupper()
    opener = "O" if capital and lowered in OPENERS else "S" if capital and lowered in CITATION_OPENERS else ""
    features = (
        f"right:{shape}|{stop}",
        f"right abbreviation:{abbreviation}|{stop}",
        f"right opener:{opener}|{shape}",
        f"right word:{lowered if core[:1].isalpha() else ''}|{capital}",
    )
    kind = open_kind + shape + ("." if stop == "." else "")
    return Right(features, kind, f"{open_kind}|{shape}|{abbreviation}|{opener}|{stop}", opener)


def _opener_kind(opener: str) -> str:
    return "q" if opener in '"“' else "s" if opener in "'‘" else ">" if opener in "”’" else opener


def _mark(core: str) -> str:
    """The kind of a leading mark that is no letter or digit, or nothing."""
    first = core[:1]
    if not first or first.isalnum():
        return ""
    if first in "§¶":
        return "sect"
    if first in "•·\x95":
        return "bul"
    return "rule" if first == "_" else "dash" if first in "-–—\x97" else ""


@lru_cache(_MEMO)
def neighbour(token: str) -> str:
    """Coarse class of a token one further away; ``^`` where there is none."""
    if not token:
        return "^"
    bare = token.lstrip("\"'“‘([")
    if not bare:
        return "p"
    if bare in ("v.", "vs."):
        return "v"
    if bare[0] in "§¶":
        return "S"
    if bare[0] == "*":
        return "*"
    inner = bare.rstrip(".,;:)]\"”'’")
    if inner.isdigit():
        return "d." if bare[-1] == "." else "d"
    if bare[0].isdigit():
        return "D"
    end = "." if bare[-1] == "." else "," if bare[-1] in ",;:" else ""
    if bare[0].isupper():
        return ("U" if inner.isupper() and len(inner) > 1 and "." not in inner else "A") + end
    return "a" + end if bare[0].islower() else "o"


@lru_cache(_MEMO)
def next_neighbour(token: str) -> str:
    """Like :func:`neighbour`, and what kind of abbreviation it is: "38 U.S.C." opens a citation."""
    near = neighbour(token)
    if near not in ("A.", "a.", "D"):
        return near
    kind = ABBREVIATION_KINDS.get(token.lower().strip("\"'“‘([.,;:)]"))
    return near + (kind[:2] if kind else "")


def pair_features(
    left: str, before: str, gap: str, right: str, detail: str, opener: str, after: str
) -> tuple[str, ...]:
    """What both sides say together.

    Args:
        left: Kind of the token before the gap.
        before: Class of the token before that one.
        gap: Group of the gap.
        right: Kind of the token after the gap.
        detail: The same in more detail.
        opener: Whether it opens sentences.
        after: Class of the token after that one.
    """
    return (
        f"gap+left:{gap}|{left}",
        f"left+right:{left}|{right}",
        f"before+left:{before}|{left}",
        f"right+after:{right}|{after}",
        f"left+right+after:{left}|{right}|{after}",
        f"gap+opener+left:{gap}|{opener}|{left}",
        f"gap+detail+after:{gap}|{detail}|{after}",
    )


def gap_group(gap: str) -> str:
    """Line ends, narrow gaps, and each of the others."""
    return _GAP_GROUPS[gap]


def last_mark(token: str) -> str:
    """The stop a token ends with, ``c`` for a closing mark, ``-`` for anything else."""
    mark = token[-1]
    return mark if mark in ".?!:;," else "c" if mark in "\"'”’)]" else "-"


def context_features(gap: str, mark: str, right: str, is_quoted: bool, length: str) -> tuple[str, ...]:
    """What the sentence so far says: whether a quotation is open, and its length."""
    return (f"quoted:{is_quoted:d}|{gap}|{mark}|{right[:1]}", f"length:{length}|{gap}|{mark}")


class Lines(NamedTuple):
    """The lines on both sides of a line end, as far as they matter."""

    left_length: str
    right_length: str
    capitals: str
    room: str
    begins: str
    item: str


def lines_around(text: str, sentence: int, candidate: Candidate, *, width: int) -> Lines:
    """Measure the lines around a line end of the sentence that starts at ``sentence``.

    ``room`` tells in wrapped text whether the first word of the right line would have fitted on the
    left one: a line that ends early was ended on purpose. ``begins`` tells whether the sentence began inside
    the left line: its end then says little. ``item`` tells whether the right line is one of a list, by its
    enumerator, and whether the left one ends with a conjunction as the last but one of a list does.
    """
    end, start, _ = candidate
    whole = text.rfind("\n", max(0, end - _LINE_WINDOW), end) + 1
    line = max(whole, sentence, end - _LINE_WINDOW)
    left = text[line:end]
    stop = text.find("\n", start, start + _LINE_WINDOW)
    right = text[start : stop if stop >= 0 else start + _LINE_WINDOW]
    capitals = ("U" if left.isupper() else "") + "|" + ("U" if right[:80].isupper() else "")
    room = ""
    if width:
        room = "F" if len(left) + 1 + len(right.split(None, 1)[0]) > width - 1 else "f"
    begins = "m" if 0 <= whole < line and line - whole > _ENUMERATOR_LENGTH else ""
    item = ("i" if _ITEM.match(right) else "") + ("&" if left.endswith(_CONJUNCTIONS) else "")
    return Lines(length_bucket(len(left)), length_bucket(len(right)), capitals, room, begins, item)


def line_features(right: str, gap: str, mark: str, lines: Lines) -> tuple[str, ...]:
    """What the layout says at a line end; ``gap`` is its kind, not its group."""
    case = "l" if right[:1] in ("w", "l") else "u"
    left_length, right_length, capitals, room, begins, item = lines
    return (
        f"line lengths:{left_length}|{right_length}|{mark}|{case}|{gap}",
        f"line capitals:{capitals}|{gap}|{mark}",
        f"line room:{room}|{mark}|{case}|{gap}",
        f"line begins:{begins}|{mark}|{case}|{gap}",
        f"line item:{item}|{mark}|{gap}",
    )


def length_bucket(n_characters: int) -> str:
    """Lengths of lines and sentences in seven steps."""
    return "0123456"[bisect_right(_LENGTHS, n_characters)]
