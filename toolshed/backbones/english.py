"""What is English: its common words, and texts in it."""

import json
import re
from functools import cache, lru_cache
from typing import Any

from toolshed.backbones.minilm import weights_folder
from toolshed.errors import ConfigurationError

_WORD = re.compile(r"[^\W\d_]+")
_MAX_CHARACTERS = 2_000
# A larger share of letters of other alphabets is not that of a name.
_MAX_FOREIGN_LETTERS = 0.12
# The transformer's vocabulary is ordered by frequency: further down, names and words of other languages are
# as many as rare English ones.
_N_FREQUENT = 8_000
# Of 2,500 English requests 99 % have this share of frequent words and more, of 71 in other languages none.
_ENGLISH_SHARE = 0.6
# A language is another one if this is its probability, and that of English less than the other number.
# Misspelt requests, and texts of a word or two, show no language.
_MIN_PROBABILITY, _MAX_ENGLISH = 0.3, 0.05


def is_english(text: str) -> bool:
    """Whether a text is in English, or says too little to tell."""
    return _is_english(text[:_MAX_CHARACTERS])


# Several stages ask it of one request.
@lru_cache(maxsize=64)
def _is_english(text: str) -> bool:
    words = [word.lower() for word in _WORD.findall(text)]
    letters = "".join(words)
    if not letters:
        return True
    foreign = 0 if letters.isascii() else sum(not letter.isascii() for letter in letters)
    if foreign > _MAX_FOREIGN_LETTERS * len(letters):
        return False
    frequent = _frequent_words()
    if sum(word in frequent for word in words) >= _ENGLISH_SHARE * len(words):
        return True
    ranked: list[tuple[str, float]] = _identifier().rank(text)
    return ranked[0][1] < _MIN_PROBABILITY or dict(ranked)["en"] >= _MAX_ENGLISH


@cache
def common_words() -> frozenset[str]:
    """The whole words of the transformer's vocabulary; none where it is not installed."""
    return frozenset(word for word in _vocabulary() if len(word) > 2 and word.isascii() and word.isalpha())


@cache
def _frequent_words() -> frozenset[str]:
    """The more frequent of them, and those of one letter or two."""
    rows = _vocabulary().items()
    frequent = {word for word, row in rows if row < _N_FREQUENT and len(word) > 1 and word.isalpha()}
    return frozenset({*frequent, "a", "i"}) if frequent else frozenset()


@cache
def _vocabulary() -> dict[str, int]:
    try:
        path = weights_folder() / "tokenizer.json"
        vocabulary: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    except (ConfigurationError, OSError, ValueError, KeyError):
        return {}
    return vocabulary


@cache
def _identifier() -> Any:
    # Only once a text is no English at first sight: it takes memory, and time.
    from toolshed.backbones.language_identifier import language_identifier

    return language_identifier()
