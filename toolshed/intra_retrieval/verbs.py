"""Operations: what a request asks to be done with a thing, and what a tool does with it.

Of one thing there are often tools that read, list, create, change and delete it, which differ by a verb that
vectors hardly see.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh32_hexdigest

from toolshed.backbones.lexical import split_identifier
from toolshed.intra_retrieval.one_or_many import (
    Number,
    number_asked,
    number_of_path,
)
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
# Names what :func:`operations_of` makes of tools where that is kept; raise its number when the rules change.
_RULES = repr((2, _OPERATIONS, _METHODS, _MAX_NAME_WORDS)).encode()
OPERATIONS = f"operations.{xxh32_hexdigest(_RULES)}"
_READING = frozenset({"read", "list"})
_DELETING = frozenset({"delete"})
# What requests by these methods can do, whatever their names say.
_POSSIBLE = {"GET": _READING, "DELETE": _DELETING, "PATCH": frozenset({"update"})}
# Tools that go on telling: nobody asks for them who wants to see something once.
_GOING_ON = frozenset({"watch", "stream", "subscribe"})
_OPERATION_BITS = (1 << len(_OPERATIONS)) - 1
_NUMBER_BITS: dict[Number, int] = {"": 0, "one": _OPERATION_BITS + 1, "many": (_OPERATION_BITS + 1) << 1}
_ANY_NUMBER = _NUMBER_BITS["one"] | _NUMBER_BITS["many"]
_IS_OF_API = _NUMBER_BITS["many"] << 1
# Fitted apart, on operations of APIs alone: the ranking of other tools stays as it is.
API_FEATURES = (
    "api_same_operation",
    "api_changes_unasked",
    "api_reads_instead",
    "api_other_change",
    "api_same_number",
    "api_other_number",
)
_WORD = re.compile(r"[^\W_]+")
_POLITE = frozenset(
    """please can could would will you we i i'd like want need to help me let us also then and just kindly
    the my a an""".split()
)


@dataclass(frozen=True, slots=True)
class AskedOperation:
    """What a request asks to be done.

    Attributes:
        operations: With what it asks for; empty where it does not say.
        number: Whether with one thing or with many.
    """

    operations: frozenset[str]
    number: Number


def asked_operations(sub_queries: Sequence[SubQuery]) -> AskedOperation:
    """What the request, or any part of it, asks to be done."""
    parts = [one for one in sub_queries if one.kind not in ("whole", "negated")] or sub_queries[:1]
    asked = [_asked_by(one.text) for one in parts]
    numbers = {one.number for one in asked}
    operations = frozenset[str]().union(*(one.operations for one in asked))
    return AskedOperation(operations, numbers.pop() if len(numbers) == 1 else "")


def operations_of(tool: ToolDefinition) -> int:
    """What a tool does, one bit for each of the operations; none where it does not say.

    Of an operation of an API, further bits say that it is one and whether it is about one thing or many.
    """
    method = str(tool.annotations.get("method", "")).upper()
    words = list(_lowered(tool.name))[:_MAX_NAME_WORDS]
    if method in _METHODS:
        return _IS_OF_API | _done_by_api(
            words, tool.description[:80], method, str(tool.annotations.get("path", ""))
        )
    return _bits(_done_by(words, tool.description[:80]))


def _done_by_api(words: Sequence[str], description: str, method: str, path: str) -> int:
    if words and words[0] in _GOING_ON:
        return 0
    possible = _POSSIBLE.get(method, frozenset(_OPERATIONS))
    # Further on, a word with an s is a plural: "filters" of "filters.create".
    named = [
        _operations_of(words[0]) if words else frozenset(),
        *(_BY_WORD.get(w, frozenset()) for w in words[1:]),
    ]
    opening = _operations_of(next(_lowered(description), ""))
    found = next((one & possible for one in (*named, opening) if one & possible), frozenset())
    number = number_of_path(path)
    is_silent = not found or (words and words[0] == "post" and found == _BY_WORD["post"])
    if method == "POST" and is_silent and number == "one":
        found = frozenset({"update"})
    if method == "DELETE" and "collection" in words:
        number = "many"
    # What is written says nothing of how much is read.
    counted = _NUMBER_BITS[number] if method in ("GET", "DELETE") else 0
    return _bits(found or frozenset(_METHODS[method].split())) | counted


def _bits(operations: frozenset[str]) -> int:
    return sum(1 << at for at, operation in enumerate(_OPERATIONS) if operation in operations)


def _asked_by(text: str) -> AskedOperation:
    if _SUBSCRIBE.search(text[:200]):
        return AskedOperation(frozenset({"create"}), "")
    opening = next((one for one in _WORD.finditer(text[:200]) if one.group().lower() not in _POLITE), None)
    if opening is None:
        return AskedOperation(frozenset(), "")
    operations = _operations_of(opening.group().lower())
    is_counted = bool(operations) and (operations <= _READING or operations == _DELETING)
    return AskedOperation(operations, number_asked(text[opening.start() :]) if is_counted else "")


# To be told of something by itself, a subscription has to be made first.
_SUBSCRIBE = re.compile(
    r"\b(?:get|be|keep\sme|have\sme)\s(?:notified|alerted|informed|updated|told)\b", re.IGNORECASE
)


def _operations_of(word: str) -> frozenset[str]:
    found = _BY_WORD.get(word)
    if found is None and word.endswith("s"):
        found = _BY_WORD.get(word[:-1])
    return found or frozenset()


def operation_features(asked: AskedOperation, done: NDArray[np.int16]) -> dict[str, Scores]:
    """How what the request asks to be done agrees with what each tool does, 1 or 0 for each feature.

    ``same_operation``; ``changes_unasked``, where only something to be read was asked for; and
    ``other_operation``, where another change was. Of operations of APIs, whose methods say what they do, the
    same again, and :data:`API_FEATURES`.

    Args:
        asked: What is asked for.
        done: The :func:`operations_of` each tool.
    """
    operations = done & _OPERATION_BITS
    nothing = np.zeros(len(done), dtype=bool)
    is_same = other = nothing
    if asked.operations:
        is_same = (operations & _bits(asked.operations)) != 0
        other = (operations != 0) & ~is_same
    asks_to_read = asked.operations <= _READING
    changes, instead = (other, nothing) if asks_to_read else (nothing, other)
    only_reads = (operations & ~_bits(_READING)) == 0
    numbers, asked_number = done & _ANY_NUMBER, _NUMBER_BITS[asked.number]
    is_of_api = (done & _IS_OF_API) != 0
    of_api = (
        is_same,
        changes,
        instead & only_reads,
        instead & ~only_reads,
        # One thing is asked for in words that may well name what there is only one of.
        (numbers == asked_number) if asked.number == "many" else nothing,
        ((numbers != 0) & (numbers != asked_number)) if asked.number else nothing,
    )
    found = dict(
        zip(
            ("same_operation", "changes_unasked", "other_operation"), (is_same, changes, instead), strict=True
        )
    )
    found |= {name: value & is_of_api for name, value in zip(API_FEATURES, of_api, strict=True)}
    return {name: value.astype(np.float32) for name, value in found.items()}


def _done_by(words: Sequence[str], description: str) -> frozenset[str]:
    """By a verb of the name, or of the opening of the description."""
    for word in words:
        if found := _operations_of(word):
            return found
    return _operations_of(next(_lowered(description), ""))


def _lowered(text: str) -> Iterator[str]:
    for run in _WORD.findall(text):
        yield from (part.lower() for part in split_identifier(run))
