"""The tools of a catalog as arrays, one row a tool, ordered by tool id."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.postings import Postings
from toolshed.intra_retrieval.reading_tools import arrays_of
from toolshed.intra_retrieval.renewing import renewed_arrays
from toolshed.intra_retrieval.soft_words import WordTable
from toolshed.intra_retrieval.verbs import OPERATIONS, operations_of
from toolshed.kept_arrays import Arrays, KeptArrays
from toolshed.knowledge_base.store import Channel
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolRecord, definition_of
from toolshed.stored_texts import StoredTexts
from toolshed.types import ToolDefinition
from toolshed.vectors import CompactVectors, Ragged, Vectors
from toolshed.visibility import Visibility

# Definitions that are kept as objects, some 3 KB each.
_READ_DEFINITIONS = 4_096
_WORDS = "words"
_UNREAD = -1


class ToolMatrices:
    """What scoring reads of tools.

    Args:
        arrays: See :mod:`toolshed.intra_retrieval.reading_tools`, which makes them.
        kept: Where the words of the tools are kept too, if anywhere.
    """

    def __init__(self, arrays: Arrays, kept: KeptArrays | None = None) -> None:
        self.arrays, self._kept = arrays, kept
        self.tool_ids = StoredTexts(Ragged(arrays["tool_ids.starts"], arrays["tool_ids.values"]))
        self.definitions: Sequence[ToolDefinition] = StoredDefinitions(
            StoredTexts(Ragged(arrays["definitions.starts"], arrays["definitions.values"]))
        )
        self.channels = [one for one in TOOL_LAYOUT.channels if f"{one.name}.{_first(one)}" in arrays]
        self._lock = threading.Lock()
        self._words: WordTable | None = None
        # What reads the words where most of them are known already.
        self._known_words: Callable[[StaticEncoder], WordTable] | None = None

    def renewed(self, changed: Collection[str], records: Sequence[ToolRecord]) -> "ToolMatrices | None":
        """The matrices after some tools changed; None where no tool is left.

        Args:
            changed: Ids of the tools that were written or removed.
            records: Those of them that are there now.
        """
        stays = np.setdiff1d(np.arange(len(self)), [self._row[one] for one in changed if one in self._row])
        new = arrays_of(records)
        if new is None:
            new = {name: _nothing(name, array) for name, array in self.arrays.items()}
        came = ToolMatrices(new)
        if not len(stays) + len(came):
            return None
        source = np.concatenate([stays, len(self) + np.arange(len(came))])
        ids = [*(self.tool_ids[row] for row in stays.tolist()), *came.tool_ids]
        source = source[sorted(range(len(ids)), key=ids.__getitem__)]
        renewed = ToolMatrices(renewed_arrays(self.arrays, new, source))
        with self._lock:
            words = self._words
        if words is not None:
            renewed._known_words = lambda encoder: words.renewed(came.words(encoder), source)
        return renewed

    def __len__(self) -> int:
        return len(self.tool_ids)

    @property
    def is_enhanced(self) -> NDArray[np.bool_]:
        """Whether something was written of each tool besides; of none, where that was not kept yet."""
        kept = self.arrays.get("is_enhanced")
        return np.zeros(len(self), dtype=bool) if kept is None else kept.astype(bool)

    def dense(self, channel: str) -> CompactVectors:
        """The vectors of a channel of one vector a tool, or those of one of several, one after the other."""
        return CompactVectors(self.arrays[f"{channel}.numbers"], self.arrays[f"{channel}.scales"])

    def starts(self, channel: str) -> NDArray[np.int64]:
        """Where those of each tool begin, on a channel of several, and where the last ones end."""
        return self.arrays[f"{channel}.starts"]

    def spread(self, channel: str) -> tuple[Vectors, Vectors]:
        """Mean and covariance of the vectors of a view."""
        return self.arrays[f"{channel}.mean"], self.arrays[f"{channel}.covariance"]

    def sparse(self, channel: str) -> Postings:
        """Which tools have each term."""
        terms, starts, owners, weights = (
            self.arrays[f"{channel}.{name}"] for name in ("terms", "starts", "owners", "weights")
        )
        return Postings(len(self), terms, starts, owners, weights)

    def words(self, encoder: StaticEncoder) -> WordTable:
        """The words of the tools, read when they are first needed."""
        with self._lock:
            if self._words is None and self._known_words is not None:
                renewed, self._known_words = self._known_words(encoder), None
                # Words that no tool has any more are carried along, up to as many as there are others.
                self._words = renewed if renewed.share_used() > 0.5 else None
            if self._words is None:
                kept = self._kept.read(_WORDS) if self._kept else None
                self._words = (
                    WordTable.of(self.definitions, encoder) if kept is None else WordTable.read(kept)
                )
                if kept is None and self._kept:
                    self._kept.write(_WORDS, self._words.arrays())
            return self._words

    def operations(self, rows: NDArray[np.int64]) -> NDArray[np.int16]:
        """What tools do; where that was not kept yet, read once of each."""
        kept = self.arrays.get(OPERATIONS)
        if kept is not None:
            return np.asarray(kept[rows])
        for row in rows[self._operations[rows] == _UNREAD].tolist():
            self._operations[row] = operations_of(self.definitions[row])
        return np.asarray(self._operations[rows])

    @cached_property
    def _operations(self) -> NDArray[np.int16]:
        return np.full(len(self), _UNREAD, np.int16)

    @property
    def sources(self) -> frozenset[str]:
        """The sources that the tools came from."""
        return frozenset(self._rows_by_source)

    def rows_of(self, visible: Visibility) -> NDArray[np.int64]:
        """The rows of the tools that may be found, ascending."""
        is_visible = np.zeros(len(self), dtype=bool)
        for source in visible.sources or ():
            is_visible[self._rows_by_source.get(source, [])] = True
        is_visible[[self._row[tool_id] for tool_id in visible.tool_ids if tool_id in self._row]] = True
        return np.flatnonzero(is_visible)

    def rows_of_ids(self, tool_ids: Sequence[str]) -> NDArray[np.int64]:
        """The rows of tools; -1 of one that is not among them."""
        return np.array([self._row.get(tool_id, -1) for tool_id in tool_ids], np.int64)

    @cached_property
    def _row(self) -> Mapping[str, int]:
        return {tool_id: row for row, tool_id in enumerate(self.tool_ids)}

    @cached_property
    def _rows_by_source(self) -> Mapping[str, NDArray[np.int64]]:
        rows: dict[str, list[int]] = {}
        for row, tool_id in enumerate(self.tool_ids):
            rows.setdefault(tool_id.partition(":")[0], []).append(row)
        return {source: np.array(own) for source, own in rows.items()}


def _nothing(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """An array of no tool, in the form of one."""
    return array[:1] if name.endswith(".starts") else array[:0]


def _first(channel: Channel) -> str:
    return "terms" if channel.kind == "sparse" else "numbers"


class StoredDefinitions(Sequence[ToolDefinition]):
    """Definitions that are read from JSON when they are asked for."""

    def __init__(self, texts: StoredTexts) -> None:
        self._texts = texts
        self._read = lru_cache(maxsize=_READ_DEFINITIONS)(lambda row: definition_of(texts[row]))

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, at: int) -> ToolDefinition: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[ToolDefinition]: ...
    def __getitem__(self, at: int | slice) -> ToolDefinition | Sequence[ToolDefinition]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return self._read(at)


class ChosenTools(Sequence[ToolDefinition]):
    """Some of the tools, by their rows."""

    def __init__(self, tools: Sequence[ToolDefinition], rows: NDArray[np.int64]) -> None:
        self._tools, self._rows = tools, rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> ToolDefinition: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[ToolDefinition]: ...
    def __getitem__(self, at: int | slice) -> ToolDefinition | Sequence[ToolDefinition]:
        if isinstance(at, slice):
            return ChosenTools(self._tools, self._rows[at])
        return self._tools[int(self._rows[at])]
