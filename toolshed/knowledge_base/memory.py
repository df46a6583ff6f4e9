"""A knowledge base in memory: exact, simple, the oracle of the contract suite."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from toolshed.knowledge_base.protocol import (
    ChannelQuery,
    Hit,
    Manifest,
    StoredTool,
    ToolRecord,
    check_records,
    ordered_hits,
)
from toolshed.vectors import SparseVector, Vectors


class MemoryKnowledgeBase:
    """Keeps records in a dictionary and scores all of them for every query."""

    location = "memory:"
    is_shared = False

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.revision = 0
        self._records: dict[str, ToolRecord] = {}

    def upsert(self, records: Sequence[ToolRecord]) -> None:
        check_records(records, self.manifest)
        self._records = {**self._records, **{record.tool_id: record for record in records}}
        self.revision += 1

    def delete(self, tool_ids: Sequence[str]) -> None:
        gone = set(tool_ids)
        self._records = {k: v for k, v in self._records.items() if k not in gone}
        self.revision += 1

    def stored_tools(self) -> list[StoredTool]:
        definitions = (record.definition for record in self._records.values())
        stored = [StoredTool(d.tool_id, d.source, d.content_hash) for d in definitions]
        return sorted(stored, key=lambda tool: tool.tool_id)

    def fetch(self, tool_ids: Sequence[str]) -> list[ToolRecord]:
        return [self._records[i] for i in tool_ids if i in self._records]

    def scan(self) -> Iterator[ToolRecord]:
        yield from tuple(self._records.values())

    def search(self, queries: Sequence[ChannelQuery], *, limit: int) -> list[list[Hit]]:
        return [self._search(query)[:limit] for query in queries]

    def _search(self, query: ChannelQuery) -> list[Hit]:
        if isinstance(query.vector, SparseVector):
            return ordered_hits([hit for hit in self._sparse_hits(query, query.vector) if hit.score > 0])
        return ordered_hits(self._dense_hits(query, query.vector))

    def _dense_hits(self, query: ChannelQuery, vector: Vectors) -> list[Hit]:
        hits = []
        for record in self._records.values():
            stored: Vectors | None = getattr(record, query.channel)
            if stored is not None and stored.size:
                hits.append(Hit(record.tool_id, float(np.max(np.atleast_2d(stored) @ vector))))
        return hits

    def _sparse_hits(self, query: ChannelQuery, vector: SparseVector) -> list[Hit]:
        stored = {k: getattr(v, query.channel) for k, v in self._records.items()}
        return [Hit(tool_id, score) for tool_id, score in sparse_scores(stored, vector).items()]

    def count(self) -> int:
        return len(self._records)

    def close(self) -> None:
        """Nothing to release."""


def sparse_scores(stored: Mapping[str, SparseVector], vector: SparseVector) -> dict[str, float]:
    """The product of each stored sparse vector with the query, weighed as Qdrant's ``Modifier.IDF`` does."""
    weights = dict(zip(vector.indices.tolist(), vector.values.tolist(), strict=True))
    n_documents = len(stored)
    frequency = {i: sum(bool((s.indices == i).any()) for s in stored.values()) for i in weights}
    idf = {i: np.log(1 + (n_documents - df + 0.5) / (df + 0.5)) for i, df in frequency.items()}
    return {
        key: float(
            sum(
                weights[i] * idf[i] * value
                for i, value in zip(s.indices.tolist(), s.values.tolist(), strict=True)
                if i in weights
            )
        )
        for key, s in stored.items()
    }
