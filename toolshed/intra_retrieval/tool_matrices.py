"""The tools of a catalog as arrays, one row a tool, ordered by tool id."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.postings import Postings
from toolshed.intra_retrieval.soft_words import WordTable
from toolshed.knowledge_base.store import Channel
from toolshed.knowledge_base.tools import TOOL_LAYOUT, ToolRecord
from toolshed.types import ToolDefinition
from toolshed.vectors import Ragged, Vectors
from toolshed.visibility import Visibility


class ToolMatrices:
    """What scoring reads of tools.

    Args:
        channels: The channels that they have vectors of.
        definitions: The tools, ordered by their ids.
        dense: Vectors of the channels of one vector a tool, ``[n_tools, dimension]``.
        multi: Those of the channels of several.
        sparse: Those of the sparse ones, inverted.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        definitions: Sequence[ToolDefinition],
        *,
        dense: Mapping[str, Vectors],
        multi: Mapping[str, Ragged[np.float32]],
        sparse: Mapping[str, Postings],
    ) -> None:
        self.channels = channels
        self.definitions = definitions
        self.dense, self.multi, self.sparse = dense, multi, sparse
        self.tool_ids = [tool.tool_id for tool in definitions]
        self._lock = threading.Lock()
        self._words: WordTable | None = None

    @classmethod
    def of(cls, records: Iterable[ToolRecord]) -> "ToolMatrices":
        """The matrices of records, at least one."""
        ordered = sorted(records, key=lambda record: record.tool_id)
        channels = [channel for channel in TOOL_LAYOUT.channels if channel.name in ordered[0].vectors]
        # Any: the kind of the channel says what its vectors are.
        vectors: dict[str, list[Any]] = {
            channel.name: [record.vectors[channel.name] for record in ordered] for channel in channels
        }
        by_kind = {
            kind: [channel.name for channel in channels if channel.kind == kind]
            for kind in ("dense", "multi", "sparse")
        }
        return cls(
            channels,
            [record.definition for record in ordered],
            dense={name: np.stack(vectors[name]) for name in by_kind["dense"]},
            multi={name: Ragged.of(vectors[name], vectors[name][0][:0]) for name in by_kind["multi"]},
            sparse={name: Postings.of(vectors[name]) for name in by_kind["sparse"]},
        )

    def __len__(self) -> int:
        return len(self.tool_ids)

    def words(self, encoder: StaticEncoder) -> WordTable:
        """The words of the tools, read when they are first needed."""
        with self._lock:
            if self._words is None:
                self._words = WordTable.of(self.definitions, encoder)
            return self._words

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

    @cached_property
    def _row(self) -> Mapping[str, int]:
        return {tool_id: row for row, tool_id in enumerate(self.tool_ids)}

    @cached_property
    def _rows_by_source(self) -> Mapping[str, NDArray[np.int64]]:
        rows: dict[str, list[int]] = {}
        for row, tool_id in enumerate(self.tool_ids):
            rows.setdefault(tool_id.partition(":")[0], []).append(row)
        return {source: np.array(own) for source, own in rows.items()}


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
