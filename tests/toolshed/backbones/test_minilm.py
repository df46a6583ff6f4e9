import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from toolshed.backbones import minilm
from toolshed.backbones.minilm import MiniLMEncoder, shared_minilm, weights_folder
from toolshed.errors import ConfigurationError

TEXTS = [
    "a",
    "",
    "Retrieve the current weather in a city.",
    "Émile a envoyé 3 factures à 東京 🧾",
    "word " * 600,
    *(f"Tool number {n} does something with {'data ' * n}" for n in range(20)),
]


@pytest.fixture(scope="module")
def encoder() -> MiniLMEncoder:
    return MiniLMEncoder("fp32")


@pytest.fixture(scope="module")
def int8() -> MiniLMEncoder:
    return MiniLMEncoder("int8")


def test_vectors_agree_with_sentence_transformers(encoder: MiniLMEncoder) -> None:
    transformers = pytest.importorskip("sentence_transformers")
    reference = transformers.SentenceTransformer(str(weights_folder()), device="cpu")
    expected = reference.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    cosines = (encoder.encode(TEXTS) * expected).sum(axis=1)
    assert cosines.min() >= 0.9999


def test_a_text_has_the_same_vector_alone_and_in_a_batch(encoder: MiniLMEncoder) -> None:
    together = encoder.encode(TEXTS)
    for row, text in enumerate(TEXTS[:6]):
        np.testing.assert_allclose(encoder.encode([text])[0], together[row], atol=2e-5)


def test_eight_bits_are_close_and_say_the_same_beside_any_text(
    encoder: MiniLMEncoder, int8: MiniLMEncoder
) -> None:
    vectors = int8.encode(TEXTS)
    cosines = (encoder.encode(TEXTS) * vectors).sum(axis=1)
    assert cosines.min() >= 0.96
    assert np.median(cosines) >= 0.995
    for row, text in enumerate(TEXTS):
        np.testing.assert_array_equal(int8.encode([text])[0], vectors[row])


def test_threads_change_no_vector(encoder: MiniLMEncoder) -> None:
    texts = TEXTS * 3
    threaded = MiniLMEncoder("fp32", n_threads=3)
    np.testing.assert_array_equal(threaded.encode(texts), encoder.encode(texts))
    alone, together = encoder.encode_tokens(texts), threaded.encode_tokens(texts)
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.hidden, other.hidden)


def test_callers_in_several_threads_get_their_own_vectors() -> None:
    shared = shared_minilm("int8", 2)
    assert shared_minilm("int8", 2) is shared
    expected = {text: shared.encode([text])[0] for text in TEXTS[:4]}
    with ThreadPoolExecutor(8) as callers:
        for _ in range(3):
            found = callers.map(shared.encode, [[text] * 3 for text in TEXTS[:4] * 4])
            for text, vectors in zip(TEXTS[:4] * 4, found, strict=True):
                np.testing.assert_array_equal(vectors, np.stack([expected[text]] * 3))


def test_token_vectors_name_the_characters_they_stand_for(encoder: MiniLMEncoder) -> None:
    text = "book a flight"
    (tokens,) = encoder.encode_tokens([text])
    assert [text[start:end] for start, end in tokens.offsets] == ["", "book", "a", "flight", ""]
    assert tokens.hidden.shape == (5, 384)


def test_no_texts_give_no_vectors(encoder: MiniLMEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_weights_that_were_tampered_with_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("model.safetensors", "model.int8.safetensors", "tokenizer.json"):
        (tmp_path / name).write_bytes((weights_folder() / name).read_bytes())
    for name in ("model.safetensors", "model.int8.safetensors"):
        with (tmp_path / name).open("r+b") as file:
            file.seek(1_000_000)
            file.write(b"\x01\x02\x03\x04")
    monkeypatch.setattr(minilm, "weights_folder", lambda: tmp_path)
    with pytest.raises(ConfigurationError, match=r"model\.safetensors has sha256 \w+, expected 53aa"):
        MiniLMEncoder("fp32")
    with pytest.raises(ConfigurationError, match=r"model\.int8\.safetensors has sha256 \w+, expected"):
        MiniLMEncoder()
    (tmp_path / "model.int8.safetensors").unlink()
    with pytest.raises(
        ConfigurationError, match=r"sha256 none, it is not there, expected .*--force-reinstall"
    ):
        MiniLMEncoder()


def test_a_missing_runtime_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ConfigurationError, match=r"onnxruntime is not installed.*'\.\[transformer\]'"):
        MiniLMEncoder()


def test_the_encoder_needs_neither_torch_nor_onnx_and_little_memory() -> None:
    program = (
        "import resource, sys; from toolshed.backbones.minilm import MiniLMEncoder;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; MiniLMEncoder().encode(['rain']);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before,"
        "*{'torch', 'onnx', 'sentence_transformers'} & set(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    taken_kib, *imported = done.stdout.decode().split()
    assert imported == []
    # The weights are 23 MiB, a part of which is laid out anew.
    assert int(taken_kib) < 100 * 1024


def test_missing_weights_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "_PACKAGE", "no_such_package")
    with pytest.raises(ConfigurationError, match="use the pipeline 'instant'"):
        weights_folder()
