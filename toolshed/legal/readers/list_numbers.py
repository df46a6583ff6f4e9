"""Numbers of lists as they are shown: 3, c, iii, third; by the names that Word has for them."""

from collections.abc import Callable, Mapping

_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
    (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_ORDINALS = "First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth".split()
_CARDINALS = "One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve".split()


def _roman(value: int) -> str:
    if not 0 < value < 4000:
        return str(value)
    numeral = ""
    for worth, digits in _ROMAN:
        count, value = divmod(value, worth)
        numeral += digits * count
    return numeral


def _letter(value: int) -> str:
    """a, b, ..., z, aa, bb, ...: as Word counts."""
    if value < 1:
        return str(value)
    times, letter = divmod(value - 1, 26)
    return chr(97 + letter) * min(times + 1, 10)


def _ordinal(value: int) -> str:
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def _word(words: list[str]) -> Callable[[int], str]:
    return lambda value: words[value - 1] if 0 < value <= len(words) else str(value)


_FORMATS: Mapping[str, Callable[[int], str]] = {
    "decimalZero": lambda value: f"{value:02}",
    "lowerLetter": _letter,
    "upperLetter": lambda value: _letter(value).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda value: _roman(value).upper(),
    "ordinal": _ordinal,
    "ordinalText": _word(_ORDINALS),
    "cardinalText": _word(_CARDINALS),
}


def numbered(value: int, kind: str) -> str:
    """A number in the format of that name; in digits where it is none of these."""
    return _FORMATS.get(kind, str)(value)
