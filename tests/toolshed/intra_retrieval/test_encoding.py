import numpy as np

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


def test_a_token_encoder_reads_the_query_once_and_pools_its_parts() -> None:
    encoder = MiniLMEncoder()
    sub_queries = decompose(QUERY)
    encoded = encode_sub_queries(sub_queries, {"static": StaticEncoder(), "dense": encoder}).vectors["dense"]
    apart = encoder.encode([one.text for one in sub_queries])
    cosines = (encoded * apart).sum(axis=1)
    # In context a clause means nearly, not exactly, what it means alone.
    assert cosines.min() > 0.5
    np.testing.assert_allclose(encoded[0], apart[0], atol=1e-5)


def test_of_a_query_longer_than_the_window_each_sentence_is_read() -> None:
    encoder = MiniLMEncoder()
    query = "Book a flight to Rome for two people in May. " * 40 + "Then mail Ana the weather forecast."
    sub_queries = decompose(query, max_sub_queries=60)
    encoded = encode_sub_queries(sub_queries, {"dense": encoder}).vectors["dense"]
    last = encoder.encode(["mail Ana the weather forecast."])[0]
    (row,) = [at for at, one in enumerate(sub_queries) if one.text.startswith("mail Ana the")]
    assert float(encoded[row] @ last) > 0.95


def test_what_must_not_be_done_is_no_part_of_the_whole() -> None:
    encoder = HashingEncoder()
    sub_queries = decompose("Read the report, don't delete it.")
    encoded = encode_sub_queries(sub_queries, {"static": StaticEncoder(), "dense": encoder})
    assert [one.kind for one in sub_queries][:2] == ["whole", "negated"]
    assert "delete" not in encoder.encoded[0]
    assert len(encoded.words[0].terms) == 2


def test_without_an_encoder_there_are_no_dense_vectors() -> None:
    encoded = encode_sub_queries(decompose("weather"), {"static": StaticEncoder()})
    assert set(encoded.vectors) == {"static"}
    assert encoded.vectors["static"].shape == (1, 256)


def test_a_query_without_words_is_encoded_all_the_same() -> None:
    for query in ("?", "🧾🧾", "  x  "):
        encoded = encode_sub_queries(decompose(query), {"static": StaticEncoder(), "dense": MiniLMEncoder()})
        assert all(np.isfinite(vectors).all() for vectors in encoded.vectors.values())


def test_a_long_request_with_something_forbidden_is_encoded() -> None:
    filler = "Please look at the annual report of the whole company, and send it to the office. " * 10
    text = f"{filler}Never delete the files, and never move them, when you copy the folder and rename it."
    sub_queries = decompose(text)
    assert any(one.kind == "negated" for one in sub_queries)
    (static,) = encode_sub_queries(sub_queries, {"dense": MiniLMEncoder()}).vectors.values()
    assert static.shape == (len(sub_queries), 384)
    assert np.isfinite(static).all()


def test_a_request_that_only_forbids_has_vectors_without_a_warning() -> None:
    vectors = encode_sub_queries(
        decompose("Do not delete the old files"), {"static": StaticEncoder()}
    ).vectors
    assert np.isfinite(vectors["static"]).all()
