"""Passages in a collection of a Qdrant server."""

from qdrant_client import models

from toolshed.knowledge_base.passage_points import PassagePoints
from toolshed.knowledge_base.passages import (
    INDEXED,
    PassageFilter,
    PassageQuery,
    PassageRecord,
    named_vectors,
    payload,
    query_vector,
)
from toolshed.knowledge_base.protocol import Manifest
from toolshed.knowledge_base.server_collection import ServerCollection, VectorsConfig


class ServerPassageStore(PassagePoints):
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
        super().__init__(
            ServerCollection(
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
        )

    def _point(self, record: PassageRecord) -> models.PointStruct:
        vectors = named_vectors(record, models.SparseVector)
        return models.PointStruct(id=record.passage.passage_id, vector=vectors, payload=payload(record))

    def _filter(self, only: PassageFilter) -> models.Filter:
        conditions = [
            models.FieldCondition(key=field, match=models.MatchAny(any=values))
            for field, values in only.items()
        ]
        return models.Filter(must=[*conditions])

    def _request(self, query: PassageQuery, *, limit: int, only: models.Filter | None) -> models.QueryRequest:
        return models.QueryRequest(
            query=query_vector(query, models.SparseVector),
            using=query.channel,
            filter=only,
            limit=limit,
            with_payload=["passage_id"],
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
