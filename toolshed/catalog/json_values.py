"""JSON from outside as values, within bounds that are checked before anything is expanded."""

import json
import math
import re
from collections.abc import Iterable
from typing import Any

# JSON Schemas in use nest some twenty levels; each level here takes a recursion of whoever walks it.
MAX_DEPTH = 100
# A value takes 60 bytes and more in memory, whatever it takes in the text. Small documents may be as
# dense as they like; in large ones eight characters a value leave room for minified arrays of flags.
_FREE_VALUES, _CHARACTERS_PER_VALUE = 500_000, 8
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class RepeatedKeys(dict[str, Any]):
    """An object that gives a key twice, so that readers disagree on what it says."""

    def __init__(self, values: dict[str, Any], key: str) -> None:
        super().__init__(values)
        self.key = key

    def __str__(self) -> str:
        return f"gives the key {self.key[:80]!r} twice; keep one of the two"


def parse_json(text: str) -> Any:
    """Parse JSON; an object with a key given twice comes as :class:`RepeatedKeys`.

    Raises:
        ValueError: If it is not JSON, holds more values than its length lets expect, is nested too deeply,
            or holds a number of thousands of digits.
    """
    check_density(text, ",[{", free=_FREE_VALUES)
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError("it is nested too deeply to be a catalog") from error
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        raise ValueError("it holds a number of thousands of digits; write it as a string") from error


def check_density(text: str, marks: str, *, free: int) -> None:
    """Refuse a text with so many of the marks before values that these would fill the memory.

    Raises:
        ValueError: If there are more than ``free`` and one for each eight characters.
    """
    n_values = sum(map(text.count, marks))
    if n_values > free + len(text) // _CHARACTERS_PER_VALUE:
        raise ValueError(
            f"it holds some {n_values:,} values in {len(text):,} characters, which is no catalog of tools"
        )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    return values if len(values) == len(pairs) else RepeatedKeys(values, _repeated(key for key, _ in pairs))


def _repeated(keys: Iterable[str]) -> str:
    seen: set[str] = set()
    return next(key for key in keys if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add gives None


def check_json(value: object, max_characters: int) -> None:
    """Refuse a value that is no JSON, or more of it than is allowed, before anyone walks through it.

    Parts that are shared count as often as they would be written, so that ten lists of each other's ten
    lists are refused without being written.

    Raises:
        ValueError: What is wrong with the value, to stand behind its name.
    """
    level: list[Any] = [value]
    room = max_characters
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for part in level:
            room -= _n_characters(part)
            if room < 0:
                raise ValueError(f"take too many characters; at most {max_characters:,} are allowed")
            if isinstance(part, dict):
                inner += part.values()
            elif isinstance(part, list | tuple):
                inner += part
        if not inner:
            return
        level = inner
    raise ValueError(
        f"are nested deeper than {MAX_DEPTH} levels, or contain a cycle; name the inner schema under "
        "'$defs' and refer to it by '$ref'"
    )


def _n_characters(part: Any) -> int:
    """What a value takes at least when written, without what is in it."""
    if isinstance(part, str):
        if not part.isascii() and _LONE_SURROGATE.search(part):
            raise ValueError("hold half a character (a lone surrogate); write it whole")
        return len(part) + 2
    if isinstance(part, RepeatedKeys):
        raise ValueError(f"hold an object that {part}")
    if isinstance(part, dict):
        if not all(isinstance(key, str | int | float) or key is None for key in part):
            raise ValueError("cannot be written as JSON: its keys must be strings")
        return 2 + 2 * len(part) + sum(map(_n_characters, part))
    if isinstance(part, list | tuple):
        return 2 + len(part)
    return _n_digits(part)


def _n_digits(part: Any) -> int:
    if part is None or isinstance(part, bool):
        return 4
    if isinstance(part, float):
        if not math.isfinite(part):
            raise ValueError(f"hold {part}, which JSON does not have; write a number, or leave it out")
        return 3
    if isinstance(part, int):
        # Readers of JSON take numbers for doubles, which end at 1e308.
        if part.bit_length() > 1024:
            raise ValueError("hold a number beyond 1e308; write it as a string")
        return 1
    raise ValueError(f"cannot be written as JSON: {type(part).__name__} is no type of JSON")
