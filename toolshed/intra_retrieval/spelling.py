"""Slips of the keyboard: what neither English nor the tools know becomes the nearest word that one knows."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from toolshed.backbones.english import common_words, is_english
from toolshed.backbones.lexical import split_identifier

_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]{4,24}(?![A-Za-z])")
# Part of an identifier, an address, a path or a quotation is as it is on purpose.
_GLUE = frozenset("_-./@#:=\\'\"’0123456789")
_QUOTES = frozenset("\"'’")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# Longer words may have two slips.
_MIN_FOR_TWO = 7
_MAX_CORRECTED = 12
# A slip takes a letter away, brings one, or both.
_MOST_LETTERS_APART = 4


@dataclass(frozen=True, slots=True)
class KnownWords:
    """The words of some tools.

    Attributes:
        words: Lower-cased, with how rare each is.
        by_shape: Those of letters only, by first letter and length.
    """

    words: Mapping[str, float]
    by_shape: Mapping[tuple[str, int], tuple[str, ...]]

    @classmethod
    def of(cls, words: Mapping[str, float]) -> "KnownWords":
        """Arrange words for being looked up."""
        return cls(words, words_by_shape(words))


def words_by_shape(words: Iterable[str]) -> Mapping[tuple[str, int], tuple[str, ...]]:
    """Words of letters only, by first letter and length; what is too short for two slips is left out."""
    shapes: dict[tuple[str, int], list[str]] = {}
    for word in words:
        if word.isalpha() and len(word) >= _MIN_FOR_TWO - 2:
            shapes.setdefault((word[0], len(word)), []).append(word)
    return {shape: tuple(own) for shape, own in shapes.items()}


NO_WORDS = KnownWords({}, {})


def corrected(text: str, known: KnownWords) -> str:
    """The text with slips corrected; what is written as one word stays one word."""
    if not is_english(text):
        return text
    pieces, last, n_corrected, common = [], 0, 0, common_words()
    for match in _WORD.finditer(text):
        # What nearly all are comes first.
        if match.group().lower() in common:
            continue
        better = "" if n_corrected >= _MAX_CORRECTED else _better(text, match, known)
        if better:
            pieces += [text[last : match.start()], better]
            last, n_corrected = match.end(), n_corrected + 1
    return "".join([*pieces, text[last:]])


def _better(text: str, match: re.Match[str], known: KnownWords) -> str:
    word = match.group()
    is_name = word[0].isupper() and match.start() > 0 and text[match.start() - 2 : match.start()] != ". "
    before, after = text[: match.start()][-1:], text[match.end() : match.end() + 2]
    # A full stop ends a sentence; where a letter follows it, it stands inside of something.
    glued = before in _GLUE or after[:1] in _QUOTES or (after[:1] in _GLUE and after[1:].isalnum())
    if is_name or glued or len(split_identifier(word)) > 1 or _is_word(word.lower(), known):
        return ""
    return nearest(word.lower(), known)


def _is_word(word: str, known: KnownWords) -> bool:
    """Whether it, or what it is an inflection of, is a word; common words are known to be."""
    stems = [word, *(word.removesuffix(end) for end in ("s", "es", "ed", "d", "ing", "er", "ly"))]
    stems += [f"{stem}e" for stem in stems[3:6]]
    return any(stem in common_words() or stem in known.words for stem in stems)


def nearest(word: str, known: KnownWords) -> str:
    """The nearest word, or nothing: one slip away, or two for long words that a tool has."""
    one = frozenset(_slips(word))
    if of_tools := [other for other in one if other in known.words]:
        return min(
            of_tools,
            key=lambda other: (other[0] != word[0], _slip_rank(word, other), known.words[other], other),
        )
    if word_like := [other for other in one & common_words() if other[0] == word[0]]:
        return min(word_like, key=lambda other: (_slip_rank(word, other), other))
    if len(word) < _MIN_FOR_TWO:
        return ""
    shapes = ((word[0], size) for size in (len(word), len(word) - 1, len(word) + 1))
    others = (other for shape in shapes for other in known.by_shape.get(shape, ()))
    letters = frozenset(word)
    alike = (other for other in others if len(letters.symmetric_difference(other)) <= _MOST_LETTERS_APART)
    return next((other for other in alike if not one.isdisjoint(_slips(other))), "")


def _slip_rank(word: str, meant: str) -> int:
    """Swapped letters are likelier than a missing one, that than one too many, and that than a wrong one."""
    if len(word) == len(meant):
        return 0 if sorted(word) == sorted(meant) else 3
    return 1 if len(meant) > len(word) else 2


def _slips(word: str) -> Iterator[str]:
    """Everything one slip away: a letter too many, one missing, a wrong one, two swapped."""
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in _LETTERS)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        yield from (before + letter + after for letter in _LETTERS)
