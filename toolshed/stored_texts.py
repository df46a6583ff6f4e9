"""Texts as one array of bytes: a list of them that may lie in a mapped file."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import overload

import numpy as np
from numpy.typing import NDArray

from toolshed.vectors import Ragged


class StoredTexts(Sequence[str]):
    """Texts that are decoded when they are asked for."""

    def __init__(self, encoded: Ragged[np.uint8]) -> None:
        self.encoded = encoded

    @classmethod
    def of(cls, texts: Iterable[str]) -> "StoredTexts":
        """Encode texts. Lone surrogates, which JSON can hold, stay what they are."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        starts = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        return cls(Ragged(starts, np.frombuffer(b"".join(encoded), np.uint8)))

    def take(self, rows: NDArray[np.int64]) -> "StoredTexts":
        """Some of the texts, in this order."""
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.encoded.lengths[rows])])
        # Not by the place of each byte: those would take eight times the memory.
        joined = b"".join(self.encoded.row(row).tobytes() for row in rows.tolist())
        return StoredTexts(Ragged(starts, np.frombuffer(joined, np.uint8)))

    def of_rows(self, rows: Sequence[int] | NDArray[np.int64]) -> list[str]:
        """Some of the texts, as :meth:`take` does it, decoded at once."""
        at = np.asarray(rows, np.int64)
        starts, ends = self.encoded.starts[at].tolist(), self.encoded.starts[at + 1].tolist()
        held = self.encoded.values.data
        return [
            bytes(held[start:end]).decode("utf-8", "surrogatepass")
            for start, end in zip(starts, ends, strict=True)
        ]

    def __len__(self) -> int:
        return len(self.encoded)

    def __iter__(self) -> Iterator[str]:
        # Plain bytes and numbers: a view of the array for each text takes five times as long.
        held, starts = self.encoded.values.tobytes(), self.encoded.starts.tolist()
        for start, end in pairwise(starts):
            yield held[start:end].decode("utf-8", "surrogatepass")

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(f"there are {len(self)} texts, and none at {at}")
        return self.encoded.row(at % len(self)).tobytes().decode("utf-8", "surrogatepass")
