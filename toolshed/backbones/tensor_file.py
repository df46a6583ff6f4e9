"""Tensors of a safetensors file, used where they lie: what nobody looks at is never read into memory."""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DTYPES = {"F16": np.float16, "F32": np.float32, "I8": np.int8, "I64": np.int64}


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """Where one tensor lies.

    Attributes:
        kind: Type of its numbers as safetensors names it, such as ``F32``.
        shape: Its shape.
        offset: First byte in the file.
        n_bytes: Length in the file.
    """

    kind: str
    shape: tuple[int, ...]
    offset: int
    n_bytes: int


def stored_tensors(path: Path) -> dict[str, StoredTensor]:
    """Read where each tensor of a safetensors file lies."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    found = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        found[name] = StoredTensor(entry["dtype"], tuple(entry["shape"]), 8 + length + start, end - start)
    return found


# Any: the file says what the numbers are.
def mapped_tensor(path: Path, name: str) -> NDArray[Any]:
    """Map one tensor of a safetensors file, read-only."""
    tensor = stored_tensors(path)[name]
    mapped = np.memmap(path, _DTYPES[tensor.kind], "r", tensor.offset, tensor.shape)
    # A plain view: the subclass makes every look-up slower.
    return np.asarray(mapped)
