"""From the records of a store to arrays: read a few at a time, so that no more of them is in memory."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolshed.intra_retrieval.postings import Postings
from toolshed.intra_retrieval.verbs import OPERATIONS, operations_of
from toolshed.kept_arrays import Arrays
from toolshed.knowledge_base.tools import TOOL_LAYOUT, VIEWS, ToolRecord
from toolshed.stored_texts import StoredTexts
from toolshed.vectors import CompactVectors, Ragged, Vectors

_READ_TOGETHER = 1_024
# Arrays of one number a tool: whether something was written of it besides, and what it does.
OF_EACH = ("is_enhanced", OPERATIONS)

# Any: arrays of every kind of number.
_Part = Mapping[str, NDArray[Any]]


def arrays_of(records: Iterable[ToolRecord]) -> Arrays | None:
    """The arrays that :class:`~toolshed.intra_retrieval.tool_matrices.ToolMatrices` are; None of no record.

    By name: ``tool_ids`` and ``definitions`` as texts; those of :data:`OF_EACH`; of each channel its vectors
    as ``numbers`` and ``scales`` (with ``starts`` where a tool has several), or its ``terms``, ``starts``,
    ``owners`` and ``weights``; ``mean`` and ``covariance`` of views.
    """
    reading = iter(records)
    parts = [_part(chunk) for chunk in iter(lambda: list(islice(reading, _READ_TOGETHER)), [])]
    if not parts:
        return None
    # Array by array, so that no more than one is there twice.
    read = {name: np.concatenate([part.pop(name) for part in parts]) for name in list(parts[0])}
    tool_ids = _texts(read, "tool_ids")
    ids = list(tool_ids)
    order = np.array(sorted(range(len(ids)), key=ids.__getitem__), np.int64)
    arrays: dict[str, NDArray[Any]] = {name: read[name][order] for name in OF_EACH}
    for name in ("tool_ids", "definitions"):
        arrays |= _of_ragged(name, _texts(read, name).take(order).encoded)
    for channel in TOOL_LAYOUT.channels:
        if f"{channel.name}.{'indices' if channel.kind == 'sparse' else 'numbers'}" in read:
            arrays |= {
                f"{channel.name}.{key}": a for key, a in _channel(read, channel.name, channel.kind, order)
            }
    return arrays


def _part(records: Sequence[ToolRecord]) -> dict[str, NDArray[Any]]:
    """Records as arrays, in their order; of what has several values a record, lengths."""
    ids = StoredTexts.of(record.tool_id for record in records).encoded
    definitions = StoredTexts.of(json.dumps(record.definition.to_json()) for record in records).encoded
    part: dict[str, NDArray[Any]] = {
        "tool_ids.lengths": ids.lengths,
        "tool_ids.values": ids.values,
        "definitions.lengths": definitions.lengths,
        "definitions.values": definitions.values,
        "is_enhanced": np.array([record.enhancement is not None for record in records], np.uint8),
        OPERATIONS: np.array([operations_of(record.definition) for record in records], np.int16),
    }
    for channel in TOOL_LAYOUT.channels:
        if channel.name in records[0].vectors:
            # Any: the kind of the channel says what its vectors are.
            vectors: list[Any] = [record.vectors[channel.name] for record in records]
            part |= {f"{channel.name}.{key}": a for key, a in _read_vectors(channel.kind, vectors)}
    return part


def _read_vectors(kind: str, vectors: Sequence[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    if kind == "sparse":
        yield "lengths", np.array([len(vector.indices) for vector in vectors], np.int64)
        yield "indices", np.concatenate([vector.indices for vector in vectors])
        yield "values", np.concatenate([vector.values for vector in vectors])
        return
    if kind == "multi":
        yield "lengths", np.array([len(own) for own in vectors], np.int64)
    compact = CompactVectors.of(np.concatenate(vectors) if kind == "multi" else np.stack(vectors))
    yield "numbers", compact.numbers
    yield "scales", compact.scales


def _channel(
    read: _Part, name: str, kind: str, order: NDArray[np.int64]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """The arrays of one channel, in the order of the tools."""
    if kind == "sparse":
        starts = _starts(read[f"{name}.lengths"])
        indices, values = (Ragged(starts, read[f"{name}.{key}"]).take(order) for key in ("indices", "values"))
        postings = Postings.of(indices, values.values)
        yield from (
            ("terms", postings.terms),
            ("starts", postings.starts),
            ("owners", postings.owners),
            ("weights", postings.weights),
        )
        return
    vectors = CompactVectors(read[f"{name}.numbers"], read[f"{name}.scales"])
    if kind == "multi":
        places = Ragged(_starts(read[f"{name}.lengths"]), np.arange(len(vectors))).take(order)
        yield "starts", places.starts
        vectors = vectors.take(places.values)
    else:
        vectors = vectors.take(order)
    yield "numbers", vectors.numbers
    yield "scales", vectors.scales
    if name in VIEWS:
        yield from zip(("mean", "covariance"), spread_of(vectors), strict=True)


def spread_of(vectors: CompactVectors) -> tuple[Vectors, Vectors]:
    """Mean and covariance of vectors."""
    dimension = vectors.numbers.shape[1]
    total, squares = np.zeros(dimension, np.float32), np.zeros((dimension, dimension), np.float32)
    for chunk in vectors.chunks():
        floats = chunk.floats()
        total += floats.sum(axis=0)
        squares += floats.T @ floats
    n = np.float32(max(len(vectors), 1))
    mean = total / n
    return mean, squares / n - np.outer(mean, mean)


def _texts(read: _Part, name: str) -> StoredTexts:
    return StoredTexts(Ragged(_starts(read[f"{name}.lengths"]), read[f"{name}.values"]))


def _starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])


def _of_ragged(name: str, rows: Ragged[Any]) -> _Part:
    return {f"{name}.starts": rows.starts, f"{name}.values": rows.values}
