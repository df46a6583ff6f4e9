"""The weights of all-MiniLM-L6-v2 in eight bits, made when our wheel is built.

Weights are symmetric, with one scale an output channel; word embeddings have one a word. What goes into a
product is divided by the largest value that its channel took on calibration texts
(``minilm_activations.npz``, written by ``python -m toolshed_evals.fitting.activations``), and the weights are
multiplied by it: outliers live in few channels, so one scale for all of them would leave the others three
bits (SmoothQuant, arXiv 2211.10438, with alpha = 1). The scales are fixed, so a text's vector does not depend
on the texts beside it.

``hatch_build.py`` imports this where there is nothing but numpy.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolshed.backbones.tensor_file import mapped_tensor

INT8_WEIGHTS = "model.int8.safetensors"
ACTIVATIONS = Path(__file__).with_name("minilm_activations.npz")
N_LAYERS = 6
_LEVELS = 127
# By what our graph calls a product, the tensors of the checkpoint whose outputs it gives.
PRODUCTS: Mapping[str, tuple[str, ...]] = {
    "qkv": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "projected": ("attention.output.dense",),
    "inner": ("intermediate.dense",),
    "outer": ("output.dense",),
}
NORMS = ("attention.output.LayerNorm", "output.LayerNorm")
# Any: numbers of several types.
_Tensors = Iterator[tuple[str, NDArray[Any]]]


def layer(index: int) -> str:
    """What the checkpoint calls a layer."""
    return f"encoder.layer.{index}"


def quantised_weights(weights: Path, activations: Path = ACTIVATIONS) -> bytes:
    """The content of ``model.int8.safetensors``.

    Args:
        weights: ``model.safetensors`` of the checkpoint.
        activations: Largest absolute value of each channel that goes into a product, by its name.
    """
    with np.load(activations) as largest:
        tensors = dict(_tensors(weights, largest))
    # Floats first: then every tensor is aligned.
    return _safetensors(dict(sorted(tensors.items(), key=lambda item: -item[1].itemsize)))


def _tensors(weights: Path, largest: Mapping[str, NDArray[Any]]) -> _Tensors:
    def read(name: str) -> NDArray[np.float32]:
        return np.asarray(mapped_tensor(weights, name), np.float32)

    yield from _embeddings(read)
    for index in range(N_LAYERS):
        prefix = layer(index)
        for norm in NORMS:
            for part in ("weight", "bias"):
                yield f"{prefix}.{norm}.{part}", read(f"{prefix}.{norm}.{part}")
        for product, parts in PRODUCTS.items():
            name = f"{prefix}.{product}"
            matrix = np.concatenate([read(f"{prefix}.{part}.weight").T for part in parts], axis=1)
            yield f"{name}.bias", np.concatenate([read(f"{prefix}.{part}.bias") for part in parts])
            yield from _product(name, matrix, largest[name])


def _embeddings(read: Any) -> _Tensors:
    words = read("embeddings.word_embeddings.weight")
    scale = np.abs(words).max(axis=1, keepdims=True) / np.float32(_LEVELS)
    yield "embeddings.words", _rounded(words / np.maximum(scale, 1e-12))
    yield "embeddings.words.scale", scale
    # Every text of a sentence encoder is segment 0.
    segment = read("embeddings.token_type_embeddings.weight")[:1]
    yield "embeddings.positions", read("embeddings.position_embeddings.weight") + segment
    for part in ("weight", "bias"):
        yield f"embeddings.LayerNorm.{part}", read(f"embeddings.LayerNorm.{part}")


def _product(name: str, matrix: NDArray[np.float32], largest: NDArray[Any]) -> _Tensors:
    """A product x W as (x / s) (s W), both sides in eight bits; s is the step of each input channel."""
    step = (np.maximum(largest, 1e-6) / _LEVELS).astype(np.float32)
    scaled = matrix * step[:, None]
    scale = np.abs(scaled).max(axis=0) / np.float32(_LEVELS)
    yield f"{name}.steps", np.float32(1) / step
    yield f"{name}.weight", _rounded(scaled / scale)
    yield f"{name}.scale", scale
    yield f"{name}.zero", np.zeros(len(scale), np.int8)


def _rounded(values: NDArray[np.float32]) -> NDArray[np.int8]:
    return np.clip(np.rint(values), -_LEVELS, _LEVELS).astype(np.int8)


def _safetensors(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    header: dict[str, object] = {}
    at = 0
    for name, tensor in tensors.items():
        kind = {np.dtype(np.float32): "F32", np.dtype(np.int8): "I8"}[tensor.dtype]
        header[name] = {"dtype": kind, "shape": tensor.shape, "data_offsets": [at, at + tensor.nbytes]}
        at += tensor.nbytes
    told = json.dumps(header, separators=(",", ":")).encode()
    told += b" " * (-(8 + len(told)) % 64)
    data = b"".join(np.ascontiguousarray(tensor).tobytes() for tensor in tensors.values())
    return struct.pack("<Q", len(told)) + told + data
