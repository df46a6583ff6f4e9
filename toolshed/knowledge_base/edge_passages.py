"""Passages in the embedded engine, in a folder beside the tools."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import qdrant_edge as qe

from toolshed.backbones.embedding import Vectors
from toolshed.knowledge_base.edge_shard import EdgeShard, ShardLayout
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
from toolshed.legal.documents import Passage


class EdgePassageStore:
    """One folder, one process at a time; every method is durable when it returns.

    Args:
        folder: Where it is kept; created when it does not exist.
        manifest: What it is to be written with; an existing one must agree.

    Raises:
        KnowledgeBaseError: See :class:`~toolshed.knowledge_base.edge_shard.EdgeShard`.
    """

    def __init__(self, folder: str | Path, manifest: Manifest) -> None:
        self._shard = EdgeShard(folder, manifest, _LAYOUT)

    @property
    def location(self) -> str:
        return self._shard.location

    @property
    def manifest(self) -> Manifest:
        return self._shard.manifest

    def upsert(self, records: Sequence[PassageRecord]) -> None:
        check_passages(records, self.manifest)
        self._shard.upsert(
            [
                qe.Point(
                    id=record.passage.passage_id,
                    vector=named_vectors(record, qe.SparseVector),
                    payload=payload(record),
                )
                for record in records
            ]
        )

    def delete(self, passage_ids: Sequence[str]) -> None:
        self._shard.delete(passage_ids)

    def stored_documents(self) -> list[StoredDocument]:
        return documents_from(p.payload or {} for p in self._shard.scroll(payload=SYNC_FIELDS, vectors=False))

    def fetch(self, passage_ids: Sequence[str]) -> list[Passage]:
        points = self._shard.retrieve(passage_ids, vectors=False)
        found = {passage.passage_id: passage for passage in (passage_from(p.payload) for p in points)}
        return [found[i] for i in passage_ids if i in found]

    def sentence_vectors(self, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        return sentence_vectors_from(self._shard.retrieve(passage_ids))

    def select(self, only: PassageFilter) -> Iterator[Passage]:
        for point in self._shard.scroll(payload=["passage"], vectors=False, only=_filter(only)):
            yield passage_from(point.payload)

    def search(
        self, queries: Sequence[PassageQuery], *, limit: int, only: PassageFilter | None = None
    ) -> list[list[PassageHit]]:
        requests = [
            qe.QueryRequest(
                limit=limit,
                query=qe.Query.Nearest(query_vector(query, qe.SparseVector), using=query.channel),
                filter=_filter(only),
                with_payload=["passage_id"],
                with_vector=False,
            )
            for query in queries
        ]
        return [
            ordered_hits([PassageHit((p.payload or {})["passage_id"], p.score) for p in points])
            for points in self._shard.query(requests)
        ]

    def count(self) -> int:
        return self._shard.count()

    def close(self) -> None:
        self._shard.close()


def _filter(only: PassageFilter | None) -> qe.Filter | None:
    if not only:
        return None
    return qe.Filter(
        must=[qe.FieldCondition(field, match=qe.MatchAny(values)) for field, values in only.items()]
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
