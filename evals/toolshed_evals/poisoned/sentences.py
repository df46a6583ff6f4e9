"""Sentences that order a model about, and such that only look like it, to fit the scanner on.

All were written for this. Each of the first has a kind of attack, a style (imperative, policy, technical,
casual, or narrative) and a language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class PoisonedSentence:
    """A sentence that orders a model about."""

    kind: str
    style: str
    language: str
    text: str


def poisoned_sentences() -> Sequence[PoisonedSentence]:
    """All of them, in the order of their kinds."""
    found: list[PoisonedSentence] = []
    kind = ""
    for line in _lines("sentences.txt"):
        if line.startswith("# "):
            kind = line[2:]
        else:
            found.append(PoisonedSentence(kind, *line.split(" ", 2)))
    return found


def harmless_sentences() -> Sequence[str]:
    """Sentences of honest descriptions that have much in common with them."""
    return [line.split(" ", 1)[1] for line in _lines("harmless.txt")]


def _lines(name: str) -> Sequence[str]:
    return (_FOLDER / name).read_text(encoding="utf-8").splitlines()
