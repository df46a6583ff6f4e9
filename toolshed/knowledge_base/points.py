"""The form a tool document has inside Qdrant, the same for the embedded engine and the server."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from toolshed.knowledge_base.protocol import (
    MULTI_VECTOR_CHANNELS,
    Channel,
    ChannelQuery,
    Manifest,
    ToolRecord,
)
from toolshed.types import ToolDefinition
from toolshed.vectors import SparseVector, Vectors

# Each library has its own class for sparse vectors; both take indices= and values=.
SparseFactory = Callable[..., Any]

SYNC_FIELDS = ["tool_id", "source", "content_hash"]


def payload(definition: ToolDefinition) -> dict[str, Any]:
    """What is stored beside the vectors.

    The definition is one string: engines change JSON numbers (integers above 2^64, 1.0 and 1).
    """
    return {
        "tool_id": definition.tool_id,
        "source": definition.source,
        "content_hash": definition.content_hash,
        "definition": json.dumps(definition.to_json()),
    }


def named_vectors(record: ToolRecord, sparse: SparseFactory) -> dict[str, Any]:
    """The vectors of a record by channel, as lists and the library's sparse vectors."""
    vectors: dict[str, Any] = {
        "static": record.static.tolist(),
        "words": _to_sparse(record.words, sparse),
        "ngrams": _to_sparse(record.ngrams, sparse),
    }
    if record.dense is not None:
        vectors["dense"] = record.dense.tolist()
    # Engines refuse a multivector without vectors; the channel is then left out.
    for channel, topics in (("topics", record.topics), ("static_topics", record.static_topics)):
        if topics is not None and len(topics):
            vectors[channel] = topics.tolist()
    return vectors


def query_vector(query: ChannelQuery, sparse: SparseFactory) -> Any:
    """The vector of a query as its channel wants it; multivector channels want a list of vectors."""
    if isinstance(query.vector, SparseVector):
        return _to_sparse(query.vector, sparse)
    vector = query.vector.tolist()
    return [vector] if query.channel in MULTI_VECTOR_CHANNELS else vector


def record_from(stored_payload: Any, vectors: Any) -> ToolRecord:
    """Read back what :func:`payload` and :func:`named_vectors` wrote."""
    return ToolRecord(
        ToolDefinition.from_json(json.loads(stored_payload["definition"])),
        static=_array(vectors["static"]),
        static_topics=_topics(vectors, "static_topics", len(vectors["static"])),
        words=_from_sparse(vectors["words"]),
        ngrams=_from_sparse(vectors["ngrams"]),
        dense=_array(vectors["dense"]) if "dense" in vectors else None,
        topics=_topics(vectors, "topics", len(vectors["dense"])) if "dense" in vectors else None,
    )


def dense_channels(manifest: Manifest) -> Iterator[tuple[Channel, int]]:
    """Every channel of dense vectors a knowledge base has, with the length of its vectors."""
    yield from (("static", manifest.static_dimension), ("static_topics", manifest.static_dimension))
    if manifest.encoder is not None:
        yield from (("dense", manifest.dimension), ("topics", manifest.dimension))


def _array(values: Any) -> Vectors:
    return np.array(values, dtype=np.float32)


def _topics(vectors: Any, channel: Channel, dimension: int) -> Vectors:
    return _array(vectors[channel]) if channel in vectors else np.empty((0, dimension), np.float32)


def _to_sparse(vector: SparseVector, sparse: SparseFactory) -> Any:
    return sparse(indices=vector.indices.tolist(), values=vector.values.tolist())


def _from_sparse(vector: Any) -> SparseVector:
    return SparseVector(np.array(vector.indices, dtype=np.uint32), np.array(vector.values, dtype=np.float32))
