"""A collection of a Qdrant server, through ``qdrant-client``: opening, writing, reading, errors."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from toolshed.errors import KnowledgeBaseError, KnowledgeBaseMismatchError
from toolshed.knowledge_base.protocol import Manifest

_BATCH = 128
_PAGE = 256
VectorsConfig = dict[str, models.VectorParams]


class ServerCollection:
    """One collection of a Qdrant server, shared by any number of processes.

    Args:
        url: ``http(s)://host:6333``.
        collection: Name of the collection; created when it does not exist.
        manifest: What it is to be written with; an existing collection must agree.
        vectors: The dense vectors that a manifest asks for.
        sparse: Names of the sparse vectors, weighed by inverse document frequency.
        indexes: Payload fields that are filtered by, with the kind of their index.
        api_key: Key of the server, if it wants one.
        timeout_seconds: Longest wait for one answer.

    Raises:
        KnowledgeBaseMismatchError: If the collection was written with another encoder or schema.
        KnowledgeBaseError: If the server cannot be reached or refuses.
    """

    def __init__(
        self,
        url: str,
        collection: str,
        manifest: Manifest,
        *,
        vectors: Callable[[Manifest], VectorsConfig],
        sparse: Sequence[str],
        indexes: Mapping[str, models.PayloadSchemaType],
        api_key: str | None = None,
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
            if not self._client.collection_exists(collection):
                self._create(vectors(manifest), sparse, indexes)
            self._accept_manifest()

    def _create(
        self, vectors: VectorsConfig, sparse: Sequence[str], indexes: Mapping[str, models.PayloadSchemaType]
    ) -> None:
        idf = models.SparseVectorParams(modifier=models.Modifier.IDF)
        try:
            self._client.create_collection(
                self._collection,
                vectors_config=vectors,
                sparse_vectors_config=dict.fromkeys(sparse, idf),
                metadata={"toolshed": self.manifest.to_json()},
            )
        except UnexpectedResponse as error:
            # Another process made it between our question and our order.
            if error.status_code != 409:
                raise
        for field, kind in indexes.items():
            self._client.create_payload_index(self._collection, field, kind, wait=True)

    def _accept_manifest(self) -> None:
        metadata = self._client.get_collection(self._collection).config.metadata or {}
        try:
            stored = Manifest(**metadata["toolshed"])
        except (KeyError, TypeError) as error:
            raise KnowledgeBaseMismatchError(
                f"the collection {self._collection!r} of {self.location!r} was not made by this Toolshed; "
                "choose another collection"
            ) from error
        self.manifest = stored.accept(self.manifest, location=f"{self.location}/{self._collection}")

    def upsert(self, points: Sequence[models.PointStruct]) -> None:
        """Insert points, replacing those of the same id."""
        with self._translated_errors():
            for start in range(0, len(points), _BATCH):
                self._client.upsert(self._collection, points[start : start + _BATCH], wait=True)
        self._count_write()

    def delete(self, point_ids: Sequence[str]) -> None:
        """Remove points; ids that are not there are passed over."""
        if point_ids:
            with self._translated_errors():
                selector = models.PointIdsList(points=[*point_ids])
                self._client.delete(self._collection, selector, wait=True)
        self._count_write()

    def _count_write(self) -> None:
        with self._lock:
            self.revision += 1

    def retrieve(self, point_ids: Sequence[str], *, vectors: bool = True) -> list[models.Record]:
        """The points of these ids, in no particular order; ids that are not there are left out."""
        found: list[models.Record] = []
        for start in range(0, len(point_ids), _PAGE):
            ids = [*point_ids[start : start + _PAGE]]
            with self._translated_errors():
                found += self._client.retrieve(self._collection, ids, with_payload=True, with_vectors=vectors)
        return found

    def scroll(
        self, *, payload: bool | list[str], vectors: bool, only: models.Filter | None = None
    ) -> Iterator[models.Record]:
        """Every point, or those that pass a filter."""
        offset: Any = None  # Any: the client's union of point id types
        while True:
            with self._translated_errors():
                page, offset = self._client.scroll(
                    self._collection,
                    scroll_filter=only,
                    limit=_PAGE,
                    offset=offset,
                    with_payload=payload,
                    with_vectors=vectors,
                )
            yield from page
            if offset is None:
                return

    def query(self, requests: Sequence[models.QueryRequest]) -> list[list[models.ScoredPoint]]:
        """The answer to each request."""
        with self._translated_errors():
            answers = self._client.query_batch_points(self._collection, requests)
        return [answer.points for answer in answers]

    def count(self) -> int:
        """How many points there are."""
        with self._translated_errors():
            return self._client.count(self._collection, exact=True).count

    def close(self) -> None:
        """Release the connection; calling it again does nothing."""
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
