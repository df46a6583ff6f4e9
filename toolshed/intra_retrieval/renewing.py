"""Arrays of tools after a few of them changed: what stayed is moved, and only what is new is read."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolshed.intra_retrieval.reading_tools import OF_EACH
from toolshed.kept_arrays import Arrays
from toolshed.knowledge_base.tools import TOOL_LAYOUT
from toolshed.stored_texts import StoredTexts
from toolshed.vectors import CompactVectors, Ragged, Vectors


def renewed_arrays(old: Arrays, new: Arrays, source: NDArray[np.int64]) -> Arrays:
    """The arrays of tools that are taken from two sets of them.

    Args:
        old: The arrays of one set; see :mod:`toolshed.intra_retrieval.reading_tools`.
        new: Those of another.
        source: For each tool its row in the first set, or behind the first set that in the second.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for name in OF_EACH:
        if name in old and name in new:
            arrays[name] = np.concatenate([old[name], new[name]])[source]
    for name in ("tool_ids", "definitions"):
        texts = StoredTexts(joined(_ragged(old, name, "values"), _ragged(new, name, "values"))).take(source)
        arrays |= {f"{name}.starts": texts.encoded.starts, f"{name}.values": texts.encoded.values}
    for channel in TOOL_LAYOUT.channels:
        if f"{channel.name}.{'terms' if channel.kind == 'sparse' else 'numbers'}" in old:
            made = _CHANNELS[channel.kind](old, new, channel.name, source)
            arrays |= {f"{channel.name}.{key}": array for key, array in made}
    return arrays


def joined(first: Ragged[Any], second: Ragged[Any]) -> Ragged[Any]:
    """The rows of one after those of another."""
    starts = np.concatenate([first.starts, second.starts[1:] + first.starts[-1]])
    return Ragged(starts, np.concatenate([first.values, second.values]))


def _ragged(arrays: Arrays, name: str, values: str) -> Ragged[Any]:
    return Ragged(arrays[f"{name}.starts"], arrays[f"{name}.{values}"])


# Any: arrays of every kind of number.
_Made = Iterator[tuple[str, NDArray[Any]]]


def _dense(old: Arrays, new: Arrays, name: str, source: NDArray[np.int64]) -> _Made:
    for key in ("numbers", "scales"):
        yield key, np.concatenate([old[f"{name}.{key}"], new[f"{name}.{key}"]])[source]
    if f"{name}.mean" in old:
        yield from zip(("mean", "covariance"), _spread(old, new, name, source), strict=True)


def _spread(old: Arrays, new: Arrays, name: str, source: NDArray[np.int64]) -> tuple[Vectors, Vectors]:
    """Mean and covariance: those of before, without what went and with what came."""
    vectors = CompactVectors(old[f"{name}.numbers"], old[f"{name}.scales"])
    came = CompactVectors(new[f"{name}.numbers"], new[f"{name}.scales"]).floats().astype(np.float64)
    gone = np.setdiff1d(np.arange(len(vectors)), source)
    went = vectors.take(gone).floats().astype(np.float64)
    mean = old[f"{name}.mean"].astype(np.float64)
    squares = (old[f"{name}.covariance"] + np.outer(mean, mean)) * len(vectors)
    total = mean * len(vectors) - went.sum(axis=0) + came.sum(axis=0)
    squares += came.T @ came - went.T @ went
    mean, squares = total / len(source), squares / len(source)
    return mean.astype(np.float32), (squares - np.outer(mean, mean)).astype(np.float32)


def _multi(old: Arrays, new: Arrays, name: str, source: NDArray[np.int64]) -> _Made:
    n_old = len(old[f"{name}.scales"])
    places = joined(
        Ragged(old[f"{name}.starts"], np.arange(n_old)),
        Ragged(new[f"{name}.starts"], n_old + np.arange(len(new[f"{name}.scales"]))),
    ).take(source)
    yield "starts", places.starts
    for key in ("numbers", "scales"):
        yield key, np.concatenate([old[f"{name}.{key}"], new[f"{name}.{key}"]])[places.values]


def _sparse(old: Arrays, new: Arrays, name: str, source: NDArray[np.int64]) -> _Made:
    n_old, n_new = len(old["tool_ids.starts"]) - 1, len(new["tool_ids.starts"]) - 1
    row = np.full(n_old + n_new, -1, np.int64)
    row[source] = np.arange(len(source))
    parts = [_listed(old, name, row[:n_old]), _listed(new, name, row[n_old:])]
    keys, weights = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
    # Two runs that are in order each, which a stable sort only merges.
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    terms, starts = np.unique(keys >> np.uint64(32), return_index=True)
    yield "terms", terms.astype(np.uint32)
    yield "starts", np.append(starts, len(keys))
    yield "owners", (keys & np.uint64(2**32 - 1)).astype(np.int32)
    yield "weights", weights[order]


def _listed(arrays: Arrays, name: str, row: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[Any]]:
    """Term and new row of every entry as one number, and its weight; without those of tools that went."""
    terms, starts, owners, weights = (
        arrays[f"{name}.{key}"] for key in ("terms", "starts", "owners", "weights")
    )
    rows = row[owners]
    stays = rows >= 0
    keys = np.repeat(terms.astype(np.uint64) << np.uint64(32), np.diff(starts))[stays]
    return np.bitwise_or(keys, rows[stays].astype(np.uint64)).astype(np.uint64, copy=False), weights[stays]


_CHANNELS = {"dense": _dense, "multi": _multi, "sparse": _sparse}
