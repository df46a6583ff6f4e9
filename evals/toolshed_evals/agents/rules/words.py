"""What a rule-based agent reads in a request: steps, quotations, numbers, dates, names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from toolshed.backbones.clauses import clause_spans, sentence_spans
from toolshed.backbones.lexical import words

_QUOTED = re.compile(r'"([^"]+)"')
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_MOMENT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d\b")
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b(?!T)")
_TIME = re.compile(r"(?<![T\d])\b\d\d:\d\d\b")
_PATH = re.compile(r"(?<![\w@.])[\w/-]+\.(?:txt|md|csv|json|pdf)\b")
_CODE = re.compile(r"\b[A-Z]{3}\b")
_NUMBER = re.compile(r"(?<![\w.+:-])\d+(?:\.\d+)?(?![\w:-])")
_KINDS = {
    "quoted": _QUOTED,
    "mail": _MAIL,
    "moment": _MOMENT,
    "day": _DAY,
    "time": _TIME,
    "path": _PATH,
    "code": _CODE,
    "number": _NUMBER,
}
# What says nothing of what is to be done.
_STOP = frozenset(
    "a an and are as at be by can could do does for from has have he her him his how i in is it its let many "
    "me much my need not of on or our please she so that the their them then there they this to up us was we "
    "what when where which who will with would you your".split()
)


@dataclass(frozen=True, slots=True)
class Mention:
    """Something in a text that may be the value of an argument.

    Attributes:
        kind: What it looks like.
        value: What it says.
        before: Stems of the words before it, the nearest one last.
        after: Stems of the words behind it.
    """

    kind: str
    value: str
    before: Sequence[str]
    after: Sequence[str]


def steps_of(request: str) -> list[str]:
    """What is asked for, in order: the clauses of the sentences."""
    return [
        request[start:end].strip()
        for sentence in sentence_spans(request)
        for start, end in clause_spans(request, *sentence)
    ]


def mentions(text: str) -> list[Mention]:
    """All of a text that may be a value, in the order in which it stands there."""
    found: list[tuple[int, Mention]] = []
    taken = text
    # What is quoted is one value, whatever stands in it; a day is no number.
    for kind, pattern in _KINDS.items():
        for match in pattern.finditer(taken):
            before, after = stems(text[: match.start()]), stems(text[match.end() :])
            value = match.group(1) if kind == "quoted" else match.group()
            found.append((match.start(), Mention(kind, value, before[-3:], after[:2])))
        taken = pattern.sub(lambda match: "~" * len(match.group()), taken)
    return [mention for _, mention in sorted(found, key=lambda one: one[0])]


def said(text: str) -> frozenset[str]:
    """Stems of the words that say what is to be done: without values, and words that say nothing."""
    for pattern in _KINDS.values():
        text = pattern.sub(" ", text)
    return frozenset(stems(text))


@lru_cache(maxsize=20_000)
def stems(text: str) -> tuple[str, ...]:
    """Stems of the words of a text, those that say nothing left out."""
    return tuple(_stem(word) for word in words(text) if word not in _STOP)


def parts_of(name: str) -> frozenset[str]:
    """Stems of all words in the name of an argument."""
    return frozenset(_stem(word) for word in words(name))


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word
