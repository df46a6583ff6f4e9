"""Soft matching of words: how much of a request's words a tool's words mean, and the other way round.

BM25 asks whether a word is there; a vector of the whole text forgets which words were. Here every word of the
request looks for the word of the tool that is nearest to it in static vectors, and rare words count more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.lexical import STOP_WORDS, words
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.spelling import KnownWords, words_by_shape
from toolshed.kept_arrays import Arrays
from toolshed.rankings import SoftMatches
from toolshed.stored_texts import StoredTexts
from toolshed.types import ToolDefinition
from toolshed.vectors import Ragged, Vectors

# Below this cosine two words have nothing to do with each other.
_MIN_COSINE = np.float32(0.3)
_MAX_DESCRIPTION = 600
_MAX_WORDS = 60
_MAX_NAME_WORDS = 16
_MAX_QUERY_WORDS = 120
_MAX_ARGUMENTS, _MAX_ARGUMENT_WORDS = 24, 40
# The rest of a long description.
_MAX_FURTHER, _MAX_FURTHER_WORDS = 20_000, 200


@dataclass(frozen=True)
class WordTable:
    """The different words of tools as static vectors.

    Attributes:
        vocabulary: Row of each word, in the order in which tools have them.
        vectors: Static vector of each word.
        words: The words of each tool, those of its name first, and then those of its arguments, as rows.
        n_own: How many of them are no words of arguments.
        n_in_name: How many are words of its name.
    """

    vocabulary: Mapping[str, int]
    vectors: Vectors
    words: Ragged[np.int32]
    n_own: NDArray[np.int32]
    n_in_name: NDArray[np.int32]

    @classmethod
    def of(cls, tools: Iterable[ToolDefinition], encoder: StaticEncoder) -> "WordTable":
        """Read the words of tools."""
        rows: dict[str, int] = {}
        words, n_own, n_in_name = [], [], []
        for tool in tools:
            text = _tool_words(tool)
            every = (*text.words, *text.arguments)
            words.append(np.array([rows.setdefault(word, len(rows)) for word in every], np.int32))
            n_own.append(len(text.words))
            n_in_name.append(text.n_in_name)
        return cls(
            rows,
            encoder.encode_words(list(rows)),
            Ragged.of(words, np.empty(0, np.int32)),
            np.array(n_own, np.int32),
            np.array(n_in_name, np.int32),
        )

    @classmethod
    def read(cls, arrays: Arrays) -> "WordTable":
        """Read what :meth:`arrays` gave."""
        listed = StoredTexts(Ragged(arrays["vocabulary.starts"], arrays["vocabulary.values"]))
        return cls(
            {word: row for row, word in enumerate(listed)},
            arrays["vectors"],
            Ragged(arrays["words.starts"], arrays["words.values"]),
            arrays["n_own"],
            arrays["n_in_name"],
        )

    def share_used(self) -> float:
        """Share of the vocabulary that some tool has."""
        counts = np.bincount(self.words.values, minlength=len(self.vocabulary))
        return float(np.count_nonzero(counts) / max(len(counts), 1))

    def renewed(self, new: "WordTable", source: NDArray[np.int64]) -> "WordTable":
        """The table of tools that are taken from this one and another; see ``renewing.renewed_arrays``."""
        vocabulary = dict(self.vocabulary)
        rows = np.array([vocabulary.setdefault(word, len(vocabulary)) for word in new.vocabulary], np.int32)
        is_new = rows >= len(self.vocabulary)
        words = Ragged(
            np.concatenate([self.words.starts, new.words.starts[1:] + self.words.starts[-1]]),
            np.concatenate([self.words.values, rows[new.words.values]]),
        )
        return WordTable(
            vocabulary,
            np.concatenate([self.vectors, new.vectors[is_new]]),
            words.take(source),
            np.concatenate([self.n_own, new.n_own])[source],
            np.concatenate([self.n_in_name, new.n_in_name])[source],
        )

    def arrays(self) -> Arrays:
        """The table as arrays."""
        vocabulary = StoredTexts.of(self.vocabulary).encoded
        return {
            "vocabulary.starts": vocabulary.starts,
            "vocabulary.values": vocabulary.values,
            "vectors": self.vectors,
            "words.starts": self.words.starts,
            "words.values": self.words.values,
            "n_own": self.n_own,
            "n_in_name": self.n_in_name,
        }

    @cached_property
    def listed(self) -> Sequence[str]:
        """The words, by their rows."""
        return list(self.vocabulary)

    @cached_property
    def shapes(self) -> Mapping[tuple[str, int], tuple[str, ...]]:
        """The words of letters only, by first letter and length."""
        return words_by_shape(self.vocabulary)


class SoftWords:
    """The words of some tools, with their frequencies among these.

    Args:
        table: Words of tools.
        rows: The tools; None for all of the table.
        background: Where frequencies come from when the tools are only the candidates of more.
    """

    def __init__(
        self,
        table: WordTable,
        rows: NDArray[np.int64] | None = None,
        *,
        background: "SoftWords | None" = None,
    ) -> None:
        self._table = table
        self._rows = np.arange(len(table.words)) if rows is None else rows
        self._background = background
        self._n_tools = len(self._rows)
        words = table.words if rows is None else table.words.take(rows)
        places = np.arange(len(words.values)) - np.repeat(words.starts[:-1], words.lengths)
        is_own = places < np.repeat(table.n_own[self._rows], words.lengths)
        n_words = len(table.vocabulary)
        # The words that these tools have, ascending, and how many of the tools have each as one of their own.
        self._there = np.flatnonzero(np.bincount(words.values, minlength=n_words)).astype(np.int32)
        counts = np.bincount(words.values[is_own], minlength=n_words)[self._there]
        # Words that only arguments have are known by their number alone.
        self._idf = _idf(np.maximum(counts, 1), self._n_tools)

    def has(self, word: str) -> bool:
        """Whether one of the tools has a word."""
        return self._place(word) >= 0

    def _place(self, word: str) -> int:
        row = self._table.vocabulary.get(word, -1)
        if row < 0:
            return -1
        # Of the same type, or all of them are converted first.
        place = int(self._there.searchsorted(np.int32(row)))
        return place if place < len(self._there) and self._there[place] == row else -1

    @cached_property
    def known(self) -> KnownWords:
        """What slips of the keyboard are corrected by."""
        return self._background.known if self._background else KnownWords(_Rarities(self), _Shapes(self))

    @cached_property
    def first_places(self) -> NDArray[np.int64]:
        """Where each word of the table first stands among those of these tools, one after the other."""
        words = self._table.words.take(self._rows).values
        different, first = np.unique(words, return_index=True)
        places = np.full(len(self._table.vocabulary), len(words))
        places[different] = first
        return places

    def idf(self, word: str) -> float:
        """Rarity of a word; of one that no tool has, half of the highest: it may be a name or a slip."""
        if self._background is not None:
            return self._background.idf(word)
        place = self._place(word)
        return float(self._idf[place] if place >= 0 else 0.5 * np.log(self._n_tools + 1))

    def _rarities(self, words: Sequence[str]) -> Vectors:
        """The :meth:`idf` of each word."""
        if self._background is not None:
            return self._background._rarities(words)
        vocabulary, there = self._table.vocabulary, self._there
        rows = np.array([vocabulary.get(word, -1) for word in words], np.int32)
        found = np.full(len(rows), 0.5 * np.log(self._n_tools + 1))
        if len(there):
            places = np.minimum(there.searchsorted(rows), len(there) - 1)
            is_there = there[places] == rows
            found[is_there] = self._idf[places[is_there]]
        return found.astype(np.float32)

    def _weights(self, used: NDArray[np.int32]) -> Vectors:
        """Rarity of words that tools have, by their rows."""
        if self._background is not None:
            words = self._table.listed
            return np.array([self.idf(words[row]) for row in used.tolist()], np.float32)
        return self._idf[np.searchsorted(self._there, used)].astype(np.float32)

    def match(self, asked: "AskedWords", columns: NDArray[np.int64]) -> SoftMatches:
        """Match the request with these tools."""
        found = np.zeros((6, len(columns)), np.float32)
        table, chosen = self._table, self._rows[columns]
        words = table.words.take(chosen)
        if not len(asked.vectors) or not len(words.values):
            return SoftMatches(*found)
        used, where = in_order_of_appearance(words.values, len(table.vocabulary))
        cosines = asked.vectors @ table.vectors[used].T
        alike = np.maximum(cosines - _MIN_COSINE, 0) / (1 - _MIN_COSINE)
        by_word = alike[:, where]
        asked_weights = self._rarities(asked.words)
        asked_weights /= max(float(asked_weights.sum()), 1e-6)
        weights, best = self._weights(used)[where], by_word.max(axis=0)
        # The words of each tool: those of its name, the others of its own, those of its arguments.
        starts = words.starts[:-1]
        stretches = np.stack(
            [starts, starts + table.n_in_name[chosen], starts + table.n_own[chosen], words.starts[1:]], axis=1
        )
        named, further, argued = _by_stretch(np.maximum, by_word, stretches)
        own = np.maximum(named, further)
        meant, total = (_by_stretch(np.add, one, stretches) for one in (weights * best, weights))
        return SoftMatches(
            query=asked_weights @ own,
            query_in_name=asked_weights @ named,
            document=_share(meant[0] + meant[1], total[0] + total[1]),
            name=_share(meant[0], total[0]),
            query_in_arguments=asked_weights @ argued,
            query_anywhere=asked_weights @ np.maximum(own, argued),
        )


class _Rarities(Mapping[str, float]):
    """The words that some tools have, with how rare each is."""

    def __init__(self, words: SoftWords) -> None:
        self._words = words

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self._words.has(word)

    def __getitem__(self, word: str) -> float:
        if word not in self:
            raise KeyError(word)
        return self._words.idf(word)

    def __iter__(self) -> Iterator[str]:
        return (self._words._table.listed[row] for row in self._words._there.tolist())

    def __len__(self) -> int:
        return len(self._words._there)


class _Shapes(Mapping[tuple[str, int], tuple[str, ...]]):
    """The same words by first letter and length, in the order in which the tools have them."""

    def __init__(self, words: SoftWords) -> None:
        self._words = words

    def __getitem__(self, shape: tuple[str, int]) -> tuple[str, ...]:
        words = self._words
        first = words.first_places
        rows = words._table.vocabulary
        there = [word for word in words._table.shapes[shape] if words.has(word)]
        return tuple(sorted(there, key=lambda word: first[rows[word]]))

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self._words._table.shapes)

    def __len__(self) -> int:
        return len(self._words._table.shapes)


def in_order_of_appearance(
    rows: NDArray[np.int32], n_rows: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The different rows, and which of them each is: the same whatever else a vocabulary holds."""
    places = np.arange(len(rows))
    first = np.empty(n_rows, np.int64)
    # Of several values for one element the last one stays: read backwards, that of its first place.
    first[rows[::-1]] = places[::-1]
    first_place = first[rows]
    is_first = first_place == places
    return rows[is_first], (np.cumsum(is_first) - 1)[first_place]


def _by_stretch(reduce: np.ufunc, values: Vectors, bounds: NDArray[np.int64]) -> Sequence[Vectors]:
    """The values between neighbouring bounds as one, along the last axis; zero where there are none.

    Args:
        reduce: What makes them one.
        values: Not negative; those of one tool after those of another.
        bounds: ``[n_tools, n_stretches + 1]``, ascending.
    """
    # One more, for what begins at the end; of an empty stretch ``reduceat`` gives the value it begins at.
    padded = np.concatenate([values, np.zeros((*values.shape[:-1], 1), values.dtype)], axis=-1)
    begin, end = bounds[:, :-1], bounds[:, 1:]
    found = reduce.reduceat(padded, begin.ravel(), axis=-1).reshape(*values.shape[:-1], *begin.shape)
    return [found[..., at] * (end > begin)[:, at] for at in range(begin.shape[1])]


def _share(meant: Vectors, total: Vectors) -> Vectors:
    """Share of the weight of words that the request means."""
    return np.divide(meant, total, out=np.zeros_like(meant), where=total > 0)


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
