"""The nearest of very many passages without scanning their vectors: sign bits first, then eight bits.

A sketch is one bit for each number of a vector, whether it is above the mean of all vectors (binary
quantisation, after Charikar, STOC 2002). Those that differ from the question's in the fewest bits are scored
again by their vectors in eight bits. A million passages have 48 MB of sketches, which are compared in some
twenty milliseconds; of the 384 MB of vectors only the rows of candidates are read.
"""

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from toolshed.kept_arrays import Arrays
from toolshed.knowledge_base.passages import PassageStore
from toolshed.vectors import CompactVectors, Vectors

# Below, the engine's scan of all vectors is as quick.
SKETCHED_FROM = 20_000
# Passages that are scored again: enough that hardly any of the nearest forty is lost.
_RESCORED = 4_000
# Vectors that are read at once.
_READ_TOGETHER = 500
# Their mean hardly changes; sketches are compared with others of the same mean only.
_SAMPLE = 20_000
_BITS = 64

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PassageSketch:
    """The passages of a store, one row each.

    Attributes:
        ids: uint8 ``[n, 16]``, the UUID of each.
        hashes: uint64 ``[n]``, the checksum of its vectors; 0 where it has none.
        vectors: Its vector in eight bits.
        mean: float32 ``[dimension]``, what sign bits are counted from.
        bits: uint64 ``[ceil(dimension / 64), n]``, the sign bits.
    """

    ids: NDArray[np.uint8]
    hashes: NDArray[np.uint64]
    vectors: CompactVectors
    mean: Vectors
    bits: NDArray[np.uint64]

    @classmethod
    def read(cls, arrays: Arrays) -> "PassageSketch":
        """The sketch that :meth:`arrays` gave."""
        vectors = CompactVectors(arrays["numbers"], arrays["scales"])
        return cls(arrays["ids"], arrays["hashes"], vectors, arrays["mean"], arrays["bits"])

    def arrays(self) -> Arrays:
        """What is kept of it."""
        return {
            "ids": self.ids,
            "hashes": self.hashes,
            "numbers": self.vectors.numbers,
            "scales": self.vectors.scales,
            "mean": self.mean,
            "bits": self.bits,
        }

    def __len__(self) -> int:
        return len(self.ids)

    def nearest(self, vector: Vectors, limit: int) -> list[str]:
        """Ids of the ``limit`` passages nearest to a vector, best first."""
        rows = _least(self._distances(vector), max(_RESCORED, limit))
        scores = self.vectors.take(rows).products(vector[None])[0]
        best = rows[np.argsort(-scores, kind="stable")[:limit]]
        return [str(UUID(bytes=self.ids[row].tobytes())) for row in best.tolist()]

    def _distances(self, vector: Vectors) -> NDArray[np.uint16]:
        """Of each passage, how many of its bits are others than those of a vector."""
        distances = np.zeros(len(self), np.uint16)
        for own, asked in zip(self.bits, sign_bits(vector[None], self.mean)[:, 0], strict=True):
            distances += np.bitwise_count(own ^ asked)
        return distances

    @cached_property
    def rows(self) -> Mapping[tuple[bytes, int], int]:
        """The row of each passage, by its id and the checksum of its vectors."""
        keys = zip(map(bytes, self.ids), self.hashes.tolist(), strict=True)
        return {key: row for row, key in enumerate(keys)}


