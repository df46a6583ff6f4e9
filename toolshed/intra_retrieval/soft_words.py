"""Soft matching of words: how much of a request's words a tool's words mean, and the other way round.

BM25 asks whether a word is there; a vector of the whole text forgets which words were. Here every word of the
request looks for the word of the tool that is nearest to it in static vectors, and rare words count more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.lexical import STOP_WORDS, words
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.spelling import KnownWords
from toolshed.rankings import SoftMatches
from toolshed.types import ToolDefinition
from toolshed.vectors import Vectors

# Below this cosine two words have nothing to do with each other.
_MIN_COSINE = np.float32(0.3)
_MAX_DESCRIPTION = 600
_MAX_WORDS = 60
_MAX_NAME_WORDS = 16
_MAX_QUERY_WORDS = 120
_MAX_ARGUMENTS, _MAX_ARGUMENT_WORDS = 24, 40
# The rest of a long description.
_MAX_FURTHER, _MAX_FURTHER_WORDS = 20_000, 200


class SoftWords:
    """The words of a set of tools as static vectors, with their frequencies.

    Args:
        tools: The tools.
        encoder: What their words are encoded with.
        background: Where frequencies come from when the tools are only the candidates of more.
    """

    def __init__(
        self,
        tools: Sequence[ToolDefinition],
        encoder: StaticEncoder,
        *,
        background: "SoftWords | None" = None,
    ) -> None:
        texts = [_tool_words(tool) for tool in tools]
        every = dict.fromkeys(word for text in texts for word in (*text.words, *text.arguments))
        rows = {word: row for row, word in enumerate(every)}
        self._rows = [np.array([rows[word] for word in text.words], np.int32) for text in texts]
        self._argument_rows = [np.array([rows[w] for w in text.arguments], np.int32) for text in texts]
        self._n_in_name = np.array([text.n_in_name for text in texts], np.int64)
        self._vectors = encoder.encode_words(list(rows))
        if background is None:
            self._n_tools = len(tools)
            owned = np.concatenate([np.empty(0, np.int32), *self._rows])
            counts = np.bincount(owned, minlength=len(rows))
            # Words that only arguments have are known by their number alone.
            self._idf = dict(zip(rows, _idf(np.maximum(counts, 1), len(tools)).tolist(), strict=True))
        else:
            self._n_tools, self._idf = background._n_tools, background._idf
        self._weights = np.array([self.idf(word) for word in rows], np.float32)
        # What slips of the keyboard are corrected by.
        self.known: KnownWords = KnownWords.of(self._idf) if background is None else background.known

    def idf(self, word: str) -> float:
        """Rarity of a word; of one that no tool has, half of the highest: it may be a name or a slip."""
        known = self._idf.get(word)
        return 0.5 * float(np.log(self._n_tools + 1)) if known is None else known

    def match(self, asked: "AskedWords", columns: NDArray[np.int64]) -> SoftMatches:
        """Match the request with these tools."""
        found = np.zeros((6, len(columns)), np.float32)
        if not len(asked.vectors) or not len(self._vectors):
            return SoftMatches(*found)
        rows = [np.append(self._rows[column], self._argument_rows[column]) for column in columns]
        used, positions = np.unique(np.concatenate(rows), return_inverse=True)
        cosines = asked.vectors @ self._vectors[used].T
        alike = np.maximum(cosines - _MIN_COSINE, 0) / (1 - _MIN_COSINE)
        asked_weights = np.array([self.idf(word) for word in asked.words], np.float32)
        asked_weights /= max(float(asked_weights.sum()), 1e-6)
        weights, best = self._weights[used], alike.max(axis=0)
        start = 0
        for at, column in enumerate(columns):
            where = positions[start : start + len(rows[at])]
            start += len(rows[at])
            n_words, n_in_name = len(self._rows[column]), self._n_in_name[column]
            own, named = where[:n_words], where[:n_in_name]
            found[0, at] = _meant(alike, own, asked_weights)
            found[1, at] = _meant(alike, named, asked_weights)
            found[2, at] = _share(best, own, weights)
            found[3, at] = _share(best, named, weights)
            found[4, at] = _meant(alike, where[n_words:], asked_weights)
            found[5, at] = _meant(alike, where, asked_weights)
        return SoftMatches(*found)


def _meant(alike: Vectors, words: NDArray[np.int64], asked_weights: Vectors) -> float:
    """Share of the request's words that some of these words means."""
    return float(asked_weights @ alike[:, words].max(axis=1)) if len(words) else 0.0


def _share(best: Vectors, words: NDArray[np.int64], weights: Vectors) -> float:
    """Share of these words that the request means."""
    total = float(weights[words].sum())
    return float((weights[words] * best[words]).sum()) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class AskedWords:
    """The content words of a request and their static vectors, one row a word."""

    words: Sequence[str]
    vectors: Vectors

    @classmethod
    def of(cls, text: str, encoder: StaticEncoder) -> "AskedWords":
        """Read a request."""
        found = _content_words(text, _MAX_QUERY_WORDS)
        return cls(found, encoder.encode_words(found))


@dataclass(frozen=True, slots=True)
class _ToolWords:
    """The different words of a tool, those of its name first; and those of what offers it, of its arguments
    and of the rest of a long description."""

    words: list[str]
    n_in_name: int
    arguments: list[str]


def _tool_words(tool: ToolDefinition) -> _ToolWords:
    path = tool.annotations.get("path", "")
    named = _content_words(f"{tool.name} {tool.title} {path}", _MAX_NAME_WORDS)
    described = _content_words(tool.description[:_MAX_DESCRIPTION], _MAX_WORDS)
    own = list(dict.fromkeys([*named, *described]))[:_MAX_WORDS]
    argued = _content_words(" ".join(_argument_texts(tool)), _MAX_ARGUMENT_WORDS)
    further = _content_words(tool.description[_MAX_DESCRIPTION:_MAX_FURTHER], _MAX_FURTHER_WORDS)
    offered_by = _content_words(" ".join((tool.service, *tool.tags[:8])), _MAX_NAME_WORDS)
    return _ToolWords(own, len(named), list(dict.fromkeys([*offered_by, *argued, *further])))


def _argument_texts(tool: ToolDefinition) -> Iterator[str]:
    """Names and choices first: descriptions repeat what the tool's own says."""
    properties = tool.parameters.get("properties")
    arguments = list(properties.items())[:_MAX_ARGUMENTS] if isinstance(properties, dict) else []
    schemas = [schema for _, schema in arguments if isinstance(schema, dict)]
    yield from (str(name) for name, _ in arguments)
    for schema in schemas:
        choices = schema.get("enum")
        yield from (str(choice) for choice in choices[:12]) if isinstance(choices, list) else ()
    yield from (str(schema.get("description", ""))[:200] for schema in schemas)


def _content_words(text: str, most: int) -> list[str]:
    different = dict.fromkeys(word for word in words(text) if word not in STOP_WORDS)
    return list(different)[:most]


def _idf(counts: NDArray[np.int64], n_tools: int) -> NDArray[np.float64]:
    return np.asarray(np.log(1 + (n_tools - counts + 0.5) / (counts + 0.5)))
