"""Words by what they do in an instruction to a model: who is spoken to, what is to be done, with what.

A cue is a list of phrases. Descriptions say what a tool does ("reads a file"); instructions order it
("read the file"), so verbs stand here as they are ordered.
"""

import re
from collections.abc import Mapping, Sequence

from toolshed.safety.lexicon import PHRASES

_WORD = re.compile(r"[a-z0-9_]+|[\u3040-\u30ff\u4e00-\u9fff]+")


def words_of(text: str) -> list[tuple[str, int]]:
    """The words of a text in small letters without accents, and where each begins."""
    return [(found[0], found.start()) for found in _WORD.finditer(text)]


def _index() -> Mapping[str, Sequence[tuple[tuple[str, ...], str]]]:
    """Phrases by their first words."""
    index: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for cue, phrases in PHRASES.items():
        for phrase in phrases.split(","):
            words = tuple(phrase.split())
            if words:
                index.setdefault(words[0], []).append((words, cue))
    return index


_BY_FIRST_WORD = _index()


def cues_in(words: Sequence[tuple[str, int]]) -> Mapping[str, Sequence[int]]:
    """Where each cue stands, as numbers of words, in their order."""
    found: dict[str, list[int]] = {}
    plain = [word for word, _ in words]
    for at, word in enumerate(plain):
        for phrase, cue in _BY_FIRST_WORD.get(word, ()):
            if len(phrase) == 1 or tuple(plain[at : at + len(phrase)]) == phrase:
                stands = found.setdefault(cue, [])
                if not stands or stands[-1] != at:
                    stands.append(at)
    for at, word in enumerate(plain):
        if not word.isascii() and any(phrase in word for phrase in _CJK):
            found.setdefault("cjk", []).append(at)
    return found


_CJK = tuple(phrase.strip() for phrase in PHRASES["cjk"].split(","))
