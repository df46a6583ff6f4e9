"""How much a sentence reads like those that order a model about, whatever words it takes for it.

Rules know the words of attacks that were reported. Beside them stands a logistic regression over a sentence's
words, pairs and triples of words, parts of words (hashed, Weinberger et al., ICML 2009) and its mean word
vector, fitted by ``python -m toolshed_evals.fitting.wordings`` on sentences that we wrote and on the catalogs
of development. No transformer: some 0.2 ms a sentence.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from toolshed.backbones.static import shared_static
from toolshed.safety.plain_text import undisguised, without_accents
from toolshed.vectors import Vectors

WEIGHTS = Path(__file__).with_name("learned_wordings.npz")
# Hashed words and parts of words.
N_WORDS, N_PARTS = 2**14, 2**15
_ENDS = re.compile(r"(?<=[.!?;:])\s+|\n+")
_WORD = re.compile(r"[a-z0-9]+")
# What is shorter orders nothing; of what is longer, so many characters are a sentence.
_FEWEST_CHARACTERS, _MOST_CHARACTERS = 16, 400
_LONGEST_PHRASE = 3
_PART_LENGTHS = (4, 5)


def sentences_of(text: str) -> Iterator[str]:
    """The sentences of a text, long ones in pieces; those of a word or two are left out."""
    for sentence in _ENDS.split(text):
        for start in range(0, len(sentence), _MOST_CHARACTERS):
            piece = sentence[start : start + _MOST_CHARACTERS].strip()
            if len(piece) >= _FEWEST_CHARACTERS:
                yield piece


def hashed_features(sentence: str) -> list[int]:
    """The numbers of a sentence's features, each once."""
    words = _WORD.findall(without_accents(undisguised(sentence)).lower())
    plain = ["^", *("0" if word.isdigit() else word for word in words), "$"]
    found = {
        zlib.crc32(" ".join(plain[at : at + length]).encode()) % N_WORDS
        for length in range(1, _LONGEST_PHRASE + 1)
        for at in range(len(plain) - length + 1)
    }
    for word in plain[1:-1]:
        bounded = f"<{word}>"
        found |= {
            N_WORDS + zlib.crc32(bounded[at : at + length].encode()) % N_PARTS
            for length in _PART_LENGTHS
            for at in range(len(bounded) - length + 1)
        }
    return sorted(found)


def mean_vectors(sentences: Sequence[str]) -> Vectors:
    """The mean word vectors of sentences; float32 ``[len(sentences), 256]``."""
    return shared_static().encode([undisguised(one) for one in sentences])


@dataclass(frozen=True, slots=True)
class LearnedWordings:
    """The fitted weights.

    Attributes:
        hashed: float32 ``[N_WORDS + N_PARTS]``, of :func:`hashed_features`.
        vector: float32 ``[256]``, of :func:`mean_vectors`.
        bias: Log odds of a sentence without features.
        threshold: Log odds from which a sentence is told; see ``docs/safety.md`` for how it was set.
    """

    hashed: Vectors
    vector: Vectors
    bias: float
    threshold: float

    def log_odds(self, sentences: Sequence[str]) -> Vectors:
        """How much each sentence reads like an order to a model."""
        if not sentences:
            return np.zeros(0, np.float32)
        sums = []
        for one in sentences:
            features = hashed_features(one)
            sums.append(float(self.hashed[features].sum()) / max(1.0, len(features)) ** 0.5)
        return np.array(sums, np.float32) + mean_vectors(sentences) @ self.vector + np.float32(self.bias)

    def told_of(self, text: str) -> str | None:
        """The sentence of a text that reads most like such an order; None where none does.

        Lines are read each by itself and as one text: an order may be wrapped, in lines of a word or two.
        """
        lines = [line.strip() for line in text.splitlines()]
        unwrapped = sentences_of(" ".join(lines)) if len(lines) > 1 else ()
        sentences = list(dict.fromkeys([*sentences_of(text), *unwrapped]))
        odds = self.log_odds(sentences)
        return sentences[int(odds.argmax())] if len(odds) and odds.max() > self.threshold else None


@cache
def learned_wordings() -> LearnedWordings:
    """The weights that ship."""
    with np.load(WEIGHTS) as kept:
        return LearnedWordings(
            kept["hashed"].astype(np.float32),
            kept["vector"].astype(np.float32),
            float(kept["bias"]),
            float(kept["threshold"]),
        )
