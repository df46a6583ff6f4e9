"""Passages in a collection of a Qdrant server."""

from collections.abc import Iterator, Sequence

from qdrant_client import models

from toolshed.backbones.embedding import Vectors
from toolshed.knowledge_base.passages import (
    INDEXED,
    SYNC_FIELDS,
    PassageFilter,
    PassageHit,
    PassageQuery,
    PassageRecord,
    StoredDocument,
    check_passages,
    documents_from,
    named_vectors,
    ordered_hits,
    passage_from,
    payload,
    query_vector,
    sentence_vectors_from,
)
from toolshed.knowledge_base.protocol import Manifest
from toolshed.knowledge_base.server_collection import ServerCollection, VectorsConfig
from toolshed.legal.documents import Passage


class ServerPassageStore:
    """One collection of a Qdrant server, shared by any number of processes.

    Args:
        url: ``http(s)://host:6333``.
        manifest: What it is to be written with; an existing collection must agree.
        api_key: Key of the server, if it wants one.
        collection: Name of the collection; created when it does not exist.

    Raises:
        KnowledgeBaseError: See :class:`~toolshed.knowledge_base.server_collection.ServerCollection`.
    """

    def __init__(
        self, url: str, manifest: Manifest, *, api_key: str | None = None, collection: str = "passages"
    ) -> None:
        self._points = ServerCollection(
            url,
            collection,
            manifest,
            vectors=_vectors_config,
            sparse=("words",),
            indexes={
                field: models.PayloadSchemaType.INTEGER if is_number else models.PayloadSchemaType.KEYWORD
                for field, is_number in INDEXED.items()
            },
            api_key=api_key,
        )

    @property
    def location(self) -> str:
        return self._points.location

    @property
    def manifest(self) -> Manifest:
        return self._points.manifest

    def upsert(self, records: Sequence[PassageRecord]) -> None:
        check_passages(records, self.manifest)
        self._points.upsert(
            [
                models.PointStruct(
                    id=record.passage.passage_id,
                    vector=named_vectors(record, models.SparseVector),
                    payload=payload(record),
                )
                for record in records
            ]
        )

    def delete(self, passage_ids: Sequence[str]) -> None:
        self._points.delete(passage_ids)

    def stored_documents(self) -> list[StoredDocument]:
        return documents_from(
            p.payload or {} for p in self._points.scroll(payload=SYNC_FIELDS, vectors=False)
        )

    def fetch(self, passage_ids: Sequence[str]) -> list[Passage]:
        points = self._points.retrieve(passage_ids, vectors=False)
        found = {passage.passage_id: passage for passage in (passage_from(p.payload) for p in points)}
        return [found[i] for i in passage_ids if i in found]

    def sentence_vectors(self, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        return sentence_vectors_from(self._points.retrieve(passage_ids))

    def select(self, only: PassageFilter) -> Iterator[Passage]:
        for point in self._points.scroll(payload=["passage"], vectors=False, only=_filter(only)):
            yield passage_from(point.payload)

    def search(
        self, queries: Sequence[PassageQuery], *, limit: int, only: PassageFilter | None = None
    ) -> list[list[PassageHit]]:
        requests = [
            models.QueryRequest(
                query=query_vector(query, models.SparseVector),
                using=query.channel,
                filter=_filter(only),
                limit=limit,
                with_payload=["passage_id"],
            )
            for query in queries
        ]
        return [
            ordered_hits([PassageHit((p.payload or {})["passage_id"], p.score) for p in points])
            for points in self._points.query(requests)
        ]

    def count(self) -> int:
        return self._points.count()

    def close(self) -> None:
        self._points.close()


def _filter(only: PassageFilter | None) -> models.Filter | None:
    if not only:
        return None
    return models.Filter(
        must=[
            models.FieldCondition(key=field, match=models.MatchAny(any=values))
            for field, values in only.items()
        ]
    )


def _vectors_config(manifest: Manifest) -> VectorsConfig:
    sizes = {"static": manifest.static_dimension}
    if manifest.encoder is not None:
        sizes.update(dense=manifest.dimension, sentences=manifest.dimension)
    max_sim = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
    return {
        name: models.VectorParams(
            size=size,
            distance=models.Distance.DOT,
            multivector_config=max_sim if name == "sentences" else None,
        )
        for name, size in sizes.items()
    }
