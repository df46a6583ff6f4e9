"""The embedded knowledge base: Qdrant's own engine in this process (``qdrant-edge-py``)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import qdrant_edge as qe

from toolshed.knowledge_base.edge_shard import EdgeShard, ShardLayout
from toolshed.knowledge_base.points import (
    SYNC_FIELDS,
    dense_channels,
    named_vectors,
    payload,
    query_vector,
    record_from,
)
from toolshed.knowledge_base.protocol import (
    MULTI_VECTOR_CHANNELS,
    ChannelQuery,
    Hit,
    Manifest,
    StoredTool,
    ToolRecord,
    check_records,
    ordered_hits,
    point_id,
)


class EdgeKnowledgeBase:
    """One folder, one process at a time; every method is durable when it returns.

    Args:
        folder: Where it is kept; created when it does not exist.
        manifest: What it is to be written with; an existing one must agree.

    Raises:
        KnowledgeBaseBusyError: If another process, or another handle, has the folder open.
        KnowledgeBaseMismatchError: If it was written with another encoder or schema.
        KnowledgeBaseError: If the folder holds something else, or is damaged.
    """

    is_shared = False

    def __init__(self, folder: str | Path, manifest: Manifest) -> None:
        self._shard = EdgeShard(folder, manifest, _LAYOUT)

    @property
    def location(self) -> str:
        return self._shard.location

    @property
    def manifest(self) -> Manifest:
        return self._shard.manifest

    @property
    def revision(self) -> int:
        return self._shard.revision

    def upsert(self, records: Sequence[ToolRecord]) -> None:
        check_records(records, self.manifest)
        self._shard.upsert(
            [
                qe.Point(
                    id=point_id(record.tool_id),
                    vector=named_vectors(record, qe.SparseVector),
                    payload=payload(record.definition),
                )
                for record in records
            ]
        )

    def delete(self, tool_ids: Sequence[str]) -> None:
        self._shard.delete([point_id(i) for i in tool_ids])

    def stored_tools(self) -> list[StoredTool]:
        payloads = (record.payload or {} for record in self._shard.scroll(payload=SYNC_FIELDS, vectors=False))
        stored = [StoredTool(p["tool_id"], p["source"], p["content_hash"]) for p in payloads]
        return sorted(stored, key=lambda tool: tool.tool_id)

    def fetch(self, tool_ids: Sequence[str]) -> list[ToolRecord]:
        points = self._shard.retrieve([point_id(i) for i in tool_ids])
        found = {record.tool_id: record for p in points for record in [record_from(p.payload, p.vector)]}
        return [found[i] for i in tool_ids if i in found]

    def scan(self) -> Iterator[ToolRecord]:
        for point in self._shard.scroll(payload=True, vectors=True):
            yield record_from(point.payload, point.vector)

    def search(self, queries: Sequence[ChannelQuery], *, limit: int) -> list[list[Hit]]:
        requests = [
            qe.QueryRequest(
                limit=limit,
                query=qe.Query.Nearest(query_vector(query, qe.SparseVector), using=query.channel),
                with_payload=["tool_id"],
                with_vector=False,
            )
            for query in queries
        ]
        return [
            ordered_hits([Hit((p.payload or {})["tool_id"], p.score) for p in points])
            for points in self._shard.query(requests)
        ]

    def count(self) -> int:
        return self._shard.count()

    def close(self) -> None:
        self._shard.close()


def _config(manifest: Manifest) -> qe.EdgeConfig:
    max_sim = qe.MultiVectorConfig(qe.MultiVectorComparator.MaxSim)
    vectors: dict[str, qe.EdgeVectorParams] = {
        channel: qe.EdgeVectorParams(
            size=size,
            distance=qe.Distance.Dot,
            # Most catalogs are read into memory once; cached, empty space of the files is mapped in as well.
            memory=qe.Memory.Cold,
            multivector_config=max_sim if channel in MULTI_VECTOR_CHANNELS else None,
        )
        for channel, size in dense_channels(manifest)
    }
    idf = qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)
    return qe.EdgeConfig(vectors=vectors, sparse_vectors={"words": idf, "ngrams": idf})


# Passages lie beside the tools, in a folder of their own.
_LAYOUT = ShardLayout(
    "tools", _config, {"source": qe.PayloadSchemaType.Keyword}, beside=frozenset({"passages"})
)
