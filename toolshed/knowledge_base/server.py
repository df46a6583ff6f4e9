"""The engine on a Qdrant server or cluster, through ``qdrant-client``: one collection."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from toolshed.errors import KnowledgeBaseError, KnowledgeBaseMismatchError
from toolshed.knowledge_base.engine import (
    Filter,
    Hit,
    Point,
    Schema,
    SchemaOf,
    VectorQuery,
    asked,
    hit,
    read,
    stored_values,
    written,
)
from toolshed.knowledge_base.manifest import Manifest
from toolshed.knowledge_base.revisions import Revisions

_BATCH = 128
_PAGE = 256
_TIMEOUT_SECONDS = 30
_INDEXES = {"text": models.PayloadSchemaType.KEYWORD, "number": models.PayloadSchemaType.INTEGER}


class ServerEngine:
    """One collection of a Qdrant server, shared by any number of processes.

    Args:
        url: ``http(s)://host:6333``.
        schema: What the points are, by what they are written with.
        manifest: What they are to be written with; an existing collection must agree.
        collection: Name of the collection; created when it does not exist.
        api_key: Key of the server, if it wants one.
        revisions: Counts what is written.
        timeout_seconds: Longest wait for one answer.

    Raises:
        KnowledgeBaseMismatchError: If the collection was written with another encoder or schema.
        KnowledgeBaseError: If the server cannot be reached or refuses.
    """

    is_suspect = False
    is_shared = True

    def __init__(
        self,
        url: str,
        schema: SchemaOf,
        manifest: Manifest,
        *,
        collection: str,
        api_key: str | None = None,
        revisions: Revisions | None = None,
        timeout_seconds: int = _TIMEOUT_SECONDS,
    ) -> None:
        self.location, self._collection = url, collection
        self._revisions = revisions or Revisions()
        self._lock = threading.Lock()
        self._client = _client(url, api_key, timeout_seconds)
        with _translated_errors(self.location):
            if not self._client.collection_exists(collection):
                self._create(schema(manifest), manifest)
            self.manifest = self._stored_manifest().accept(manifest, location=f"{url}/{collection}")
        self.schema = schema(self.manifest)

    @staticmethod
    def holds_collection(url: str, collection: str, *, api_key: str | None = None) -> bool:
        """Whether a server has a collection, without making it.

        Raises:
            KnowledgeBaseError: If the server cannot be reached or refuses.
        """
        with closing(_client(url, api_key, _TIMEOUT_SECONDS)) as client, _translated_errors(url):
            return bool(client.collection_exists(collection))

    @property
    def revision(self) -> int:
        return self._revisions.now

    def _create(self, schema: Schema, manifest: Manifest) -> None:
        vectors, sparse = _config(schema)
        try:
            self._client.create_collection(
                self._collection,
                vectors_config=vectors,
                sparse_vectors_config=sparse,
                metadata={"toolshed": manifest.to_json()},
            )
        except UnexpectedResponse as error:
            # Another process made it between our question and our order.
            if error.status_code != 409:
                raise
        for field, kind in schema.indexes.items():
            self._client.create_payload_index(self._collection, field, _INDEXES[kind], wait=True)

    def _stored_manifest(self) -> Manifest:
        metadata = self._client.get_collection(self._collection).config.metadata or {}
        try:
            return Manifest(**metadata["toolshed"])
        except (KeyError, TypeError) as error:
            raise KnowledgeBaseMismatchError(
                f"the collection {self._collection!r} of {self.location!r} was not made by this Toolshed; "
                "choose another collection"
            ) from error

    def trust(self) -> None:
        """The server looks after its files itself."""

    def upsert(self, points: Sequence[Point]) -> None:
        with self._writing():
            for start in range(0, len(points), _BATCH):
                batch = [
                    models.PointStruct(
                        id=point.point_id,
                        vector=written(point.vectors, models.SparseVector),
                        payload=dict(point.payload),
                    )
                    for point in points[start : start + _BATCH]
                ]
                self._client.upsert(self._collection, batch, wait=True)

    def delete(self, point_ids: Sequence[str]) -> None:
        with self._writing():
            # The server refuses a list without ids.
            if point_ids:
                selector = models.PointIdsList(points=[*point_ids])
                self._client.delete(self._collection, selector, wait=True)

    def retrieve(self, point_ids: Sequence[str], *, vectors: bool | Sequence[str] = True) -> list[Point]:
        wanted = vectors if isinstance(vectors, bool) else [*vectors]
        found: list[models.Record] = []
        for start in range(0, len(point_ids), _PAGE):
            ids = [*point_ids[start : start + _PAGE]]
            with _translated_errors(self.location):
                found += self._client.retrieve(self._collection, ids, with_payload=True, with_vectors=wanted)
        return [_point(record) for record in found]

    def scroll(
        self, *, only: Filter | None = None, fields: Sequence[str] | None = None, vectors: bool = False
    ) -> Iterator[Point]:
        offset: Any = None  # Any: the client's union of point id types
        while True:
            with _translated_errors(self.location):
                page, offset = self._client.scroll(
                    self._collection,
                    scroll_filter=_filter(only),
                    limit=_PAGE,
                    offset=offset,
                    with_payload=True if fields is None else [*fields],
                    with_vectors=vectors,
                )
            yield from map(_point, page)
            if offset is None:
                return

    def query(
        self, queries: Sequence[VectorQuery], *, limit: int, only: Filter | None = None
    ) -> list[list[Hit]]:
        passing = _filter(only)
        # By itself a filter leaves what it keeps out in the document frequencies (since Qdrant 1.19).
        params = models.SearchParams(idf=models.IdfCorpusParams(corpus=passing)) if passing else None
        requests = [
            models.QueryRequest(
                query=asked(query, self.schema, models.SparseVector),
                using=query.channel,
                filter=passing,
                params=params if self.schema.vectors[query.channel].kind == "sparse" else None,
                limit=limit,
                with_payload=[self.schema.key],
            )
            for query in queries
        ]
        with _translated_errors(self.location):
            answers = self._client.query_batch_points(self._collection, requests)
        return [[hit(p.payload, p.score, self.schema) for p in one.points] for one in answers]

    def count(self, only: Filter | None = None) -> int:
        with _translated_errors(self.location):
            return self._client.count(self._collection, count_filter=_filter(only), exact=True).count

    def kept(self) -> None:
        # Other processes write to it: there is no telling what it holds.
        return None

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with _translated_errors(self.location):
            yield
        with self._lock:
            self._revisions.add()


@contextmanager
def _translated_errors(location: str) -> Iterator[None]:
    try:
        yield
    except UnexpectedResponse as error:
        if error.status_code in (401, 403):
            hint = "check the API key (TOOLSHED_QDRANT_API_KEY)"
        else:
            hint = "see the server's log"
        detail = error.content.decode("utf-8", "replace")[:300]
        raise KnowledgeBaseError(
            f"Qdrant at {location!r} refused with status {error.status_code}: {detail}; {hint}"
        ) from error
    except ResponseHandlingException as error:
        raise KnowledgeBaseError(
            f"Qdrant at {location!r} did not answer ({error.source}); "
            "check the URL and that the server is running"
        ) from error


def _client(url: str, api_key: str | None, timeout_seconds: int) -> QdrantClient:
    return QdrantClient(url=url, api_key=api_key, timeout=timeout_seconds, check_compatibility=False)


def _config(
    schema: Schema,
) -> tuple[dict[str, models.VectorParams], dict[str, models.SparseVectorParams]]:
    max_sim = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
    vectors = {
        name: models.VectorParams(
            size=spec.size,
            # Vectors are normalised by us: Dot then gives the same numbers in every engine.
            distance=models.Distance.DOT,
            multivector_config=max_sim if spec.kind == "multi" else None,
        )
        for name, spec in schema.vectors.items()
        if spec.kind != "sparse"
    }
    idf = models.SparseVectorParams(modifier=models.Modifier.IDF)
    return vectors, {name: idf for name, spec in schema.vectors.items() if spec.kind == "sparse"}


def _filter(only: Filter | None) -> models.Filter | None:
    if not only:
        return None
    conditions = [
        models.FieldCondition(key=field, match=models.MatchAny(any=stored_values(values)))
        for field, values in only.items()
    ]
    return models.Filter(must=[*conditions])


def _point(record: models.Record) -> Point:
    return Point(str(record.id), record.payload or {}, read(record.vector))
