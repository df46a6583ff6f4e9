"""A linear model of sentence boundaries: the sum of a candidate's feature weights against a threshold.

The features (see :mod:`~toolshed.legal.boundary_features`) fall into groups that depend on little:
one token, two classes, a few lengths. Each group is scored once and remembered, so that a candidate
costs a handful of look-ups and legal text is read at millions of characters a second.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

from toolshed.legal.boundary_features import (
    Candidate,
    Lines,
    candidates,
    context_features,
    gap_group,
    last_mark,
    left_token,
    length_bucket,
    line_features,
    lines_around,
    neighbour,
    next_neighbour,
    pair_features,
    right_token,
    wrap_width,
)
from toolshed.types import Span

ModelName = Literal["decisions", "instruments", "romance"]
_WEIGHTS: Mapping[ModelName, str] = {
    "decisions": "boundary_weights.json",
    "instruments": "boundary_weights_instruments.json",
    "romance": "boundary_weights_romance.json",
}
# What one process remembers at most, per group; entries are a key and a float.
_MEMO = 32_768
_TOKEN_WINDOW = 48
_NAMES_A_PARTY = re.compile(
    r"\((?:(?:the|this|each|an?|hereinafter|together|collectively),?\s){0,2}[\"“][A-Z]"
)
# "au sens de l'art. L. 5000-2"
_NEEDS_A_NUMBER = re.compile(r"(?:(?<=\W)|^)[Aa]rts?\.$")
_NUMBER = re.compile(r"\d|[LRDA]\.\s?\d|[IVXLC]+\b")


class Description(NamedTuple):
    """A candidate as the model sees it, given the sentence it stands in.

    Attributes:
        left, before: The last token before the gap, and the one before it.
        right, after: The first token after the gap, and the one after it.
        gap: Kind of the gap.
        is_quoted: Whether the sentence has an open quotation.
        length: Bucket of the sentence's length so far.
        lines: The lines on both sides, where the gap is a line end.
    """

    left: str
    before: str
    right: str
    after: str
    gap: str
    is_quoted: bool
    length: str
    lines: Lines | None


class Reader:
    """Goes through the candidates of a text and describes them, sentence by sentence."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._width = wrap_width(text)
        self._counted = 0
        self.begin(len(text) - len(text.lstrip()))

    def begin(self, start: int) -> None:
        """Start a sentence at ``start``."""
        self.sentence = start
        self._n_quotes = 0

    def describe(self, candidate: Candidate) -> Description:
        """Describe the next candidate of the current sentence."""
        text, (end, start, gap) = self._text, candidate
        passed = text[max(self._counted, self.sentence) : end]
        self._n_quotes += passed.count('"') + passed.count("“") + passed.count("”")
        self._counted = end
        begin = max(self.sentence, end - _TOKEN_WINDOW)
        before = text[begin:end].rsplit(None, 2)
        after = text[start : start + _TOKEN_WINDOW].split(None, 2)
        # A token longer than the window is a word of some kind, not the start of the sentence.
        missing = "" if begin == self.sentence else "x"
        return Description(
            before[-1],
            before[-2] if len(before) > 1 else missing,
            after[0],
            after[1] if len(after) > 1 else "",
            gap,
            self._n_quotes % 2 == 1,
            length_bucket(end - self.sentence),
            lines_around(text, self.sentence, candidate, width=self._width) if gap in "npP" else None,
        )


def all_features(seen: Description) -> list[str]:
    """Every feature of a candidate; what the model is trained on."""
    left, right = left_token(seen.left), right_token(seen.right)
    gap, mark = gap_group(seen.gap), last_mark(seen.left)
    before, after = neighbour(seen.before), next_neighbour(seen.after)
    features = [
        *left.features,
        *right.features,
        *pair_features(left.kind, before, gap, right.kind, right.detail, right.opener, after),
        *context_features(gap, mark, right.kind, seen.is_quoted, seen.length),
    ]
    if seen.lines is not None:
        features += line_features(right.kind, seen.gap, mark, seen.lines)
    return features


class _Weights(dict[str, float]):
    def __missing__(self, feature: str) -> float:
        return 0.0


