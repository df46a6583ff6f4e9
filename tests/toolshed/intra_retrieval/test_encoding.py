import numpy as np

from toolshed.backbones.embedding import normalise
from toolshed.backbones.minilm import MiniLMEncoder
from toolshed.backbones.static import StaticEncoder
from toolshed.intra_retrieval.decomposition import decompose
from toolshed.intra_retrieval.encoding import encode_sub_queries
from toolshed.testing import HashingEncoder

QUERY = "Book a flight to Rome and reserve a nice hotel. Then mail Ana the weather forecast."


def test_a_plain_encoder_encodes_every_sub_query() -> None:
    encoder = HashingEncoder()
    sub_queries = decompose(QUERY)
    encoded = encode_sub_queries(sub_queries, {"static": StaticEncoder(), "dense": encoder})
    assert encoder.encoded == [one.text for one in sub_queries]
    assert encoded.vectors["dense"].shape == (len(sub_queries), 64)
    assert len(encoded.words) == len(sub_queries)


def test_a_token_encoder_reads_each_sentence_once_and_pools_the_rest() -> None:
    encoder = MiniLMEncoder()
    sub_queries = decompose(QUERY)
    encoded = encode_sub_queries(sub_queries, {"static": StaticEncoder(), "dense": encoder}).vectors["dense"]
    apart = encoder.encode([one.text for one in sub_queries])
    cosines = (encoded * apart).sum(axis=1)
    # In context a clause means nearly, not exactly, what it means alone.
    assert cosines.min() > 0.7
    first, second = encoder.encode_tokens([one.text for one in sub_queries if one.kind == "sentence"])
    whole = np.concatenate([first.hidden, second.hidden]).mean(axis=0)
    np.testing.assert_allclose(encoded[0], normalise(whole), atol=1e-5)


def test_without_an_encoder_there_are_no_dense_vectors() -> None:
    encoded = encode_sub_queries(decompose("weather"), {"static": StaticEncoder()})
    assert set(encoded.vectors) == {"static"}
    assert encoded.vectors["static"].shape == (1, 256)


def test_a_query_without_words_is_encoded_all_the_same() -> None:
    for query in ("?", "🧾🧾", "  x  "):
        encoded = encode_sub_queries(decompose(query), {"static": StaticEncoder(), "dense": MiniLMEncoder()})
        assert all(np.isfinite(vectors).all() for vectors in encoded.vectors.values())