def sign_bits(vectors: Vectors, mean: Vectors) -> NDArray[np.uint64]:
    """uint64 ``[ceil(dimension / 64), n_vectors]``: which numbers are above those of the mean."""
    n, dimension = vectors.shape
    padded = np.zeros((n, -(-dimension // _BITS) * _BITS), bool)
    np.greater(vectors, mean, out=padded[:, :dimension])
    return np.ascontiguousarray(np.packbits(padded, axis=1).view(np.uint64).T)


def _least(distances: NDArray[np.uint16], n: int) -> NDArray[np.int64]:
    """The rows of the n least distances, and of those that tie with the last of them."""
    reached = np.cumsum(np.bincount(distances))
    return np.flatnonzero(distances <= np.searchsorted(reached, min(n, len(distances))))


class SketchedPassages:
    """The sketch of a store, as long as nothing was written since it was made.

    Safe to use from several threads.

    Args:
        store: The passages.
        channel: The channel of one vector a passage that is sketched.
        least: So many passages are worth it; ``SKETCHED_FROM`` when None.
    """

    def __init__(self, store: PassageStore, channel: str, *, least: int | None = None) -> None:
        self.channel = channel
        self._store, self._least = store, SKETCHED_FROM if least is None else least
        self._part = f"sketch-{channel}"
        self._lock = threading.Lock()
        self._read_at: int | None = None
        self._sketch: PassageSketch | None = None

    def current(self) -> PassageSketch | None:
        """The sketch of what is stored now; None where the engine has to be asked."""
        with self._lock:
            revision = self._store.revision
            if revision != self._read_at:
                kept = self._store.kept()
                arrays = kept.read(self._part) if kept else None
                self._sketch = PassageSketch.read(arrays) if arrays else None
                self._read_at = revision
            return self._sketch

    def renew(self) -> None:
        """Sketch what is stored now, reading the vectors of passages that are new only."""
        kept = self._store.kept()
        if kept is None or kept.holds(self._part) or self._store.count() < self._least:
            return
        before = kept.read_last(self._part)
        sketch = _renewed(self._store, self.channel, PassageSketch.read(before) if before else None)
        kept.write(self._part, sketch.arrays())
        with self._lock:
            self._read_at = None
        logger.info("sketched %d passages", len(sketch))


def _renewed(store: PassageStore, channel: str, before: PassageSketch | None) -> PassageSketch:
    """A sketch of the stored passages; rows of passages that did not change are taken from the one before."""
    ids, hashes = _stored(store)
    known = before.rows if before else {}
    rows = np.array([known.get(key, -1) for key in zip(map(bytes, ids), hashes.tolist(), strict=True)])
    rows[hashes == 0] = -1
    new = np.flatnonzero(rows < 0)
    dimension = store.dimension(channel)
    vectors = CompactVectors(np.empty((len(ids), dimension), np.int8), np.empty(len(ids), np.float32))
    bits = np.empty((-(-dimension // _BITS), len(ids)), np.uint64)
    mean = before.mean if before else _mean(store, channel, ids)
    if before:
        stays = np.flatnonzero(rows >= 0)
        vectors.numbers[stays] = before.vectors.numbers[rows[stays]]
        vectors.scales[stays] = before.vectors.scales[rows[stays]]
        bits[:, stays] = before.bits[:, rows[stays]]
    for start in range(0, len(new), _READ_TOGETHER):
        at = new[start : start + _READ_TOGETHER]
        read = _vectors(store, channel, ids[at])
        compact = CompactVectors.of(read)
        vectors.numbers[at], vectors.scales[at] = compact.numbers, compact.scales
        bits[:, at] = sign_bits(read, mean)
    return PassageSketch(ids, hashes, vectors, mean, bits)


def _stored(store: PassageStore) -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
    """Ids and checksums of everything that is stored."""
    ids, hashes = bytearray(), []
    for passage_id, checksum in store.vector_hashes():
        ids += UUID(passage_id).bytes
        hashes.append(checksum)
    return np.frombuffer(bytes(ids), np.uint8).reshape(-1, 16), np.array(hashes, np.uint64)


def _mean(store: PassageStore, channel: str, ids: NDArray[np.uint8]) -> Vectors:
    step = -(-len(ids) // _SAMPLE)
    return np.asarray(_vectors(store, channel, ids[::step]).mean(axis=0), np.float32)


def _vectors(store: PassageStore, channel: str, ids: Iterable[NDArray[np.uint8]]) -> Vectors:
    """The vectors of passages, in order; zeros for one that was removed meanwhile."""
    keys = [str(UUID(bytes=one.tobytes())) for one in ids]
    found = store.vectors_of(keys, channel)
    nothing = np.zeros(store.dimension(channel), np.float32)
    return np.stack([found.get(key, nothing) for key in keys])
