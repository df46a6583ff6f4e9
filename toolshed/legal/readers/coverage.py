"""How much of a file's text a reader kept, counted apart from how it was put together."""

import re
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r"\w+")


def share_kept(file_text: Iterable[str], text: str) -> float:
    """Share of a file's words that are in the text that was read, each as often as it is there; 1 for none.

    Args:
        file_text: The file's text in pieces between which no word goes on.
        text: What was read.
    """
    there = Counter(word for piece in file_text for word in _WORD.findall(piece))
    found = Counter(_WORD.findall(text))
    n_words = there.total()
    return (there & found).total() / n_words if n_words else 1.0


def n_letters(text: str) -> int:
    """How many letters and digits a text has: what breaks at line ends is counted whole."""
    return sum(map(str.isalnum, text))
