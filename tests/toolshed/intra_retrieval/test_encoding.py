import numpy as np

from toolshed.backbones.embedding import normalise
from toolshed.backbones.minilm import MiniLMEncoder
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.decomposition import decompose
from toolshed.intra_retrieval.encoding import encode_parts
from toolshed.testing import HashingEncoder

QUERY = "Book a flight to Rome and reserve a nice hotel. Then mail Ana the weather forecast."


def test_a_plain_encoder_encodes_every_part() -> None:
    encoder = HashingEncoder()
    parts = decompose(QUERY)
    encoded = encode_parts(parts, static=StaticEncoder(), dense=encoder)
    assert encoder.encoded == [part.text for part in parts]
    assert encoded.dense is not None
    assert encoded.dense.shape == (len(parts), 64)
    assert len(encoded.words) == len(parts)


def test_a_token_encoder_reads_each_sentence_once_and_pools_the_rest() -> None:
    encoder = MiniLMEncoder()
    parts = decompose(QUERY)
    encoded = encode_parts(parts, static=StaticEncoder(), dense=encoder).dense
    assert encoded is not None
    apart = encoder.encode([part.text for part in parts])
    cosines = (encoded * apart).sum(axis=1)
    # In context a clause means nearly, not exactly, what it means alone.
    assert cosines.min() > 0.7
    first, second = encoder.encode_tokens([part.text for part in parts if part.kind == "sentence"])
    whole = np.concatenate([first.hidden, second.hidden]).mean(axis=0)
    np.testing.assert_allclose(encoded[0], normalise(whole), atol=1e-5)


def test_without_an_encoder_there_are_no_dense_vectors() -> None:
    encoded = encode_parts(decompose("weather"), static=StaticEncoder(), dense=None)
    assert encoded.dense is None
    assert encoded.static.shape == (1, 256)


def test_a_query_without_words_is_encoded_all_the_same() -> None:
    for query in ("?", "🧾🧾", "  x  "):
        encoded = encode_parts(decompose(query), static=StaticEncoder(), dense=MiniLMEncoder())
        assert np.isfinite(encoded.static).all()
        assert encoded.dense is not None
        assert np.isfinite(encoded.dense).all()
