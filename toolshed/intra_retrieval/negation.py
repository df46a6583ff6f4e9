"""What a request says must not be done: "read the file, don't delete it"."""

import re
from collections.abc import Iterator

from toolshed.types import Span

# Who does not know, have or want something forbids nothing; "don't forget to" asks for it.
_NOT_FORBIDDEN = frozenset(
    """forget hesitate know have worry think understand mind care see remember believe get need feel mean
    like want wish agree seem let miss recall recognize recognise exist matter belong""".split()
)
_NEGATION = re.compile(
    r"""\b(?:
        (?:i\s+(?:do\s+not|don['’]?t)\s+(?:want|need)\s+(?:you\s+|it\s+|them\s+)?to)
      | (?:you\s+(?:must|should|may|can)\s*(?:not|n['’]t|['’]t))
      | (?P<plain>(?:please\s+)?(?:do\s+not|don['’]?t|never))
      | (?:no\s+need\s+to) | (?:not\s+to) | (?:rather\s+than) | (?:instead\s+of) | (?:without)
      | (?:(?:and|but)\s+not) | (?:avoid) | (?:refrain\s+from)
    )\s+(?:(?:ever|just|yet|actually)\s+)?(?P<verb>[a-z]{2,24})\b""",
    re.IGNORECASE | re.VERBOSE,
)
_SUBJECT = re.compile(r"\b(?:i|we|they|he|she|it|you|who|that|which|why)\s+$", re.IGNORECASE)
_END = re.compile(r"[,;.!?\n]|\s+[-–—]\s+|\s+(?:but|just|only|instead|yet|then|rather)\b", re.IGNORECASE)
_MAX_CHARACTERS = 200
_MAX_NEGATIONS = 8


def negated_spans(text: str, verbs: frozenset[str]) -> list[Span]:
    """Spans of what is forbidden, the word of negation included, in reading order.

    Args:
        text: The request.
        verbs: Base forms of the verbs that requests are made with; "without sugar" forbids no tool.
    """
    return list(_found(text, verbs))[:_MAX_NEGATIONS]


def _found(text: str, verbs: frozenset[str]) -> Iterator[Span]:
    last = 0
    for match in _NEGATION.finditer(text):
        verb = match["verb"].lower()
        if match.start() < last or verb in _NOT_FORBIDDEN or not _is_verb(verb, verbs):
            continue
        if match["plain"] and _SUBJECT.search(text, max(0, match.start() - 12), match.start()):
            continue
        end = _END.search(text, match.end(), match.end() + _MAX_CHARACTERS)
        last = end.start() if end else min(len(text), match.end() + _MAX_CHARACTERS)
        yield match.start(), last


def _is_verb(word: str, verbs: frozenset[str]) -> bool:
    if word in verbs:
        return True
    if not word.endswith("ing"):
        return False
    stem = word[:-3]
    undoubled = stem[:-1] if stem[-1:] == stem[-2:-1] else stem
    return bool({stem, f"{stem}e", undoubled} & verbs)
