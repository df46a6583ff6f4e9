"""Characters that a terminal acts on or that cannot be seen: named in errors, written out for people."""

import re
import unicodedata

_JOINERS = "\u200c\u200d"
# Controls (C0, DEL, C1), line and paragraph separators, marks of direction, lone surrogates, and what
# Unicode calls default ignorable; variation selectors stay, since half of all emoji end with one.
_CLASS = (
    "\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
# Persian and Indic words and joined emoji need the joiners, between two of their own characters only.
_OF_A_SCRIPT = "[^\x00-\x7f\u200b-\u206f]"
_JOINED = f"(?<={_OF_A_SCRIPT})[{_JOINERS}](?={_OF_A_SCRIPT})"
# What Python strips.
_BLANK = "\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# Lone surrogates do not stand in JSON that is UTF-8.
_SHOWN = _CLASS.replace("\ud800-\udfff", "")
# In the words of JSON Schema: a name that is not empty, all of which is seen; then, with blanks around it.
SEEN_ALONE = f"[^{_BLANK}{_SHOWN}](?:(?:[^{_SHOWN}]|{_JOINED})*[^{_BLANK}{_SHOWN}])?"
SEEN = f"[{_BLANK}]*{SEEN_ALONE}[{_BLANK}]*"
_HIDDEN = re.compile(f"(?!{_JOINED})[{_CLASS}]")


def hidden_character(text: str) -> str | None:
    """The first character of a name that nobody sees, such as ``U+202E RIGHT-TO-LEFT OVERRIDE``."""
    found = _HIDDEN.search(text)
    if found is None:
        return None
    return f"U+{ord(found[0]):04X} {unicodedata.name(found[0], '(a control character)')}"


def visible(text: str) -> str:
    r"""Text for a terminal: what it would act on or not show is written out, as ``\x1b`` or ``\u202e``.

    Line feeds and tabs stay.
    """
    return _HIDDEN.sub(_written_out, text.replace("\r\n", "\n"))


def visible_json(text: str) -> str:
    r"""JSON with the same value, in which such characters stand as ``\u202e`` inside the strings."""
    return _HIDDEN.sub(_as_json, text)


def _written_out(found: re.Match[str]) -> str:
    return found[0] if found[0] in "\n\t" else found[0].encode("unicode_escape").decode("ascii")


def _as_json(found: re.Match[str]) -> str:
    # Below a space only the layout is left: JSON escapes the others itself.
    if found[0] < " ":
        return found[0]
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
