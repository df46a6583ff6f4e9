"""Counting the tokens of legal text, as fast as it is segmented."""

import re
from functools import lru_cache
from typing import Protocol

from tokenizers import Tokenizer

from toolshed.backbones.minilm import verified_tokenizer
from toolshed.errors import ConfigurationError

_WORD = re.compile(r"[A-Za-z0-9]+|[^\sA-Za-z0-9]")
# BERT drops these where Python sees white space: texts that hold them are counted by the tokenizer.
_ODD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85]")
_REMEMBERED = 200_000


class TokenCounter(Protocol):
    """Counts the tokens of a text, special tokens left out."""

    def count(self, text: str) -> int:
        """Number of tokens."""


class WordPieceCounter:
    """Exact counts of a BERT tokenizer, several times faster than it.

    BERT splits at white space and punctuation before anything else, so a text has as many tokens as
    its words together; the words of a language are few, and their counts are remembered.

    Args:
        tokenizer: A tokenizer with BERT's normaliser and pre-tokenizer.

    Raises:
        ConfigurationError: If the tokenizer is of another kind.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        if type(tokenizer.pre_tokenizer).__name__ != "BertPreTokenizer":
            raise ConfigurationError(
                "counts by word need a BERT tokenizer; for others, pass any object with count(text)"
            )
        self._tokenizer = tokenizer
        self._vocabulary = frozenset(tokenizer.get_vocab())
        self._lowers = bool(tokenizer.normalizer.lowercase)
        self._remembered = _Remembered(self._of_word)

    def count(self, text: str) -> int:
        """Number of tokens, special tokens left out."""
        remembered = self._remembered
        if _ODD.search(text):
            return self._exact(text)
        if text.isascii():
            return sum(map(remembered.__getitem__, _WORD.findall(text)))
        return sum(
            sum(map(remembered.__getitem__, _WORD.findall(word))) if word.isascii() else remembered[word]
            for word in text.split()
        )

    def _of_word(self, word: str) -> int:
        # Most words are in the vocabulary and are one token; the tokenizer need not be asked.
        if word.isascii() and (word.lower() if self._lowers else word) in self._vocabulary:
            return 1
        return self._exact(word)

    def _exact(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)


class _Remembered(dict[str, int]):
    def __init__(self, count: "_Count") -> None:
        super().__init__()
        self._count = count

    def __missing__(self, word: str) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[word] = found = self._count(word)
        return found


class _Count(Protocol):
    def __call__(self, text: str, /) -> int: ...


class CharacterCounter:
    """Characters for tokens: four to one, where no tokenizer is at hand."""

    def count(self, text: str) -> int:
        """A quarter of the characters, rounded up."""
        return -(-len(text) // 4)


@lru_cache(maxsize=1)
def default_counter() -> TokenCounter:
    """Counts as the default encoder does, or by characters where its vocabulary is not installed."""
    try:
        return WordPieceCounter(verified_tokenizer())
    except ConfigurationError:
        return CharacterCounter()
