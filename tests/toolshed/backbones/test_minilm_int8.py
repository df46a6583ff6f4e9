"""Weights in eight bits: what they stand for, and that the wheel's are these."""

import numpy as np

from toolshed.backbones.minilm import weights_folder
from toolshed.backbones.minilm_int8 import ACTIVATIONS, INT8_WEIGHTS, PRODUCTS, quantised_weights
from toolshed.backbones.tensor_file import mapped_tensor, stored_tensors

CHECKPOINT = weights_folder() / "model.safetensors"
QUANTISED = weights_folder() / INT8_WEIGHTS


def test_the_installed_weights_are_what_the_code_makes() -> None:
    assert quantised_weights(CHECKPOINT) == QUANTISED.read_bytes()


def test_every_product_is_that_of_the_checkpoint_to_half_a_step() -> None:
    for product, parts in PRODUCTS.items():
        name = f"encoder.layer.3.{product}"
        exact = np.concatenate([mapped_tensor(CHECKPOINT, f"encoder.layer.3.{p}.weight").T for p in parts], 1)
        scale, steps = mapped_tensor(QUANTISED, f"{name}.scale"), mapped_tensor(QUANTISED, f"{name}.steps")
        restored = mapped_tensor(QUANTISED, f"{name}.weight") * scale * steps[:, None]
        assert np.all(np.abs(restored - exact) <= (0.501 * scale * steps[:, None]) + 1e-7)


def test_words_keep_their_directions() -> None:
    exact = mapped_tensor(CHECKPOINT, "embeddings.word_embeddings.weight")[:2000]
    restored = (
        mapped_tensor(QUANTISED, "embeddings.words")[:2000]
        * mapped_tensor(QUANTISED, "embeddings.words.scale")[:2000]
    )
    lengths = np.linalg.norm(exact, axis=1) * np.linalg.norm(restored, axis=1)
    assert ((exact * restored).sum(axis=1) / lengths).min() > 0.999


def test_floats_are_aligned_for_mapping() -> None:
    floats = [tensor for tensor in stored_tensors(QUANTISED).values() if tensor.kind == "F32"]
    assert floats
    assert all(tensor.offset % 4 == 0 for tensor in floats)


def test_calibration_saw_every_channel() -> None:
    with np.load(ACTIVATIONS) as largest:
        assert len(largest) == 24
        assert all((largest[name] > 0).all() for name in largest)
