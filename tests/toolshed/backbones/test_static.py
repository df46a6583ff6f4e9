import importlib.util
import random
import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from toolshed.backbones.static import StaticEncoder
from toolshed.errors import ConfigurationError


@pytest.fixture(scope="module")
def encoder() -> StaticEncoder:
    return StaticEncoder()


def test_vectors_have_length_one_and_similar_texts_are_near(encoder: StaticEncoder) -> None:
    rain, snow, invoice = encoder.encode(["heavy rain tomorrow", "snow next week", "pay an invoice"])
    assert np.linalg.norm(rain) == pytest.approx(1, abs=1e-5)
    assert rain @ snow > rain @ invoice


def test_vectors_agree_with_wordllama_itself(encoder: StaticEncoder, tmp_path: Path) -> None:
    wordllama = pytest.importorskip("wordllama")
    # Its loader looks for the tokenizer, which the package brings, in a cache folder only.
    shutil.copytree(Path(wordllama.__file__).parent / "tokenizers", tmp_path / "tokenizers")
    reference = wordllama.WordLlama.load(dim=256, cache_dir=tmp_path, disable_download=True)
    texts = ["Retrieve the current weather.", "naïve 日本 text, with punctuation!", "x"]
    expected = np.asarray(reference.embed(texts, norm=True))
    cosines = (encoder.encode(texts) * expected).sum(axis=1)
    assert cosines.min() > 0.999


def test_every_word_of_a_span_counts_its_first_too(encoder: StaticEncoder) -> None:
    text = "Book a flight. Email Ana the weather"
    (tokens,) = encoder.encode_tokens([text])
    start = text.index("Email")
    (pooled,) = tokens.pool([(start, len(text))])
    (alone,) = encoder.encode_tokens([text[start:]])
    np.testing.assert_allclose(pooled, alone.hidden.mean(axis=0), atol=1e-5)


def test_nothing_has_no_direction(encoder: StaticEncoder) -> None:
    assert encoder.encode([]).shape == (0, 256)
    assert not encoder.encode([""]).any()


def test_missing_weights_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="wordllama is not installed"):
        StaticEncoder()


def odd_texts() -> list[str]:
    rng = random.Random(0)
    letters = "abcXYZ   \n\t.,-'\"0129éß你ж🎉\u00a0\u3000\u0301\u200b\x00<\u2581"
    drawn = ["".join(rng.choice(letters) for _ in range(rng.randrange(20))) for _ in range(300)]
    return ["", " ", "  a ", "Book  a flight, then email Ana", "a <s> b", "<unk>x </s>", *drawn]


def test_a_text_has_the_same_tokens_by_its_pieces_as_among_many(encoder: StaticEncoder) -> None:
    texts = odd_texts()
    for text, among_many in zip(texts, encoder.encode_tokens(texts), strict=True):
        (alone,) = encoder.encode_tokens([text])
        np.testing.assert_array_equal(alone.offsets, among_many.offsets, text)
        np.testing.assert_array_equal(alone.hidden, among_many.hidden, text)


def test_a_word_has_the_same_vector_in_any_company_and_when_it_is_remembered(encoder: StaticEncoder) -> None:
    words = [*dict.fromkeys(" ".join(odd_texts()).split()), "weather", "flights"]
    by_many = encoder.encode_words(words)
    for start in range(0, len(words), 50):
        few = words[start : start + 50]
        for _ in range(2):
            np.testing.assert_array_equal(encoder.encode_words(few), by_many[start : start + 50])


def test_long_texts_without_spaces_are_not_remembered(encoder: StaticEncoder) -> None:
    rng = random.Random(1)
    texts = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz日本語", k=8_000)) for _ in range(4)]
    encoder.encode_tokens(texts)
    tracemalloc.start()
    try:
        for text in texts:
            encoder.encode_tokens([text[1:]])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 500_000