class BoundaryModel:
    """Scores boundary candidates; the score is the logarithm of the odds that a sentence ends there.

    Args:
        weights: Weight of each feature; features without one weigh nothing.
        bias: Added to every score.
    """

    def __init__(self, weights: Mapping[str, float], bias: float) -> None:
        self._bias = bias
        weight = _Weights(weights).__getitem__

        def total(features: tuple[str, ...]) -> float:
            return sum(map(weight, features))

        @lru_cache(_MEMO)
        def left(token: str) -> tuple[str, str, float]:
            found = left_token(token)
            return found.kind, last_mark(token), total(found.features)

        @lru_cache(_MEMO)
        def right(token: str) -> tuple[str, str, str, float]:
            found = right_token(token)
            return found.kind, found.detail, found.opener, total(found.features)

        @lru_cache(_MEMO)
        def pair(*sides: str) -> float:
            return total(pair_features(*sides))

        @lru_cache(_MEMO)
        def context(gap: str, mark: str, right: str, is_quoted: bool, length: str) -> float:
            return total(context_features(gap, mark, right, is_quoted, length))

        @lru_cache(_MEMO)
        def layout(right: str, gap: str, mark: str, lines: Lines) -> float:
            return total(line_features(right, gap, mark, lines))

        self._left, self._right, self._pair = left, right, pair
        self._context, self._layout = context, layout

    def score(self, seen: Description) -> float:
        """Logarithm of the odds that a sentence ends at the candidate."""
        token, before, next_token, after, gap, is_quoted, length, lines = seen
        left, mark, of_left = self._left(token)
        right, detail, opener, of_right = self._right(next_token)
        group = gap_group(gap)
        of_pair = self._pair(left, neighbour(before), group, right, detail, opener, next_neighbour(after))
        score = self._bias + of_left + of_right + of_pair
        score += self._context(group, mark, right, is_quoted, length)
        return score if lines is None else score + self._layout(right, gap, mark, lines)

    def spans(self, text: str, threshold: float) -> Iterator[Span]:
        """Tight spans of the sentences; a candidate is a boundary when its score exceeds the threshold."""
        reader = Reader(text)
        for candidate in candidates(text):
            if candidate.end <= reader.sentence or _goes_on(text, candidate):
                continue
            if self.score(reader.describe(candidate)) > threshold:
                yield reader.sentence, candidate.end
                reader.begin(candidate.start)
        end = len(text.rstrip())
        if end > reader.sentence:
            yield reader.sentence, end


def _goes_on(text: str, candidate: Candidate) -> bool:
    """Whether a sentence surely goes on: a name for a party, 'corp. ("Oakum")', or what "art." is before."""
    if candidate.gap not in " d":
        return False
    if text[candidate.start] == "(":
        return _NAMES_A_PARTY.match(text, candidate.start) is not None
    is_before = _NEEDS_A_NUMBER.search(text, max(0, candidate.end - 6), candidate.end) is not None
    return is_before and _NUMBER.match(text, candidate.start) is not None


def shipped_model(name: ModelName = "decisions") -> BoundaryModel:
    """A model that comes with Toolshed, with a memory of its own.

    ``instruments`` is for contracts, statutes and terms in English, ``romance`` for French, Italian,
    Portuguese and Spanish.

    ``python -m toolshed_evals.legal.training`` made its weights.
    """
    content = json.loads(_weights_file(name))
    scale = content["scale"]
    weights = {feature: weight / scale for feature, weight in content["weights"].items()}
    return BoundaryModel(weights, content["bias"] / scale)


@lru_cache(maxsize=1)
def weights_version() -> str:
    """A short hash of the shipped weights: other weights find other sentences."""
    return hashlib.sha256(b"".join(map(_weights_file, _WEIGHTS))).hexdigest()[:8]


def fitted_on(name: ModelName = "decisions") -> frozenset[str]:
    """Hashes of the texts that shipped weights were fitted on; scores on those say little."""
    return frozenset(json.loads(_weights_file(name))["fitted_on"])


def text_hash(text: str) -> str:
    """The hash a text is known by in the file of weights."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _weights_file(name: ModelName) -> bytes:
    return files("toolshed.legal").joinpath(_WEIGHTS[name]).read_bytes()
