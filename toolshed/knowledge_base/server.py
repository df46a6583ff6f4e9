"""The knowledge base on a Qdrant server or cluster, through ``qdrant-client``."""

from collections.abc import Iterator, Sequence

from qdrant_client import models

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
from toolshed.knowledge_base.server_collection import ServerCollection


class ServerKnowledgeBase:
    """One collection of a Qdrant server, shared by any number of processes.

    Args:
        url: ``http(s)://host:6333``.
        manifest: What it is to be written with; an existing collection must agree.
        api_key: Key of the server, if it wants one.
        collection: Name of the collection; created when it does not exist.
        timeout_seconds: Longest wait for one answer.

    Raises:
        KnowledgeBaseMismatchError: If the collection was written with another encoder or schema.
        KnowledgeBaseError: If the server cannot be reached or refuses.
    """

    is_shared = True

    def __init__(
        self,
        url: str,
        manifest: Manifest,
        *,
        api_key: str | None = None,
        collection: str = "tools",
        timeout_seconds: int = 30,
    ) -> None:
        self._points = ServerCollection(
            url,
            collection,
            manifest,
            vectors=_vectors_config,
            sparse=("words", "ngrams"),
            indexes={"source": models.PayloadSchemaType.KEYWORD},
            api_key=api_key,
            timeout_seconds=timeout_seconds,
        )

    @property
    def location(self) -> str:
        return self._points.location

    @property
    def manifest(self) -> Manifest:
        return self._points.manifest

    @property
    def revision(self) -> int:
        return self._points.revision

    def upsert(self, records: Sequence[ToolRecord]) -> None:
        check_records(records, self.manifest)
        self._points.upsert(
            [
                models.PointStruct(
                    id=point_id(record.tool_id),
                    vector=named_vectors(record, models.SparseVector),
                    payload=payload(record.definition),
                )
                for record in records
            ]
        )

    def delete(self, tool_ids: Sequence[str]) -> None:
        self._points.delete([point_id(i) for i in tool_ids])

    def stored_tools(self) -> list[StoredTool]:
        payloads = (p.payload or {} for p in self._points.scroll(payload=SYNC_FIELDS, vectors=False))
        stored = [StoredTool(p["tool_id"], p["source"], p["content_hash"]) for p in payloads]
        return sorted(stored, key=lambda tool: tool.tool_id)

    def fetch(self, tool_ids: Sequence[str]) -> list[ToolRecord]:
        points = self._points.retrieve([point_id(i) for i in tool_ids])
        found = {record.tool_id: record for p in points for record in [record_from(p.payload, p.vector)]}
        return [found[i] for i in tool_ids if i in found]

    def scan(self) -> Iterator[ToolRecord]:
        for point in self._points.scroll(payload=True, vectors=True):
            yield record_from(point.payload, point.vector)

    def search(self, queries: Sequence[ChannelQuery], *, limit: int) -> list[list[Hit]]:
        requests = [
            models.QueryRequest(
                query=query_vector(query, models.SparseVector),
                using=query.channel,
                limit=limit,
                with_payload=["tool_id"],
            )
            for query in queries
        ]
        return [
            ordered_hits([Hit((p.payload or {})["tool_id"], p.score) for p in points])
            for points in self._points.query(requests)
        ]

    def count(self) -> int:
        return self._points.count()

    def close(self) -> None:
        self._points.close()


def _vectors_config(manifest: Manifest) -> dict[str, models.VectorParams]:
    # Vectors are normalised by us: Dot then gives the same numbers in every engine.
    max_sim = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
    return {
        channel: models.VectorParams(
            size=size,
            distance=models.Distance.DOT,
            multivector_config=max_sim if channel in MULTI_VECTOR_CHANNELS else None,
        )
        for channel, size in dense_channels(manifest)
    }
