"""Passages as Qdrant points: what the embedded engine and the server have in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from toolshed.documents import Passage
from toolshed.knowledge_base.passages import (
    SYNC_FIELDS,
    PassageFilter,
    PassageHit,
    PassageQuery,
    PassageRecord,
    StoredDocument,
    check_passages,
    documents_from,
    ordered_hits,
    passage_from,
    sentence_vectors_from,
)
from toolshed.knowledge_base.protocol import Manifest
from toolshed.vectors import Vectors


class PassagePoints(ABC):
    """A store of passages over points; each library adds its own points, filters and requests.

    Args:
        points: An :class:`~toolshed.knowledge_base.edge_shard.EdgeShard` or a
            :class:`~toolshed.knowledge_base.server_collection.ServerCollection`.
    """

    # Any, here and below: each library has its own classes for points, filters and requests.
    def __init__(self, points: Any) -> None:
        self._points = points

    @abstractmethod
    def _point(self, record: PassageRecord) -> Any: ...

    @abstractmethod
    def _filter(self, only: PassageFilter) -> Any: ...

    @abstractmethod
    def _request(self, query: PassageQuery, *, limit: int, only: Any) -> Any: ...

    @property
    def location(self) -> str:
        """See :class:`PassageStore`."""
        return str(self._points.location)

    @property
    def manifest(self) -> Manifest:
        """See :class:`PassageStore`."""
        manifest: Manifest = self._points.manifest
        return manifest

    def upsert(self, records: Sequence[PassageRecord]) -> None:
        """See :class:`PassageStore`."""
        check_passages(records, self.manifest)
        self._points.upsert([self._point(record) for record in records])

    def delete(self, passage_ids: Sequence[str]) -> None:
        """See :class:`PassageStore`."""
        self._points.delete(passage_ids)

    def stored_documents(self) -> list[StoredDocument]:
        """See :class:`PassageStore`."""
        return documents_from(
            point.payload for point in self._points.scroll(payload=SYNC_FIELDS, vectors=False)
        )

    def fetch(self, passage_ids: Sequence[str]) -> list[Passage]:
        """See :class:`PassageStore`."""
        points = self._points.retrieve(passage_ids, vectors=False)
        found = {passage.passage_id: passage for passage in (passage_from(p.payload) for p in points)}
        return [found[i] for i in passage_ids if i in found]

    def sentence_vectors(self, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        """See :class:`PassageStore`."""
        return sentence_vectors_from(self._points.retrieve(passage_ids))

    def select(self, only: PassageFilter) -> Iterator[Passage]:
        """See :class:`PassageStore`."""
        for point in self._points.scroll(payload=["passage"], vectors=False, only=self._filter(only)):
            yield passage_from(point.payload)

    def search(
        self, queries: Sequence[PassageQuery], *, limit: int, only: PassageFilter | None = None
    ) -> list[list[PassageHit]]:
        """See :class:`PassageStore`."""
        passing = self._filter(only) if only else None
        requests = [self._request(query, limit=limit, only=passing) for query in queries]
        return [
            ordered_hits([PassageHit(point.payload["passage_id"], point.score) for point in points])
            for points in self._points.query(requests)
        ]

    def count(self) -> int:
        """See :class:`PassageStore`."""
        return int(self._points.count())

    def close(self) -> None:
        """See :class:`PassageStore`."""
        self._points.close()
