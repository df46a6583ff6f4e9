"""Whether a stranger's regular expression ends soon: Python's engine tries every way, and holds all threads.

A text of n characters and u repetitions without an end, one after the other, take up to n to the power of u
steps; a repetition inside a repetition takes 2 to the power of n.
"""

import math
import re
import re._parser as _parser  # type: ignore[import-not-found]  # the parser of re, without stubs
from functools import lru_cache
from typing import Any, NamedTuple

_MAX_STEPS = 2_000_000
_MAX_PATTERN_CHARACTERS = 2_000
# Repetitions that are as good as without an end.
_MANY = 32
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


class _Ways(NamedTuple):
    """How many ways to match there are: repetitions without an end, and the factor of all other choices."""

    n_endless: int = 0
    choices: float = 1.0

    def then(self, other: "_Ways") -> "_Ways":
        return _Ways(self.n_endless + other.n_endless, self.choices * other.choices)


def is_quick(pattern: str, n_characters: int) -> bool:
    """Whether matching a text of a length is bounded; False also for what Python cannot read."""
    ways = _ways(pattern)
    if ways is None:
        return False
    # What is searched for is tried from every start, too.
    steps = math.log(max(n_characters, 2)) * (ways.n_endless + 1) + math.log(ways.choices)
    return steps <= math.log(_MAX_STEPS)


@lru_cache(maxsize=1024)
def _ways(pattern: str) -> _Ways | None:
    """The ways to match; None where repetitions are inside each other, or nothing can be said."""
    if len(pattern) > _MAX_PATTERN_CHARACTERS:
        return None
    try:
        return _of_sequence(_parser.parse(pattern), is_repeated=False)
    except (re.error, RecursionError, OverflowError, ValueError, _NestedError):
        return None


class _NestedError(Exception):
    """A choice inside a repetition, or a reference back to a group."""


# Any: what the parser of re gives has no types.
def _of_sequence(parsed: Any, *, is_repeated: bool) -> _Ways:
    ways = _Ways()
    for operation, argument in parsed:
        ways = ways.then(_of_part(str(operation), argument, is_repeated=is_repeated))
    return ways


def _of_part(name: str, argument: Any, *, is_repeated: bool) -> _Ways:
    if name in _REPEATS:
        least, most, repeated = argument
        # What takes no characters is repeated as often as it says, however short the text.
        if int(most) > 1 and repeated.getwidth()[0] == 0:
            raise _NestedError
        is_choice = int(least) != int(most)
        if is_repeated and is_choice:
            raise _NestedError
        inner = _of_sequence(repeated, is_repeated=is_repeated or int(most) > 1)
        own = _Ways(1) if int(most) > _MANY else _Ways(0, float(int(most) - int(least) + 1))
        return inner.then(own) if is_choice else inner
    if name == "BRANCH":
        branches = [_of_sequence(branch, is_repeated=is_repeated) for branch in argument[1]]
        if is_repeated:
            raise _NestedError
        return _Ways(max(way.n_endless for way in branches), sum(way.choices for way in branches))
    if is_repeated and name in ("ASSERT", "ASSERT_NOT") and argument[-1].getwidth()[1] > _MANY:
        raise _NestedError
    if name in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
        return _of_sequence(argument[-1], is_repeated=is_repeated)
    if name == "ATOMIC_GROUP":
        return _of_sequence(argument, is_repeated=is_repeated)
    if name in ("GROUPREF", "GROUPREF_EXISTS", "GROUPREF_IGNORE"):
        raise _NestedError
    return _Ways()
