"""Operations: what a request asks to be done with a thing, and what a tool does with it.

Of one thing there are often tools that read, list, create, change and delete it, which differ by a verb that
vectors hardly see.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.lexical import split_identifier
from toolshed.queries import SubQuery
from toolshed.types import ToolDefinition
from toolshed.vectors import Scores

_OPERATIONS = {
    "read": """get read show view fetch retrieve display describe check see look inspect open tell what when
        where who which how details is are does did lookup give count""",
    "list": """list search find browse query all enumerate index filter show which what who when where how are
        is do does did give get tell see discover""",
    "create": """create add new make insert register post write save open generate build submit start put
        provision set schedule invite upload publish""",
    "update": """update change edit modify patch set rename move replace adjust amend put revise correct turn
        make switch reset configure alter increase decrease raise lower""",
    "delete": "delete remove cancel drop clear erase destroy purge revoke unsubscribe uninstall discard wipe",
}
_METHODS = {"GET": "read list", "POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}

_BY_WORD: dict[str, frozenset[str]] = {}
for _operation, _words in _OPERATIONS.items():
    for _word in _words.split():
        _BY_WORD[_word] = _BY_WORD.get(_word, frozenset()) | {_operation}
_MAX_NAME_WORDS = 8
_READING = frozenset({"read", "list"})
_WORD = re.compile(r"[^\W_]+")
_POLITE = frozenset(
    """please can could would will you we i i'd like want need to help me let us also then and just kindly
    the my a an""".split()
)


def asked_operations(sub_queries: Sequence[SubQuery]) -> frozenset[str]:
    """What the request, or any part of it, asks to be done; empty where it does not say."""
    parts = [one for one in sub_queries if one.kind not in ("whole", "negated")] or sub_queries[:1]
    return frozenset().union(*(_asked_by(one.text) for one in parts))


def operations_of(tool: ToolDefinition) -> int:
    """What a tool does, one bit for each of the operations; none where it does not say."""
    method = str(tool.annotations.get("method", "")).upper()
    return _bits(_done_by(tool.name, tool.description[:80], method))


def _bits(operations: frozenset[str]) -> int:
    return sum(1 << at for at, operation in enumerate(_OPERATIONS) if operation in operations)


def _asked_by(text: str) -> frozenset[str]:
    return frozenset({"create"}) if _SUBSCRIBE.search(text[:200]) else _operations_of(_opening(text))


# To be told of something by itself, a subscription has to be made first.
_SUBSCRIBE = re.compile(
    r"\b(?:get|be|keep\sme|have\sme)\s(?:notified|alerted|informed|updated|told)\b", re.IGNORECASE
)


def _opening(text: str) -> str:
    """The first word that is no courtesy."""
    for match in _WORD.finditer(text[:200]):
        word = match.group().lower()
        if word not in _POLITE:
            return word
    return ""


def _operations_of(word: str) -> frozenset[str]:
    found = _BY_WORD.get(word)
    if found is None and word.endswith("s"):
        found = _BY_WORD.get(word[:-1])
    return found or frozenset()


def operation_features(asked: frozenset[str], done: NDArray[np.int8]) -> dict[str, Scores]:
    """How what the request asks to be done agrees with what each tool does, 1 or 0 for each feature.

    ``same_operation``; ``changes_unasked``, where only something to be read was asked for; and
    ``other_operation``, where another change was.

    Args:
        asked: What is asked for.
        done: The :func:`operations_of` each tool.
    """
    rows = np.zeros((3, len(done)), np.float32)
    if asked:
        is_same = (done & _bits(asked)) != 0
        rows[0] = is_same
        rows[1 if asked <= _READING else 2] = (done != 0) & ~is_same
    return dict(zip(("same_operation", "changes_unasked", "other_operation"), rows, strict=True))


def _done_by(name: str, description: str, method: str) -> frozenset[str]:
    """By a verb of the name, or of the opening of the description, or by the method."""
    for word in _words_of(name, _MAX_NAME_WORDS):
        if found := _operations_of(word):
            return found
    if found := _operations_of(next(iter(_words_of(description, 1)), "")):
        return found
    return frozenset(_METHODS.get(method, "").split())


def _words_of(text: str, most: int) -> Iterable[str]:
    return list(_lowered(text))[:most]


def _lowered(text: str) -> Iterator[str]:
    for run in _WORD.findall(text):
        yield from (part.lower() for part in split_identifier(run))
