"""The knowledge base on a Qdrant server or cluster, through ``qdrant-client``."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from toolshed.errors import KnowledgeBaseError, KnowledgeBaseMismatchError
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

_BATCH = 128
_PAGE = 256


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
        self.location = url
        self.manifest = manifest
        self.revision = 0
        self._collection = collection
        self._lock = threading.RLock()
        self._client = QdrantClient(
            url=url, api_key=api_key, timeout=timeout_seconds, check_compatibility=False
        )
        with self._translated_errors():
            self._ensure_collection()

    def _ensure_collection(self) -> None:
        if not self._client.collection_exists(self._collection):
            self._create_collection()
        metadata = self._client.get_collection(self._collection).config.metadata or {}
        try:
            stored = Manifest(**metadata["toolshed"])
        except (KeyError, TypeError) as error:
            raise KnowledgeBaseMismatchError(
                f"the collection {self._collection!r} of {self.location!r} was not made by this Toolshed; "
                "choose another collection"
            ) from error
        self.manifest = stored.accept(self.manifest, location=f"{self.location}/{self._collection}")

    def _create_collection(self) -> None:
        idf = models.SparseVectorParams(modifier=models.Modifier.IDF)
        try:
            self._client.create_collection(
                self._collection,
                vectors_config=_vectors_config(self.manifest),
                sparse_vectors_config={"words": idf, "ngrams": idf},
                metadata={"toolshed": self.manifest.to_json()},
            )
        except UnexpectedResponse as error:
            # Another process made it between our question and our order.
            if error.status_code != 409:
                raise
        self._client.create_payload_index(
            self._collection, "source", models.PayloadSchemaType.KEYWORD, wait=True
        )

    def upsert(self, records: Sequence[ToolRecord]) -> None:
        check_records(records, self.manifest)
        points = [
            models.PointStruct(
                id=point_id(record.tool_id),
                vector=named_vectors(record, models.SparseVector),
                payload=payload(record.definition),
            )
            for record in records
        ]
        with self._translated_errors():
            for start in range(0, len(points), _BATCH):
                self._client.upsert(self._collection, points[start : start + _BATCH], wait=True)
        self._count_write()

    def delete(self, tool_ids: Sequence[str]) -> None:
        if tool_ids:
            with self._translated_errors():
                selector = models.PointIdsList(points=[point_id(i) for i in tool_ids])
                self._client.delete(self._collection, selector, wait=True)
        self._count_write()

    def _count_write(self) -> None:
        with self._lock:
            self.revision += 1

    def stored_tools(self) -> list[StoredTool]:
        points = self._scroll(SYNC_FIELDS, False)
        payloads = (point.payload or {} for point in points)
        stored = [StoredTool(p["tool_id"], p["source"], p["content_hash"]) for p in payloads]
        return sorted(stored, key=lambda tool: tool.tool_id)

    def fetch(self, tool_ids: Sequence[str]) -> list[ToolRecord]:
        found: dict[str, ToolRecord] = {}
        for start in range(0, len(tool_ids), _PAGE):
            ids = [point_id(i) for i in tool_ids[start : start + _PAGE]]
            with self._translated_errors():
                points = self._client.retrieve(self._collection, ids, with_payload=True, with_vectors=True)
            for point in points:
                record = record_from(point.payload, point.vector)
                found[record.tool_id] = record
        return [found[i] for i in tool_ids if i in found]

    def scan(self) -> Iterator[ToolRecord]:
        for point in self._scroll(True, True):
            yield record_from(point.payload, point.vector)

    def _scroll(self, with_payload: bool | list[str], with_vectors: bool) -> Iterator[models.Record]:
        offset: Any = None  # Any: the client's union of point id types
        while True:
            with self._translated_errors():
                page, offset = self._client.scroll(
                    self._collection,
                    limit=_PAGE,
                    offset=offset,
                    with_payload=with_payload,
                    with_vectors=with_vectors,
                )
            yield from page
            if offset is None:
                return

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
        with self._translated_errors():
            answers = self._client.query_batch_points(self._collection, requests)
        return [
            ordered_hits([Hit((p.payload or {})["tool_id"], p.score) for p in answer.points])
            for answer in answers
        ]

    def count(self) -> int:
        with self._translated_errors():
            return self._client.count(self._collection, exact=True).count

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except UnexpectedResponse as error:
            if error.status_code in (401, 403):
                hint = "check the API key (TOOLSHED_QDRANT_API_KEY)"
            else:
                hint = "see the server's log"
            detail = error.content.decode("utf-8", "replace")[:300]
            raise KnowledgeBaseError(
                f"Qdrant at {self.location!r} refused with status {error.status_code}: {detail}; {hint}"
            ) from error
        except ResponseHandlingException as error:
            raise KnowledgeBaseError(
                f"Qdrant at {self.location!r} did not answer ({error.source}); "
                "check the URL and that the server is running"
            ) from error


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
