"""Passages in the embedded engine, in a folder beside the tools."""

from pathlib import Path

import qdrant_edge as qe

from toolshed.knowledge_base.edge_shard import EdgeShard, ShardLayout
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


class EdgePassageStore(PassagePoints):
    """One folder, one process at a time; every method is durable when it returns.

    Args:
        folder: Where it is kept; created when it does not exist.
        manifest: What it is to be written with; an existing one must agree.

    Raises:
        KnowledgeBaseError: See :class:`~toolshed.knowledge_base.edge_shard.EdgeShard`.
    """

    def __init__(self, folder: str | Path, manifest: Manifest) -> None:
        super().__init__(EdgeShard(folder, manifest, _LAYOUT))

    def _point(self, record: PassageRecord) -> qe.Point:
        vectors = named_vectors(record, qe.SparseVector)
        return qe.Point(id=record.passage.passage_id, vector=vectors, payload=payload(record))

    def _filter(self, only: PassageFilter) -> qe.Filter:
        conditions = [qe.FieldCondition(field, match=qe.MatchAny(values)) for field, values in only.items()]
        return qe.Filter(must=[*conditions])

    def _request(self, query: PassageQuery, *, limit: int, only: qe.Filter | None) -> qe.QueryRequest:
        return qe.QueryRequest(
            limit=limit,
            query=qe.Query.Nearest(query_vector(query, qe.SparseVector), using=query.channel),
            filter=only,
            with_payload=["passage_id"],
            with_vector=False,
        )


def _config(manifest: Manifest) -> qe.EdgeConfig:
    sizes = {"static": manifest.static_dimension}
    if manifest.encoder is not None:
        sizes.update(dense=manifest.dimension, sentences=manifest.dimension)
    max_sim = qe.MultiVectorConfig(qe.MultiVectorComparator.MaxSim)
    return qe.EdgeConfig(
        vectors={
            name: qe.EdgeVectorParams(
                size=size,
                distance=qe.Distance.Dot,
                memory=qe.Memory.Cold,
                multivector_config=max_sim if name == "sentences" else None,
            )
            for name, size in sizes.items()
        },
        sparse_vectors={"words": qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)},
    )


_LAYOUT = ShardLayout(
    "shard",
    _config,
    {
        field: qe.PayloadSchemaType.Integer if is_number else qe.PayloadSchemaType.Keyword
        for field, is_number in INDEXED.items()
    },
)
