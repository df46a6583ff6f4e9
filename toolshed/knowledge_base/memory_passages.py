"""Passages in memory: exact, simple, the oracle of the contract suite."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from toolshed.documents import Passage
from toolshed.knowledge_base.memory import sparse_scores
from toolshed.knowledge_base.passages import (
    PassageFilter,
    PassageHit,
    PassageQuery,
    PassageRecord,
    StoredDocument,
    check_passages,
    documents_from,
    ordered_hits,
    passage_from,
    payload,
)
from toolshed.knowledge_base.protocol import Manifest
from toolshed.vectors import SparseVector, Vectors


class MemoryPassageStore:
    """Keeps records in a dictionary and scores all that pass the filter for every query."""

    location = "memory:"

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self._records: dict[str, PassageRecord] = {}

    def upsert(self, records: Sequence[PassageRecord]) -> None:
        check_passages(records, self.manifest)
        self._records = {**self._records, **{record.passage.passage_id: record for record in records}}

    def delete(self, passage_ids: Sequence[str]) -> None:
        gone = set(passage_ids)
        self._records = {k: v for k, v in self._records.items() if k not in gone}

    def stored_documents(self) -> list[StoredDocument]:
        return documents_from(payload(record) for record in self._records.values())

    def fetch(self, passage_ids: Sequence[str]) -> list[Passage]:
        return [_as_stored(self._records[i]) for i in passage_ids if i in self._records]

    def sentence_vectors(self, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        found = {i: self._records[i].sentences for i in passage_ids if i in self._records}
        return {i: vectors for i, vectors in found.items() if vectors is not None}

    def select(self, only: PassageFilter) -> Iterator[Passage]:
        yield from (_as_stored(record) for record in self._passing(only).values())

    def search(
        self, queries: Sequence[PassageQuery], *, limit: int, only: PassageFilter | None = None
    ) -> list[list[PassageHit]]:
        passing = self._passing(only)
        return [self._search(query, passing)[:limit] for query in queries]

    def _search(self, query: PassageQuery, passing: dict[str, PassageRecord]) -> list[PassageHit]:
        if isinstance(query.vector, SparseVector):
            stored = {k: record.words for k, record in self._records.items()}
            scores = sparse_scores(stored, query.vector)
            hits = [PassageHit(k, score) for k, score in scores.items() if score > 0 and k in passing]
        else:
            hits = [
                PassageHit(k, float(np.max(np.atleast_2d(vector) @ query.vector)))
                for k, record in passing.items()
                for vector in _vectors(record, query.channel)
            ]
        return ordered_hits(hits)

    def _passing(self, only: PassageFilter | None) -> dict[str, PassageRecord]:
        return {k: record for k, record in self._records.items() if _passes(payload(record), only or {})}

    def count(self) -> int:
        return len(self._records)

    def close(self) -> None:
        """Nothing to release."""


def _as_stored(record: PassageRecord) -> Passage:
    return passage_from(payload(record))


def _vectors(record: PassageRecord, channel: str) -> Iterator[Vectors]:
    vector: Vectors | None = getattr(record, channel)
    if vector is not None:
        yield vector


def _passes(stored: dict[str, Any], only: PassageFilter) -> bool:
    for field, values in only.items():
        has = stored[field] if isinstance(stored[field], list) else [stored[field]]
        if not set(has) & set(values):
            return False
    return True
