"""The request inside a long text: pasted logs, code and documents are what it is about, not what it asks."""

import re
from collections.abc import Sequence

# Shorter ones, in fewer lines, are read as they are.
_MIN_CHARACTERS, _MIN_LINES = 1_200, 6
# Of a text that is longer than this only the beginning and the end are looked at.
_MAX_END = 10_000
# What is left of a long text to be encoded.
_MAX_FOCUS = 2_400
_LOG = re.compile(
    r"""^\s{0,40}(?:
        [\[(<]?\d{1,4}[-/:.]\d{1,2}[-/:.]\d{1,4} | [\[<(]\d | \d{6,}
      | (?:[A-Z][a-z]{2}\s{1,2}){1,2}\d{1,2}\s\d\d:\d\d
      | (?:\[?\s?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL)\b)
      | at\s[\w.$<>]+\( | File\s" | Traceback\b | Caused\sby: | >>>\s | [+\-@]{2,3}\s | \$\s | \#include | //
      | [A-Za-z0-9+/=]{60,} | ["']?[\w.\-]+["']?\s{0,3}[:=]\s{0,3}["'\d\[{]
      | [{}\[\]();,]+\s{0,4}$ | \S+\s\d{1,3}(?:\.\d{1,3}){3}\b
    )""",
    re.VERBOSE,
)
_LEVEL = re.compile(
    r"\b(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b|\b\d\d:\d\d:\d\d\b|\b0x[0-9a-f]{4,}\b"
)
_LETTERS = re.compile(r"[^\W\d_]")
# Less of a line's characters are letters where it is data.
_MIN_LETTERS = 0.55
_MIN_WORDS = 2


def focused(text: str) -> str:
    """The text without pasted data, or the text itself where it is short or nothing else is left."""
    if len(text) < _MIN_CHARACTERS and text.count("\n") < _MIN_LINES:
        return text
    looked_at = text if len(text) <= 2 * _MAX_END else f"{text[:_MAX_END]}\n{text[-_MAX_END:]}"
    lines = looked_at.splitlines()
    said = [line for line in lines if not _is_data(line)]
    # A long line of prose has the request in one of its ends as well.
    kept = said if sum(len(line.split()) for line in said) >= _MIN_WORDS else lines
    return _ends(kept)


def _is_data(line: str) -> bool:
    bare = line.strip()
    if not bare or _LOG.match(bare):
        return True
    if _LEVEL.search(bare[:200]):
        return True
    solid = bare[:400].replace(" ", "")
    return len(solid) > 12 and len(_LETTERS.findall(solid)) < _MIN_LETTERS * len(solid)


def _ends(lines: Sequence[str]) -> str:
    text = "\n".join(lines).strip()
    if len(text) <= _MAX_FOCUS:
        return text
    half = _MAX_FOCUS // 2
    return f"{_to_word(text[:half], from_end=True)}\n{_to_word(text[-half:], from_end=False)}"


def _to_word(text: str, *, from_end: bool) -> str:
    """Cut at the nearest white space, so that no word is halved."""
    if from_end:
        return text.rsplit(None, 1)[0] if len(text.split(None, 1)) > 1 else text
    return text.split(None, 1)[-1]
